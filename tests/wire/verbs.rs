//! The verbs that ask a running edge.

use super::support::*;

const PAGE: &str = "HTTP/1.1 200 OK\r\nCache-Control: s-maxage=100\r\nContent-Type: text/html\r\nx-selvedge-tags: posts\r\nContent-Length: 4\r\n\r\npage";

/// What the edge says of a GET.
fn story(edge: &Edge, path: &str) -> String {
    let mut client = edge.connect();
    client.get(path);
    field(&client.response().0, "cache-status").unwrap().to_owned()
}

fn before_pages(settings: &[&str]) -> (Edge, String) {
    let origin = Origin::new();
    let (edge, admin) = Edge::with_admin(&origin, settings);
    origin.always(PAGE);
    (edge, admin.to_string())
}

#[test]
fn purge_tells_how_many_and_holds_for_the_next_request() {
    let (edge, admin) = before_pages(&[]);
    for what in [
        &["--url", "http://example.org/a?b=c"][..],
        &["--path", "/a"],
        &["--prefix", "/a/"],
        &["--tag", "posts"],
        &["--all"],
    ] {
        story(&edge, "/a");
        assert!(story(&edge, "/a").contains("hit"));
        let (code, told, errors) = run(&[&["purge", "--admin", &admin], what].concat(), &[]);
        assert_eq!((code, errors.as_str()), (0, ""), "{what:?}");
        assert_eq!(told, "1 stored response; holds for the next request\n", "{what:?}");
        assert!(story(&edge, "/a").contains("fwd=stale"), "{what:?}");
    }
    let soft = ["purge", "--admin", &admin, "--path", "/a", "--soft", "--json"];
    let (code, told, _) = run(&soft, &[]);
    assert_eq!((code, told.as_str()), (0, "{\"invalidated\":1}\n"));
    assert!(story(&edge, "/a").contains("hit"), "once more");
    let (code, told, _) = run(&["purge", "--admin", &admin, "--tag", "nobody"], &[]);
    assert_eq!(
        (code, told.as_str()),
        (0, "nothing of that is stored, or it is obsolete already\n")
    );
}

#[test]
fn whoever_may_not_purge_is_told_what_to_say_and_nobody_there_is_another_matter() {
    let token = "0123456789abcdef";
    let (_edge, admin) = before_pages(&[&format!("admin.token={token}")]);
    let args = ["purge", "--all", "--admin", &admin];
    let (code, _, errors) = run(&args, &[]);
    assert_eq!(code, 1);
    assert!(errors.contains("was sent none; say it as SELVEDGE_ADMIN_TOKEN"), "{errors}");
    let wrong = "fedcba9876543210";
    let (code, _, errors) = run(&args, &[("SELVEDGE_ADMIN_TOKEN", wrong)]);
    assert_eq!(code, 1);
    assert!(errors.contains("the token is wrong") && errors.contains("--config"), "{errors}");
    assert!(!errors.contains(token) && !errors.contains(wrong), "{errors}");
    let (code, told, errors) = run(&args, &[("SELVEDGE_ADMIN_TOKEN", token)]);
    assert_eq!(
        (code, told.as_str()),
        (0, "nothing of that is stored, or it is obsolete already\n"),
        "{errors}"
    );
    let nobody = free_address().to_string();
    let (code, _, errors) = run(&["purge", "--all", "--admin", &nobody], &[]);
    assert_eq!(code, 69);
    assert!(errors.contains(&nobody), "{errors}");
}

#[test]
fn the_method_purge_is_for_whoever_has_the_token_and_for_nobody_where_it_is_off() {
    let token = "0123456789abcdef";
    let purge = |edge: &Edge, fields: &str| {
        let mut client = edge.connect();
        client.send(&format!("PURGE /a?b HTTP/1.1\r\nHost: example.org\r\n{fields}\r\n"));
        client.response()
    };
    let bearer = format!("Authorization: Bearer {token}\r\n");
    let on = ["admin.purge_method=true", &format!("admin.token={token}")];
    let (edge, _) = before_pages(&on);
    story(&edge, "/a");
    let (head, told) = purge(&edge, "");
    assert!(head.starts_with("http/1.1 401 ") && told.contains("admin.token"), "{head}{told}");
    assert!(story(&edge, "/a").contains("hit"));
    let (head, told) = purge(&edge, "Authorization: Bearer fedcba9876543210\r\n");
    assert!(head.starts_with("http/1.1 401 ") && told.contains("the token is wrong"), "{told}");
    let (head, told) = purge(&edge, &bearer);
    assert!(head.starts_with("http/1.1 200 "), "{head}");
    assert_eq!(told, "{\"invalidated\":1}\n");
    assert!(story(&edge, "/a").contains("fwd=stale"));

    let (edge, _) = before_pages(&on[1..]);
    let (head, body) = purge(&edge, &bearer);
    assert_eq!(body, "page", "it is for the origin: {head}");
}

#[test]
fn edges_that_could_not_believe_the_server_are_not_told() {
    let tell = "child.tell=http://10.0.0.2:9180";
    let (code, _, errors) = run(&["check", "--set", tell], &[]);
    assert_eq!(code, 64);
    assert!(errors.contains("admin.token") && errors.contains("openssl"), "{errors}");
    let is_right = |tell, other| run(&["check", "--set", tell, "--set", other], &[]).0 == 0;
    assert!(is_right(tell, "admin.token=0123456789abcdef"));
    assert!(is_right(tell, "child.bridge=false"));
    assert!(is_right("child.tell=http://127.0.0.1:9181", "child.bridge=true"));
}

#[test]
fn purge_by_method_is_not_opened_without_a_token() {
    let (code, _, errors) = run(&["check", "--set", "admin.purge_method=true"], &[]);
    assert_eq!(code, 64);
    assert!(errors.contains("admin.token") && errors.contains("openssl"), "{errors}");
}
