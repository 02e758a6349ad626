//! Is there a Node.js that Next.js 16 runs on?

use std::process::Stdio;

use tokio::process::Command;

use super::PrepareError;

/// `engines.node` of Next.js 16.
const OLDEST: (u32, u32) = (20, 9);

/// The version of the Node.js that is installed, if it is new enough.
pub(super) async fn version() -> Result<String, PrepareError> {
    let version = output_of("node", "--version").await;
    check(version.as_deref()).map_err(PrepareError::NoNode)
}

/// npm comes with Node.js, except where a distribution has split them.
pub(super) async fn has_npm() -> Result<(), PrepareError> {
    match output_of("npm", "--version").await {
        Some(_) => Ok(()),
        None => Err(PrepareError::NoNode("Node.js is installed, but npm is not".into())),
    }
}

async fn output_of(program: &str, arg: &str) -> Option<String> {
    let mut command = Command::new(program);
    command.arg(arg).stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// `found` without its `v` if it is new enough, or what is wrong.
fn check(found: Option<&str>) -> Result<String, String> {
    let (major, minor) = OLDEST;
    let wanted = format!("the demo wants {major}.{minor} or newer");
    let found = found.ok_or_else(|| format!("Node.js is not installed; {wanted}"))?;
    match parse(found) {
        Some(version) if version >= OLDEST => Ok(found.trim_start_matches('v').to_owned()),
        Some(_) => Err(format!("Node.js {found} is too old; {wanted}")),
        None => Err(format!("`node --version` answered {found:?}; {wanted}")),
    }
}

/// Major and minor of `v20.9.0`, or of what a build from source calls itself (`v22.0.0-pre`).
fn parse(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.strip_prefix('v')?.split('.');
    let major = numbers.next()?.parse().ok()?;
    let minor = numbers.next()?.parse().ok()?;
    numbers.next().map(|_| (major, minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_application_wants_the_same() {
        let (major, minor) = OLDEST;
        let mut files = crate::demo::files::FILES.iter();
        let (_, package) = files.find(|(name, _)| *name == "package.json").unwrap();
        let package = std::str::from_utf8(package).unwrap();
        assert!(package.contains(&format!("\"node\": \">={major}.{minor}.0\"")), "{package}");
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        for (found, expected) in [
            (Some("v20.9.0"), Ok("20.9.0")),
            (Some("v20.20.2"), Ok("20.20.2")),
            (Some("v100.0.0"), Ok("100.0.0")),
            (Some("v25.0.0-nightly2025"), Ok("25.0.0-nightly2025")),
            (Some("v20.8.1"), Err("Node.js v20.8.1 is too old; the demo wants 20.9 or newer")),
            (Some("v9.11.2"), Err("Node.js v9.11.2 is too old; the demo wants 20.9 or newer")),
            (Some(""), Err("`node --version` answered \"\"; the demo wants 20.9 or newer")),
            (Some("v22"), Err("`node --version` answered \"v22\"; the demo wants 20.9 or newer")),
            (
                Some("22.1.0"),
                Err("`node --version` answered \"22.1.0\"; the demo wants 20.9 or newer"),
            ),
            (None, Err("Node.js is not installed; the demo wants 20.9 or newer")),
        ] {
            let expected = expected.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(check(found), expected, "{found:?}");
        }
    }
}
