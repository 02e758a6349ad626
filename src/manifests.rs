//! Finds the application's build and reads its manifests, once, at the start.
//!
//! What they mean stands in `next::manifest`. Without them the edge does what responses say: so no
//! failure here is more than a line in the log.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing::{info, warn};

use crate::config::{BehindMiddleware, BuildDir, NextConfig};
use crate::next::manifest::{BUILD_ID, Damage, Found, Manifest};
use crate::origin::child::Command;

/// Largest manifest that is read. That of 100,000 prerendered pages has about 40 MB.
const LARGEST: u64 = 128 << 20;

/// Reads the manifests of the application that `command` starts, or that lies at `next.dir`.
pub async fn load(config: &NextConfig, command: Option<&Command>) -> Option<Arc<Manifest>> {
    let folders = folders(config, command);
    if folders.is_empty() {
        return None;
    }
    let is_named = matches!(config.dir, BuildDir::At(_));
    let work = move || {
        let folder = folders.iter().find(|folder| folder.join(BUILD_ID).is_file());
        match folder {
            Some(folder) => Ok((Manifest::read(|file| find(&folder.join(file))), folder.clone())),
            None => Err(folders),
        }
    };
    let read = tokio::task::spawn_blocking(work).await;
    match read.inspect_err(|error| warn!("the manifests were not read: {error}")).ok()? {
        Ok(((manifest, damages), folder)) => {
            tell(&manifest, &damages, &folder, config);
            Some(Arc::new(manifest))
        }
        Err(folders) => {
            if is_named {
                let places: Vec<_> = folders.iter().map(|f| f.display().to_string()).collect();
                warn!("no build of Next.js in {} (next.dir)", places.join(" or "));
            }
            None
        }
    }
}

/// Where a build may lie, the likeliest first.
fn folders(config: &NextConfig, command: Option<&Command>) -> Vec<PathBuf> {
    match &config.dir {
        _ if !config.enabled => Vec::new(),
        BuildDir::Off => Vec::new(),
        BuildDir::At(dir) => vec![dir.join(".next"), dir.clone()],
        BuildDir::Auto => command.map(of_command).unwrap_or_default(),
    }
}

/// Beside the `server.js` of a standalone build, which changes to its own folder; else where the
/// command is started. A build beside `next dev` is not what is served.
fn of_command(command: &Command) -> Vec<PathBuf> {
    let arguments = || command.line.iter().skip(1).map(Path::new);
    if arguments().any(|argument| argument.as_os_str() == "dev") {
        return Vec::new();
    }
    let is_server = |argument: &&Path| argument.file_name() == Some(OsStr::new("server.js"));
    let beside = arguments().find(is_server).and_then(Path::parent);
    let started_in = command.dir.as_deref().unwrap_or(Path::new("."));
    let beside = beside.map(|beside| started_in.join(beside));
    beside.into_iter().chain([started_in.to_path_buf()]).map(|dir| dir.join(".next")).collect()
}

fn find(path: &Path) -> Found {
    match read(path) {
        Ok(text) => Found::Text(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Found::Nothing,
        Err(error) => Found::Unreadable(error.to_string()),
    }
}

fn read(path: &Path) -> io::Result<String> {
    // To open a pipe would wait for its other end.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("not a file"));
    }
    let mut text = String::new();
    let read = fs::File::open(path)?.take(LARGEST + 1).read_to_string(&mut text)?;
    if read as u64 > LARGEST {
        return Err(io::Error::other(format!("larger than {} MiB", LARGEST >> 20)));
    }
    Ok(text)
}

fn tell(manifest: &Manifest, damages: &[Damage], folder: &Path, config: &NextConfig) {
    info!("read the manifests in {}", folder.display());
    for Damage { file, wrong } in damages {
        warn!("{}: {wrong}", folder.join(file).display());
    }
    let is_other = |path: &&str| !config.base_path.is_empty() && *path != config.base_path;
    if let Some(base_path) = manifest.base_path().filter(is_other) {
        warn!(
            "the application's basePath is {base_path:?}, and next.base_path is {:?}: leave it out, \
             so that assets below it are kept for good",
            config.base_path
        );
    }
    if config.middleware == BehindMiddleware::Bypass && manifest.middleware_covers_all_pages() {
        warn!(
            "middleware runs for every page, so no page is answered from the store: name the pages \
             that need it in its `matcher`, or set next.middleware = \"cache\" if it need not run \
             for whoever is answered from the store"
        );
    }
}

#[cfg(test)]
mod tests {
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

    #[tokio::test]
    async fn a_named_build_is_read_and_a_missing_one_is_none() {
        let dir = std::env::temp_dir().join(format!("selvedge-manifests-{}", std::process::id()));
        let build = dir.join(".next/server");
        fs::create_dir_all(&build).unwrap();
        let config = NextConfig { dir: BuildDir::At(dir.clone()), ..NextConfig::default() };
        assert!(load(&config, None).await.is_none());
        fs::write(dir.join(".next/BUILD_ID"), "b").unwrap();
        fs::write(build.join("middleware-manifest.json"), r#"{"middleware": {}}"#).unwrap();
        // A folder in the place of a file is damage, and no more.
        fs::create_dir(build.join("functions-config-manifest.json")).unwrap();
        let manifest = load(&config, None).await.unwrap();
        assert!(manifest.runs_middleware("/"));
        fs::remove_dir_all(dir).unwrap();
    }
}
