//! The dashboard in a browser: `stories/dashboard.mjs`, which is the origin too.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use super::fixture::packages;
use super::stage::started;
use super::support::{Process, free_address};

const TOKEN: &str = "for-the-tests-only";

/// What the edges can read of the application: which page a path is of.
const BUILD: [(&str, &str); 2] = [
    ("BUILD_ID", "build"),
    (
        "routes-manifest.json",
        r#"{"basePath": "", "dynamicRoutes": [
            {"page": "/blog/[slug]", "regex": "^/blog/([^/]+?)(?:/)?$"}
        ]}"#,
    ),
];

/// Two edges in front of one origin: whoever is here may look at the one, and needs the token for the
/// other.
pub async fn is_looked_at() -> String {
    let (origin, admin, locked) = (free_address(), free_address(), free_address());
    let open = edge(origin, admin, None).await;
    let _closed = edge(origin, locked, Some(TOKEN)).await;
    let stories = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/journey/stories");
    let mut story = Command::new("node");
    story.arg(stories.join("dashboard.mjs")).arg(format!("http://{}", open.address));
    story.env("PLAYWRIGHT_CORE", packages(16).join("node_modules/playwright-core"));
    story.env("ADMIN", format!("http://{admin}/")).env("LOCKED", format!("http://{locked}/"));
    story.env("ORIGIN", origin.port().to_string()).env("TOKEN", TOKEN).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || story.output()).await;
    let output = output.expect("it does not panic").expect("node can be run");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}{complaints}");
    told
}

async fn edge(origin: SocketAddr, admin: SocketAddr, token: Option<&str>) -> Process {
    let address = free_address();
    let build = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dashboard");
    std::fs::create_dir_all(&build).expect("a folder can be made");
    for (file, text) in BUILD {
        std::fs::write(build.join(file), text).expect("a file can be written");
    }
    let mut edge = Command::new(env!("CARGO_BIN_EXE_selvedge"));
    edge.arg("--next-dir").arg(build);
    edge.args(["--listen", &address.to_string(), "--admin", &admin.to_string()]);
    edge.args(["--origin", &format!("http://{origin}")]);
    edge.env("SELVEDGE_LOG_ACCESS", "off").env("SELVEDGE_VAULT_ENABLED", "false");
    token.map(|token| edge.env("SELVEDGE_ADMIN_TOKEN", token));
    started(edge, address).await
}
