//! The application's files in their folder: as they should be, nothing missing, nothing left over.
//!
//! A manifest names what was unpacked. Nothing that it does not name is ever removed, and no folder
//! without one is written to, unless it is empty: `--dir` may be mistyped.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::super::files::File;
use super::{PrepareError, cannot_write, lock, remove, write};

const MANIFEST: &str = ".selvedge-demo";

/// Makes `dir` a demo's folder, if it is one or may become one.
pub(super) fn claim(dir: &Path) -> Result<(), PrepareError> {
    fs::create_dir_all(dir).map_err(|error| cannot_write(dir, error))?;
    let manifest = dir.join(MANIFEST);
    if manifest.exists() {
        return Ok(());
    }
    let mut entries = fs::read_dir(dir).map_err(|error| cannot_write(dir, error))?;
    if entries.any(|entry| entry.is_ok_and(|entry| entry.file_name() != lock::NAME)) {
        return Err(PrepareError::Foreign { dir: dir.to_owned() });
    }
    write(&manifest, b"")
}

/// What is to be done in a folder.
#[derive(Debug)]
pub(super) struct Changes {
    /// Files that are missing or different.
    write: Vec<File>,
    /// Files of another version that are not of this one.
    remove: Vec<PathBuf>,
    files: &'static [File],
}

impl Changes {
    pub(super) fn find(dir: &Path, files: &'static [File]) -> Self {
        let is_right =
            |(name, content): &File| fs::read(dir.join(name)).is_ok_and(|there| there == *content);
        let write = files.iter().filter(|file| !is_right(file)).copied().collect();
        let ours: BTreeSet<_> = files.iter().map(|(name, _)| Path::new(name)).collect();
        let remove = manifest(dir).into_iter().filter(|name| !ours.contains(&**name)).collect();
        Self { write, remove, files }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.write.is_empty() && self.remove.is_empty()
    }

    /// Whether the file of this name is to be written.
    pub(super) fn concern(&self, file: &str) -> bool {
        self.write.iter().any(|(name, _)| *name == file)
    }

    pub(super) fn apply(&self, dir: &Path) -> Result<(), PrepareError> {
        let ours = self.files.iter().map(|(name, _)| Path::new(name));
        let theirs = self.remove.iter().map(PathBuf::as_path);
        // Both, until all is done: whoever is interrupted must find them again.
        write_manifest(dir, ours.clone().chain(theirs))?;
        for name in &self.remove {
            remove(&dir.join(name))?;
            // The folders that are empty now; the first that is not ends it.
            let parents = name.ancestors().skip(1).filter(|parent| *parent != Path::new(""));
            parents
                .map(|parent| fs::remove_dir(dir.join(parent)))
                .take_while(Result::is_ok)
                .count();
        }
        for (name, content) in &self.write {
            let path = dir.join(name);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(|error| cannot_write(parent, error))?;
            }
            write(&path, content)?;
        }
        write_manifest(dir, ours)
    }
}

/// What was unpacked; a name that leads out of the folder is none of ours.
fn manifest(dir: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(dir.join(MANIFEST)).unwrap_or_default();
    let is_inside = |name: &&str| {
        !name.is_empty()
            && Path::new(name).components().all(|part| matches!(part, Component::Normal(_)))
    };
    text.lines().filter(is_inside).map(PathBuf::from).collect()
}

fn write_manifest<'a>(
    dir: &Path,
    names: impl Iterator<Item = &'a Path>,
) -> Result<(), PrepareError> {
    let text: String = names.map(|name| format!("{}\n", name.display())).collect();
    // A half-written one would forget files.
    let (path, new) = (dir.join(MANIFEST), dir.join(".selvedge-demo.new"));
    write(&new, text.as_bytes())?;
    fs::rename(&new, &path).map_err(|error| cannot_write(&path, error))
}

#[cfg(test)]
mod tests {
    use super::super::testing::Scratch;
    use super::*;

    const OLD: &[File] = &[
        ("package.json", b"{}"),
        ("app/page.js", b"old"),
        ("app/gone/deep/page.js", b"gone"),
        ("app/turns", b"a file that turns into a folder"),
    ];
    const NEW: &[File] =
        &[("package.json", b"{}"), ("app/page.js", b"new"), ("app/turns/page.js", b"turned")];

    fn unpack(dir: &Scratch, files: &'static [File]) -> bool {
        claim(&dir.0).unwrap();
        let changes = Changes::find(&dir.0, files);
        changes.apply(&dir.0).unwrap();
        assert!(Changes::find(&dir.0, files).is_empty());
        for (name, content) in files {
            assert_eq!(fs::read(dir.0.join(name)).unwrap(), *content, "{name}");
        }
        !changes.is_empty()
    }

    #[test]
    fn unpacking_twice_changes_nothing() {
        let dir = Scratch::new("twice");
        assert!(unpack(&dir, OLD));
        assert!(!unpack(&dir, OLD));
    }

    #[test]
    fn what_is_damaged_or_missing_is_repaired() {
        let dir = Scratch::new("repair");
        unpack(&dir, OLD);
        fs::write(dir.0.join("app/page.js"), "half").unwrap();
        fs::remove_file(dir.0.join("package.json")).unwrap();
        assert!(Changes::find(&dir.0, OLD).concern("package.json"));
        assert!(unpack(&dir, OLD));
    }

    #[test]
    fn files_of_another_version_go_and_those_of_others_stay() {
        let dir = Scratch::new("version");
        unpack(&dir, OLD);
        fs::create_dir_all(dir.0.join("node_modules/next")).unwrap();
        fs::write(dir.0.join("app/notes.txt"), "the visitor's").unwrap();
        assert!(unpack(&dir, NEW));
        assert!(!dir.0.join("app/gone").exists());
        assert!(dir.0.join("app/notes.txt").exists());
        assert!(dir.0.join("node_modules/next").exists());
        assert!(unpack(&dir, OLD), "and back");
        assert!(!dir.0.join("app/turns/page.js").exists());
    }

    #[test]
    fn an_interrupted_change_forgets_no_file() {
        let dir = Scratch::new("interrupted");
        unpack(&dir, OLD);
        let names = OLD.iter().chain(NEW).map(|(name, _)| Path::new(name));
        write_manifest(&dir.0, names).unwrap();
        assert!(unpack(&dir, NEW));
        assert!(!dir.0.join("app/gone").exists());
    }

    #[test]
    fn a_folder_with_something_else_is_left_alone() {
        let dir = Scratch::new("foreign");
        fs::create_dir_all(&dir.0).unwrap();
        fs::write(dir.0.join("package.json"), "somebody's").unwrap();
        assert!(matches!(claim(&dir.0), Err(PrepareError::Foreign { .. })));
        assert_eq!(fs::read_dir(&dir.0).unwrap().count(), 1);
    }

    #[test]
    fn a_manifest_leads_nowhere_else() {
        let dir = Scratch::new("outside");
        claim(&dir.0).unwrap();
        fs::write(dir.0.join(MANIFEST), "../outside\n/etc/passwd\n\napp/page.js\n./x/../y\n")
            .unwrap();
        assert_eq!(manifest(&dir.0), [Path::new("app/page.js")]);
    }
}
