//! Finds the application's build on disk and reads its manifests: at the start, and again when they
//! have changed.
//!
//! What they mean stands in `next::manifest`. Without them the edge does what responses say: so no
//! failure here is more than a line in the log.
//!
//! `next build` empties the folder, writes for a minute or more, and ends with the manifests. So what
//! has changed is read once it stands still, and counts if it is whole; until then the old ones hold.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tracing::{info, warn};

use super::Application;
use crate::config::{BehindMiddleware, BuildDir, NextConfig};
use crate::next::manifest::{BUILD_ID, Damage, Found, Manifest, Prerender, Routes};
use crate::origin::child::Command;

/// Largest manifest that is read. That of 100,000 prerendered pages has about 40 MB.
const LARGEST: u64 = 128 << 20;

/// From one look at the folder to the next. Polled, since a folder that is mounted or replaced as a
/// whole (a link to the current release) tells nobody; some calls of `stat` are next to nothing.
const EVERY: Duration = Duration::from_secs(1);

/// What is not whole is taken as it is after so many looks, as at the start: a file that has stood
/// still for a minute is not half-written.
const PATIENCE: u32 = 60;

/// Where the application's build may lie, and what was found there.
#[derive(Debug)]
pub struct Files {
    config: NextConfig,
    folders: Vec<PathBuf>,
    /// The one in force, once it is.
    base_path: Option<String>,
    /// The files that were last looked at closely.
    seen: Option<Print>,
}

/// A folder, and what tells whether its manifests have changed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Print {
    folder: PathBuf,
    files: Vec<Option<(u64, i64, i64, u64)>>,
}

impl Files {
    /// Of the application that `command` starts, or that lies at `next.dir`.
    pub fn of(config: &NextConfig, command: Option<&Command>) -> Self {
        let (config, folders) = (config.clone(), folders(config, command));
        Self { config, folders, base_path: None, seen: None }
    }

    /// Reads the manifests for the first time, as far as they can be read.
    pub async fn begin(mut self, application: &Application) -> Self {
        if self.folders.is_empty() {
            return self;
        }
        let is_named = matches!(self.config.dir, BuildDir::At(_));
        match self.print().await {
            Some(print) => {
                let (manifest, damages) = read_all(&print.folder).await;
                self.tell(&manifest, &damages, &print.folder);
                application.set_manifest(manifest);
                self.seen = Some(print);
            }
            None if is_named => {
                let places: Vec<_> = self.folders.iter().map(|f| f.display().to_string()).collect();
                warn!("no build of Next.js in {} (next.dir)", places.join(" or "));
            }
            None => {}
        }
        self
    }

    /// Reads them again whenever they have changed, for as long as the edge runs.
    /// `base_path` is in force: another holds after a restart.
    pub async fn follow(mut self, application: Application, base_path: String) {
        self.base_path = Some(base_path);
        if self.folders.is_empty() {
            return;
        }
        let mut changed = None;
        loop {
            sleep(EVERY).await;
            // Without a build in it, a folder is one that is being built.
            let print = self.print().await.filter(|print| self.seen.as_ref() != Some(print));
            let Some(print) = print else {
                changed = None;
                continue;
            };
            let looks = match changed.take() {
                Some((before, looks)) if before == print => looks + 1,
                Some(_) | None => 0,
            };
            if self.renew(&print.folder, &application, looks).await {
                self.seen = Some(print);
            } else {
                changed = Some((print, looks));
            }
        }
    }

    /// Puts what stands in the folder in the place of what was read before, if it is whole; it has
    /// stood still for so many looks.
    async fn renew(&self, folder: &Path, application: &Application, looks: u32) -> bool {
        if looks != 1 && looks != PATIENCE {
            return false;
        }
        let (manifest, damages) = read_all(folder).await;
        if let Some(wrong) = incomplete(&manifest, &damages)
            && looks < PATIENCE
        {
            warn!("{}: {wrong}; what was read before holds", folder.display());
            return false;
        }
        self.tell(&manifest, &damages, folder);
        application.set_manifest(manifest);
        true
    }

    fn tell(&self, manifest: &Manifest, damages: &[Damage], folder: &Path) {
        info!("read the manifests in {}", folder.display());
        for Damage { file, wrong } in damages {
            warn!("{}: {wrong}", folder.join(file).display());
        }
        self.tell_of_base_path(manifest.base_path());
        let is_bypassed = self.config.middleware == BehindMiddleware::Bypass;
        if is_bypassed && manifest.middleware_covers_all_pages() {
            warn!(
                "middleware runs for every page, so no page is answered from the store: name the \
                 pages that need it in its `matcher`, or set next.middleware = \"cache\" if it need \
                 not run for whoever is answered from the store"
            );
        }
    }

    fn tell_of_base_path(&self, found: Option<&str>) {
        let Some(found) = found else { return };
        let named = &self.config.base_path;
        if !named.is_empty() && found != named {
            warn!(
                "the application's basePath is {found:?}, and next.base_path is {named:?}: leave it \
                 out, so that assets below it are kept for good"
            );
        }
        if let Some(in_force) = &self.base_path
            && named.is_empty()
            && found != in_force
        {
            warn!(
                "the application's basePath is {found:?}, and the edge began with {in_force:?}: \
                 restart it, so that assets and tags below it are known"
            );
        }
    }

    async fn print(&self) -> Option<Print> {
        let folders = self.folders.clone();
        let look = move || folders.into_iter().find_map(print_of);
        spawn_blocking(look).await.ok().flatten()
    }
}

/// `None` if there is no build in the folder.
fn print_of(folder: PathBuf) -> Option<Print> {
    let print = |file: &str| {
        let data = fs::metadata(folder.join(file)).ok().filter(fs::Metadata::is_file)?;
        Some((data.ino(), data.mtime(), data.mtime_nsec(), data.len()))
    };
    let files: Vec<_> = Manifest::FILES.iter().map(|file| print(file)).collect();
    let is_built = folder.join(BUILD_ID).is_file();
    is_built.then_some(Print { folder, files })
}

async fn read_all(folder: &Path) -> (Manifest, Vec<Damage>) {
    let folder = folder.to_owned();
    let read = move || Manifest::read(|file| find(&folder.join(file)));
    spawn_blocking(read).await.unwrap_or_else(|error| {
        let damage = Damage { file: BUILD_ID, wrong: format!("not read: {error}") };
        (Manifest::default(), vec![damage])
    })
}

/// What a build that takes another's place has to have, and has not.
fn incomplete(manifest: &Manifest, damages: &[Damage]) -> Option<String> {
    if let Some(Damage { file, wrong }) = damages.first() {
        return Some(format!("{file}: {wrong}"));
    }
    let parts = [
        (BUILD_ID, manifest.build_id.is_some()),
        (Routes::FILE, manifest.routes.is_some()),
        (Prerender::FILE, manifest.prerender.is_some()),
    ];
    let missing = parts.iter().find(|(_, is_there)| !is_there);
    missing.map(|(file, _)| format!("{file} is not there yet"))
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

#[cfg(test)]
mod tests;
