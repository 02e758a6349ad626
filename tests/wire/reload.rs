//! A new configuration while the edge runs.

use std::fs::{self, File, OpenOptions};
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::support::*;

const PAGE: &str =
    "HTTP/1.1 200 OK\r\nCache-Control: s-maxage=100\r\nContent-Length: 4\r\n\r\npage";

/// A configuration file, removed at the end.
struct Settings(PathBuf);

impl Settings {
    fn of(name: &str, text: &str) -> Self {
        let file = format!("selvedge-reload-{name}-{}.toml", std::process::id());
        let settings = Self(std::env::temp_dir().join(file));
        settings.become_(text);
        settings
    }

    /// As an editor does it: by another file that takes its place.
    fn become_(&self, text: &str) {
        let fresh = self.0.with_extension("fresh");
        fs::write(&fresh, text).unwrap();
        fs::rename(fresh, &self.0).unwrap();
    }

    fn edge(&self, origin: &str) -> Edge {
        let mut command = selvedge();
        command.args(["--origin", origin, "--config"]).arg(&self.0);
        Edge::start(command, &[])
    }
}

impl Drop for Settings {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn cache_status(client: &mut Client, path: &str) -> String {
    client.get(path);
    let (head, body) = client.response();
    assert_eq!(body, "page");
    field(&head, "cache-status").unwrap().to_owned()
}

#[test]
fn sighup_applies_a_new_file_and_drops_neither_connection_nor_page() {
    let settings = Settings::of("applies", "server.config_check = \"0s\"");
    let mut edge = settings.edge(&format!("http://{}", Origin::new().always(PAGE)));
    let mut client = edge.connect();
    assert!(cache_status(&mut client, "/a").contains("stored"));
    assert!(!cache_status(&mut client, "/a").contains("key="));
    settings.become_("server.config_check = \"0s\"\nrules.status_key = true\nvault.max_size = 7");
    edge.signal("HUP");
    edge.wait_for_log("read again: rules.status_key applied");
    edge.wait_for_log("not before a restart: vault.max_size");
    let told = cache_status(&mut client, "/a");
    assert!(told.contains("hit") && told.contains("key="), "{told}");
    edge.signal("HUP");
    edge.wait_for_log("nothing to apply");
    edge.signal("TERM");
    assert_eq!(edge.exit_code(), Some(0));
}

#[test]
fn who_asks_after_shares_the_fetch_of_who_asked_before() {
    let origin = Origin::new();
    let settings = Settings::of("shares", "");
    let mut edge = settings.edge(&format!("http://{}", origin.address));
    let (mut before, mut after) = (edge.connect(), edge.connect());
    before.get("/a");
    let mut upstream = origin.accept();
    upstream.head();
    settings.become_("server.deadline = \"80s\"");
    edge.signal("HUP");
    edge.wait_for_log("read again: server.deadline applied");
    after.get("/a");
    // Asked over a connection of its own, so that it must have been dealt with when it is answered.
    let mut third = edge.connect();
    third.send("GET /a HTTP/1.1\r\nHost: example.org\r\nRange: bytes=0-1\r\n\r\n");
    let mut another = origin.accept();
    another.head();
    upstream.send(PAGE);
    assert_eq!(before.response().1, "page");
    let (head, body) = after.response();
    assert_eq!(body, "page");
    let told = field(&head, "cache-status").unwrap();
    assert!(told.contains("collapsed") || told.contains("hit"), "{told}");
}

#[test]
fn a_wrong_file_is_refused_with_the_reason_and_the_right_one_is_found_without_a_signal() {
    let text = "server.config_check = \"50ms\"";
    let settings = Settings::of("refused", text);
    let mut edge = settings.edge(&format!("http://{}", Origin::new().always(PAGE)));
    let mut client = edge.connect();
    assert!(cache_status(&mut client, "/a").contains("stored"));
    settings.become_(&format!("{text}\nrules.status_key = true\nserver.deadline = 30\n"));
    edge.wait_for_log("the configuration is wrong, and the old one stays");
    let line = edge.wait_for_log("server.deadline");
    assert!(line.contains(".toml:3:") && line.contains("30 has no unit"), "{line}");
    edge.wait_for_log("write \"30s\" if seconds are meant");
    assert!(!cache_status(&mut client, "/a").contains("key="));
    settings.become_(&format!("{text}\nrules.status_key = true\nserver.deadline = \"30s\"\n"));
    edge.wait_for_log("read again: server.deadline, rules.status_key applied");
    assert!(cache_status(&mut client, "/a").contains("key="));
}

/// What a browser sees where there is no answer.
fn error_page(client: &mut Client) -> String {
    client.send("GET /a HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\n\r\n");
    client.response().1
}

#[test]
fn an_error_page_is_taken_over_and_a_wrong_one_is_refused() {
    let text = "server.config_check = \"50ms\"";
    let settings = Settings::of("page", text);
    let page = Settings::of("page-html", "<h1>Closed: {{status}}</h1>");
    let mut edge = settings.edge(&format!("http://{}", free_address()));
    let mut client = edge.connect();
    assert!(error_page(&mut client).contains("<h1>502 Bad Gateway</h1>"));
    settings.become_(&format!("{text}\nerrors.page = \"{}\"", page.0.display()));
    edge.signal("HUP");
    edge.wait_for_log("read again: errors.page applied");
    assert_eq!(error_page(&mut client), "<h1>Closed: 502</h1>");
    // The page alone changes.
    page.become_("<h1>Away: {{sttaus}}</h1>");
    edge.wait_for_log("the configuration is wrong, and the old one stays");
    edge.wait_for_log("{{sttaus}} is not known");
    assert_eq!(error_page(&mut client), "<h1>Closed: 502</h1>");
    page.become_("<h1>Away: {{status}}</h1>");
    edge.wait_for_log("read again: errors.page applied");
    assert_eq!(error_page(&mut client), "<h1>Away: 502</h1>");
}

#[test]
fn a_page_that_was_refused_is_taken_over_once_it_is_there() {
    let text = "server.config_check = \"50ms\"";
    let settings = Settings::of("late", text);
    let page = Settings::of("late-html", "");
    fs::remove_file(&page.0).unwrap();
    let mut edge = settings.edge(&format!("http://{}", free_address()));
    let mut client = edge.connect();
    settings.become_(&format!("{text}\nerrors.page = \"{}\"", page.0.display()));
    edge.wait_for_log("cannot read the error page");
    assert!(error_page(&mut client).contains("<h1>502 Bad Gateway</h1>"));
    page.become_("<h1>Here</h1>");
    edge.wait_for_log("read again: errors.page applied");
    assert_eq!(error_page(&mut client), "<h1>Here</h1>");
}

/// The near and the far end of a terminal.
fn terminal() -> (OwnedFd, File) {
    let near = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&near).unwrap();
    unlockpt(&near).unwrap();
    let far = ptsname(&near, Vec::new()).unwrap().into_string().unwrap();
    use std::os::unix::fs::OpenOptionsExt;
    let no_controlling = OpenptFlags::NOCTTY.bits().cast_signed();
    let far =
        OpenOptions::new().read(true).write(true).custom_flags(no_controlling).open(far).unwrap();
    (near, far)
}

#[test]
fn in_a_terminal_sighup_reloads_until_the_terminal_has_gone() {
    let (near, far) = terminal();
    let mut command = selvedge();
    command.stdin(far);
    let mut edge = Edge::start(command, &[]);
    edge.signal("HUP");
    edge.wait_for_log("nothing to apply");
    drop(near);
    edge.signal("HUP");
    edge.wait_for_log("drain");
    assert_eq!(edge.exit_code(), Some(0));
}
