use super::*;

fn looked_in(dir: BuildDir, line: &str) -> Vec<String> {
    let config = NextConfig { dir, ..NextConfig::default() };
    let line: Vec<_> = line.split_whitespace().map(Into::into).collect();
    let command = (!line.is_empty()).then_some(Command { line, dir: Some("/app".into()) });
    let folders = folders(&config, command.as_ref());
    folders.into_iter().map(|folder| folder.display().to_string()).collect()
}

#[test]
fn a_build_lies_where_the_server_is_started_or_where_it_is_said_to() {
    for (dir, line, expected) in [
        (BuildDir::Auto, "npx next start", &["/app/.next"][..]),
        (BuildDir::Auto, "node server.js", &["/app/.next", "/app/.next"]),
        (BuildDir::Auto, "node apps/web/server.js", &["/app/apps/web/.next", "/app/.next"]),
        (BuildDir::Auto, "node /srv/server.js", &["/srv/.next", "/app/.next"]),
        (BuildDir::Auto, "npx next dev", &[]),
        (BuildDir::Auto, "", &[]),
        (BuildDir::Off, "npx next start", &[]),
        (BuildDir::At("/b".into()), "", &["/b/.next", "/b"]),
    ] {
        assert_eq!(looked_in(dir.clone(), line), expected, "{dir:?} {line}");
    }
}

/// A folder with a build, and what is known of it.
struct Site {
    dir: PathBuf,
    application: Application,
}

impl Site {
    /// `next.dir` is the folder; its files are followed from then on.
    async fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let name = format!("selvedge-files-{name}-{}", std::process::id());
        let site =
            Self { dir: std::env::temp_dir().join(name), application: Application::default() };
        files.iter().for_each(|(file, text)| site.write(file, text));
        let config = NextConfig { dir: BuildDir::At(site.dir.clone()), ..NextConfig::default() };
        let files = Files::of(&config, None).begin(&site.application).await;
        tokio::spawn(files.follow(site.application.clone(), String::new()));
        site
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.dir.join(".next").join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn build(&self, id: &str) {
        self.write("routes-manifest.json", "{}");
        self.write("prerender-manifest.json", "{}");
        self.write(BUILD_ID, id);
    }

    fn known(&self) -> Option<String> {
        self.application.manifest().as_ref()?.build_id.as_deref().map(str::to_owned)
    }

    /// What is known after so many looks.
    async fn known_after(&self, looks: u32) -> Option<String> {
        for _ in 0..looks {
            // The paused clock waits for what other threads do.
            sleep(EVERY).await;
        }
        self.known()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.dir);
    }
}

#[tokio::test]
async fn a_build_is_read_as_far_as_it_can_be_and_a_missing_one_is_none() {
    let none = Site::new("none", &[]).await;
    assert_eq!(none.known(), None);
    let middleware = ("server/middleware-manifest.json", r#"{"middleware": {}}"#);
    // A folder in the place of a file is damage, and no more.
    let odd = ("server/functions-config-manifest.json/x", "");
    let site = Site::new("some", &[(BUILD_ID, "b"), middleware, odd]).await;
    assert!(site.application.manifest().as_ref().unwrap().runs_middleware("/"));
}

#[tokio::test(start_paused = true)]
async fn another_build_in_the_folder_takes_the_place_of_the_first() {
    let site = Site::new("again", &[]).await;
    site.build("one");
    assert_eq!(site.known_after(4).await.as_deref(), Some("one"), "late, but there");
    fs::remove_dir_all(site.dir.join(".next")).unwrap();
    assert_eq!(site.known_after(4).await.as_deref(), Some("one"), "while it is built");
    site.build("two");
    assert_eq!(site.known_after(4).await.as_deref(), Some("two"));
}

#[tokio::test(start_paused = true)]
async fn a_build_that_is_not_whole_leaves_the_old_one_in_its_place() {
    let site = Site::new("half", &[]).await;
    site.build("one");
    assert_eq!(site.known_after(4).await.as_deref(), Some("one"));
    site.write("routes-manifest.json", r#"{"basePath": "/do"#);
    site.write(BUILD_ID, "two");
    assert_eq!(site.known_after(9).await.as_deref(), Some("one"));
    site.write("routes-manifest.json", r#"{"basePath": "/docs"}"#);
    assert_eq!(site.known_after(4).await.as_deref(), Some("two"));
    site.write("images-manifest.json", "[");
    site.write(BUILD_ID, "three");
    assert_eq!(site.known_after(9).await.as_deref(), Some("two"));
    let as_it_is = site.known_after(PATIENCE).await;
    assert_eq!(as_it_is.as_deref(), Some("three"), "that is how this build is");
}
