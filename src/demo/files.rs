//! The demo application, as the binary carries it.

/// A file's name within the application's folder, and its content.
pub(super) type File = (&'static str, &'static [u8]);

macro_rules! embed {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!("app/", $name)))),*]
    };
}

/// Every file of `app/`; a test holds the list against the folder.
pub(super) const FILES: &[File] = embed![
    "app/api/name/route.js",
    "app/api/random/route.js",
    "app/api/time/route.js",
    "app/dynamic/page.js",
    "app/handlers/page.js",
    "app/image/page.js",
    "app/isr/page.js",
    "app/layout.js",
    "app/page.js",
    "app/stream/page.js",
    "lib/explain.js",
    "lib/look.js",
    "lib/page.js",
    "lib/panel.js",
    "lib/stops.json",
    "lib/style.css",
    "next.config.js",
    "package-lock.json",
    "package.json",
    "pages/_app.js",
    "pages/_document.js",
    "pages/ssr.js",
    "public/cloth.png",
    "public/icon.svg",
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const APP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/demo/app");

    #[test]
    fn the_list_is_the_folder() {
        let mut there = Vec::new();
        collect(Path::new(APP), &mut there);
        there.sort();
        let listed: Vec<_> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(listed, there);
    }

    fn collect(folder: &Path, names: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_name() == "node_modules" || entry.file_name() == ".next" {
                continue;
            }
            if entry.file_type().unwrap().is_dir() {
                collect(&entry.path(), names);
            } else {
                let name = entry.path().strip_prefix(APP).unwrap().to_owned();
                names.push(name.into_os_string().into_string().unwrap());
            }
        }
    }

    #[test]
    fn the_binary_stays_small() {
        let source: usize = FILES
            .iter()
            .filter(|(name, _)| *name != "package-lock.json")
            .map(|(_, content)| content.len())
            .sum();
        assert!(source < 40_000, "{source} bytes");
    }
}
