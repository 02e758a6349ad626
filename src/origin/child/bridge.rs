//! The bridge into the wrapped server: a file that Node.js loads before anything else, and the way
//! for it to tell the edge what becomes obsolete.

use std::ffi::OsString;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::admin::Access;
use crate::config::OriginAddress;
use crate::next::bridge::FILE;

/// The file on disk, for as long as this lives, and what it has to know.
#[derive(Debug)]
pub struct Bridge {
    /// What the wrapped server proves itself by, unless it has the one that all edges know.
    pub token: String,
    edges: String,
    shown: String,
    folder: PathBuf,
}

impl Bridge {
    /// A bridge to the admin side at `admin`, and to those of `others`, which know `configured`
    /// (`admin.token`), as does ours.
    ///
    /// # Errors
    /// Those of the system: there is no room for a temporary file, or no random bytes.
    pub fn to(
        admin: SocketAddr,
        others: &[OriginAddress],
        configured: Option<&str>,
    ) -> io::Result<Self> {
        let token = Access::new_token()?;
        // Nobody else may put a file there that the server would run: the name cannot be guessed,
        // the folder is new, and ours alone.
        let folder = std::env::temp_dir().join(format!("selvedge-{}", Access::new_token()?));
        DirBuilder::new().mode(0o700).create(&folder)?;
        let own = format!("http://{}", reachable(admin));
        let edges = others.iter().fold(own, |edges, other| format!("{edges},{other}"));
        let shared = configured.filter(|_| !others.is_empty());
        let shown = shared.unwrap_or(&token).to_owned();
        let bridge = Self { token, edges, shown, folder };
        let mut file = OpenOptions::new();
        file.write(true).create_new(true).mode(0o600);
        file.open(bridge.file())?.write_all(FILE.as_bytes())?;
        Ok(bridge)
    }

    fn file(&self) -> PathBuf {
        self.folder.join("bridge.cjs")
    }

    /// What the server's environment needs; `options` are the NODE_OPTIONS that it would have.
    pub(super) fn environment(&self, options: Option<OsString>) -> [(&'static str, OsString); 3] {
        let mut all = OsString::from("--require=");
        all.push(quoted(&self.file()));
        if let Some(options) = options.filter(|options| !options.is_empty()) {
            all.push(" ");
            all.push(options);
        }
        [
            ("NODE_OPTIONS", all),
            ("SELVEDGE_URL", self.edges.clone().into()),
            ("SELVEDGE_TOKEN", self.shown.clone().into()),
        ]
    }
}

/// As `NODE_OPTIONS` wants a value with a space in it (`TMPDIR` may have one).
fn quoted(file: &Path) -> OsString {
    let text = file.to_string_lossy();
    if !text.contains([' ', '"', '\\']) {
        return file.into();
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")).into()
}

impl Drop for Bridge {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// An address that is every interface is reached on this machine's own.
fn reachable(admin: SocketAddr) -> SocketAddr {
    let ip = match admin.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, admin.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_ours_alone_and_goes_with_the_bridge() {
        use std::os::unix::fs::PermissionsExt;
        let bridge = Bridge::to("0.0.0.0:9180".parse().unwrap(), &[], Some("shared")).unwrap();
        let file = bridge.file();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), FILE);
        let mode = std::fs::metadata(file.parent().unwrap()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        let [(_, options), (_, url), (_, token)] = bridge.environment(Some("--inspect".into()));
        let expected = format!("--require={} --inspect", file.display());
        assert_eq!(options.to_str(), Some(expected.as_str()));
        assert_eq!(url.to_str(), Some("http://127.0.0.1:9180"));
        assert_eq!(token.to_str(), Some(bridge.token.as_str()));
        drop(bridge);
        assert!(!file.exists());
    }

    #[test]
    fn other_edges_are_told_by_the_token_that_all_know() {
        let other = OriginAddress::Tcp { host: "10.0.0.2".into(), port: 9180 };
        let own = "127.0.0.1:9180".parse().unwrap();
        let bridge = Bridge::to(own, &[other], Some("shared")).unwrap();
        let [_, (_, url), (_, token)] = bridge.environment(None);
        assert_eq!(url.to_str(), Some("http://127.0.0.1:9180,http://10.0.0.2:9180"));
        assert_eq!(token.to_str(), Some("shared"));
    }

    #[test]
    fn a_path_with_a_space_is_one_word_for_node() {
        for (path, expected) in [
            ("/tmp/a/bridge.cjs", "/tmp/a/bridge.cjs"),
            ("/my tmp/bridge.cjs", "\"/my tmp/bridge.cjs\""),
            ("/a \"b\"\\/c", "\"/a \\\"b\\\"\\\\/c\""),
        ] {
            assert_eq!(quoted(Path::new(path)).to_str(), Some(expected));
        }
    }
}
