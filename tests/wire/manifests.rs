//! `--next-dir`: the application's build is read at the start.

use std::fs;
use std::path::PathBuf;

use super::support::*;

/// A build of these files, removed at the end.
struct Build(PathBuf);

impl Build {
    fn of(name: &str, files: &[(&str, &str)]) -> Self {
        let dir = std::env::temp_dir().join(format!("selvedge-{name}-{}", std::process::id()));
        for (file, text) in [("BUILD_ID", "b")].iter().chain(files) {
            let path = dir.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self(dir)
    }

    fn setting(&self) -> String {
        format!("next.dir={}", self.0.display())
    }
}

impl Drop for Build {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn an_operator_is_told_when_middleware_keeps_every_page_out_of_the_store() {
    let middleware = r#"{"functions": {"/_middleware": {"runtime": "nodejs"}}}"#;
    let files =
        [("server/functions-config-manifest.json", middleware), ("images-manifest.json", "{")];
    let build = Build::of("everywhere", &files);
    let edge = Edge::run("http://127.0.0.1:1", &[&build.setting()]);
    let said = |text: &str| edge.said.iter().filter(|line| line.contains(text)).count();
    assert_eq!(said("middleware runs for every page"), 1, "{:?}", edge.said);
    assert_eq!(said("images-manifest.json: EOF while parsing"), 1, "{:?}", edge.said);
    assert_eq!(said("read the manifests in"), 1, "{:?}", edge.said);
    let cached = ["next.middleware=cache", &build.setting()];
    let edge = Edge::run("http://127.0.0.1:1", &cached);
    assert!(edge.said.iter().all(|line| !line.contains("every page")), "{:?}", edge.said);
}

#[test]
fn a_build_that_is_not_there_is_told_where_it_was_named() {
    let edge = Edge::run("http://127.0.0.1:1", &["next.dir=/no/such/app"]);
    let line = "no build of Next.js in /no/such/app/.next or /no/such/app (next.dir)";
    assert!(edge.said.iter().any(|said| said.contains(line)), "{:?}", edge.said);
    let edge = Edge::run("http://127.0.0.1:1", &[]);
    assert!(edge.said.iter().all(|line| !line.contains("next.dir")), "{:?}", edge.said);
}
