//! What a visitor with a browser sees: `tests/next-app/browser.mjs` in Chromium, through the edge.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use super::fixture;

/// Through an edge that the application tells what it invalidates: a visitor reads what he wrote.
pub async fn a_visit(major: u32, edge: SocketAddr) {
    if let Err(why) = chromium() {
        assert!(std::env::var_os("CI").is_none(), "no browser: {why}");
        eprintln!("SKIPPED: no browser looked at Next.js {major}: {why}");
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/next-app/browser.mjs");
    let output = tokio::task::spawn_blocking(move || {
        // Only the fixture of 16 brings the driver along.
        let driver = fixture::build(16).map(|dir| dir.join("node_modules/playwright-core"));
        Command::new("node")
            .arg(script)
            .arg(format!("http://{edge}"))
            .env("PLAYWRIGHT_CORE", driver.expect("the fixture of 16 was built"))
            .output()
            .expect("node can be run")
    });
    let output = output.await.unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "Next.js {major}:\n{told}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(told.lines().filter(|line| line.starts_with("ok ")).count() >= 17, "{told}");
}

fn chromium() -> Result<(), String> {
    let path = std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".into());
    if Path::new(&path).exists() { Ok(()) } else { Err(format!("{path} is not there")) }
}
