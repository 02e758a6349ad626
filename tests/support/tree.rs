//! The source of an application that a test builds.

use std::path::{Path, PathBuf};

/// Changes when any source file does.
pub fn fingerprint(source: &Path) -> String {
    let mut text = String::new();
    for file in files(source) {
        let content = std::fs::read(source.join(&file)).expect("a source file can be read");
        let sum = content
            .iter()
            .fold(0u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
        text.push_str(&format!("{} {} {sum:x}\n", file.display(), content.len()));
    }
    text
}

/// The files below a folder, save what is installed and built there.
pub fn files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root.join(&folder)).expect("a folder can be read") {
            let entry = entry.expect("an entry can be read");
            let path = folder.join(entry.file_name());
            let kind = entry.file_type().expect("an entry has a type");
            if kind.is_dir() && entry.file_name() != "node_modules" && entry.file_name() != ".next"
            {
                folders.push(path);
            } else if kind.is_file() {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
