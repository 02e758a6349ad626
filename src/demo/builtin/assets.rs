//! The files: those with a name for each content under `/_next/static`, and those of `public/`.

use std::fmt::Write;

use http::Response;

use super::wire;
use crate::body::Body;
use crate::demo::files::FILES;
use crate::policy::date::Timestamp;

pub(super) const PICTURE: &[u8] = include_bytes!("../app/public/cloth.png");

/// The files under `/_next/static`: what they are called, and where the application has them.
const STATIC: [(&str, &str, &str); 3] = [
    ("style.css", "lib/style.css", "text/css; charset=UTF-8"),
    ("panel.js", "lib/panel.js", "application/javascript; charset=UTF-8"),
    ("explain.js", "lib/explain.js", "application/javascript; charset=UTF-8"),
];

const PUBLIC: [(&str, &str, &str); 2] = [
    ("/icon.svg", "public/icon.svg", "image/svg+xml"),
    ("/cloth.png", "public/cloth.png", "image/png"),
];

/// The files, under the names of this build.
#[derive(Debug)]
pub(super) struct Assets {
    folder: String,
    built: Timestamp,
}

impl Assets {
    pub(super) fn new(built: Timestamp) -> Self {
        // One folder for all: they import each other by their plain names. Browsers keep them for a
        // year, so another content must have another name.
        let all = STATIC.iter().flat_map(|(_, file, _)| content(file));
        Self { folder: format!("/_next/static/chunks/{:x}", fnv(all)), built }
    }

    /// Where a static file is.
    pub(super) fn path(&self, name: &str) -> String {
        let mut path = self.folder.clone();
        let _ = write!(path, "/{name}");
        path
    }

    pub(super) fn get(&self, path: &str) -> Option<Response<Body>> {
        if let Some(name) = path.strip_prefix(&*self.folder) {
            let name = name.strip_prefix('/')?;
            let (_, file, media_type) = STATIC.iter().find(|(known, ..)| *known == name)?;
            return Some(wire::static_file(content(file), media_type, self.built));
        }
        let (_, file, media_type) = PUBLIC.iter().find(|(known, ..)| *known == path)?;
        Some(wire::public_file(content(file), media_type, self.built))
    }
}

fn content(file: &str) -> &'static [u8] {
    FILES.iter().find(|(name, _)| *name == file).map_or(&[], |(_, content)| content)
}

/// FNV-1a: differs where contents differ, which is all that is asked of it here.
pub(super) fn fnv<'a>(bytes: impl IntoIterator<Item = &'a u8>) -> u64 {
    bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
