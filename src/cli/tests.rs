use super::*;
use crate::config::Config;

fn typed(arguments: &str, environment: &[(&str, &str)]) -> Result<Invocation, Answer> {
    let arguments = std::iter::once("selvedge").chain(arguments.split_whitespace());
    let environment = environment.iter().map(|(name, value)| (name.into(), value.into()));
    read(arguments.map(OsString::from), environment.collect())
}

/// What was typed, in one line.
fn understood(arguments: &str) -> String {
    let flags = |sources: &Sources| -> String {
        let said = |flag: &Flag| format!(" {} {}={}", flag.name, flag.key, flag.value);
        let file = sources.file.as_ref().map_or("-", |path| path.to_str().unwrap());
        format!(
            "{file}{} {}",
            sources.flags.iter().map(said).collect::<String>(),
            sources.origin_unused
        )
    };
    match typed(arguments, &[]).unwrap() {
        Invocation::Run { sources, command } => format!("run {} {command:?}", flags(&sources)),
        Invocation::Demo { sources, dir } => format!("demo {} {dir:?}", flags(&sources)),
        Invocation::Schema => "schema".into(),
        Invocation::Check(sources) => format!("check {}", flags(&sources)),
        Invocation::Health(sources) => format!("health {}", flags(&sources)),
        Invocation::Purge { sources, purge } => format!("purge {} {purge:?}", flags(&sources)),
        Invocation::Explain { sources, explain } => {
            format!("explain {} {explain:?}", flags(&sources))
        }
        Invocation::Warm { sources, warm } => format!("warm {} {warm:?}", flags(&sources)),
        Invocation::Bridge => "bridge".into(),
    }
}

#[test]
fn what_is_typed_is_understood() {
    for (arguments, expected) in [
        ("", "run - false []"),
        ("-- node server.js --x", "run - true [\"node\", \"server.js\", \"--x\"]"),
        (
            "--listen 8080 --origin http://a --admin off --config f",
            "run f --listen server.listen=8080 --origin origin.url=http://a --admin admin.listen=off false []",
        ),
        (
            "--set a.b=c=d --listen=1 --set e= -- x",
            "run - --listen server.listen=1 --set a.b=c=d --set e= true [\"x\"]",
        ),
        ("--next-dir /app/.next", "run - --next-dir next.dir=/app/.next false []"),
        ("demo", "demo - true None"),
        ("demo --dir d --listen 1", "demo - --listen server.listen=1 true Some(\"d\")"),
        ("check", "check - false"),
        ("check f --set a=b", "check f --set a=b false"),
        ("check --config f -- x", "check f true"),
        ("check --schema", "schema"),
        ("health", "health - true"),
        ("bridge", "bridge"),
        ("health --admin 1 --config f", "health f --admin admin.listen=1 true"),
    ] {
        assert_eq!(understood(arguments), expected, "{arguments}");
    }
}

#[test]
fn what_is_to_be_purged_is_understood() {
    let Ok(Invocation::Purge { sources, purge }) = typed(
        "purge --url https://a.example/b?c --path /d --tag e --tag f --prefix /g --soft --json \
         --admin edge:9180 --config h",
        &[],
    ) else {
        panic!("not a purge")
    };
    let text = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let Purge { what, admin, json } = purge;
    assert_eq!((what.paths, what.tags), (text(&["/d", "/b"]), text(&["e", "f"])));
    assert_eq!((what.prefixes, what.all, what.soft, json), (text(&["/g"]), false, true, true));
    assert_eq!(admin.unwrap().to_string(), "http://edge:9180");
    assert_eq!(sources.file.unwrap().to_str(), Some("h"));
}

#[test]
fn what_cannot_be_understood_exits_64_with_a_tip() {
    for (arguments, expected) in [
        ("--nonsense", "unexpected argument '--nonsense'"),
        ("--lisen 8080", "'--listen'"),
        ("node server.js", "selvedge -- node ..."),
        ("--admin off check", "the verb comes first, as in `selvedge check"),
        ("helth", "did you mean `selvedge health`?"),
        ("--listen 1 --", "no command after `--`"),
        ("demo extra", "unexpected argument 'extra'"),
        ("demo --origin http://a", "'--origin'"),
        ("--origin http://a -- true", "leave --origin out"),
        ("check f --config g", "cannot be used with"),
        ("--set x", "write section.key=value"),
        ("--listen", "a value is required"),
        ("--listen 1 --listen 2", "cannot be used multiple times"),
        ("purge", "--tag"),
        ("purge --path blog", "begins with no /"),
        ("purge --url /blog", "--path"),
        ("purge --all --admin https://edge", "https"),
        ("explain", "URL"),
        ("explain / --header x", "write NAME: VALUE"),
        ("explain / --origin a --edge b", "cannot be used with"),
        ("warm / --concurrency 0", "--concurrency"),
        ("warm / --rate x", "--rate"),
        ("health --listen 1", "unexpected argument '--listen'"),
    ] {
        let answer = typed(arguments, &[]).unwrap_err();
        assert_eq!(answer.exit, exit::USAGE, "{arguments}");
        assert!(answer.text.contains(expected), "{arguments}\n{}", answer.text);
        assert!(!answer.text.contains("-- --"), "{arguments}\n{}", answer.text);
        assert!(answer.text.lines().all(|line| line.chars().count() <= 80), "{}", answer.text);
    }
}

#[test]
fn help_teaches_in_80_columns() {
    for (arguments, parts) in [
        (
            "--help",
            &[
                "selvedge -- node server.js",
                "selvedge --origin http://127.0.0.1:3000",
                "demo",
                "check",
                "health",
                "0 ",
                "64 ",
                "69 ",
                "70 ",
                "SELVEDGE_CONFIG",
                "PORT",
            ][..],
        ),
        ("-h", &["Exit codes"]),
        ("demo --help", &["selvedge demo --listen"]),
        ("check --help", &["selvedge check selvedge.toml"]),
        ("health --help", &["HEALTHCHECK"]),
        ("explain --help", &["selvedge explain /blog", "--origin", "69"]),
        ("warm --help", &["selvedge warm --sitemap", "--from-log", "69"]),
        ("purge --help", &["selvedge purge --url", "SELVEDGE_ADMIN_TOKEN", "69"]),
        ("--version", &[env!("CARGO_PKG_VERSION")]),
    ] {
        let answer = typed(arguments, &[]).unwrap_err();
        assert_eq!(answer.exit, exit::OK, "{arguments}");
        for part in parts {
            assert!(answer.text.contains(part), "{part} is not in\n{}", answer.text);
        }
        let wide: Vec<&str> =
            answer.text.lines().filter(|line| line.chars().count() > 80).collect();
        assert_eq!(wide, [""; 0], "{arguments}");
    }
}

#[test]
fn help_tells_the_defaults_as_they_are() {
    let help = CommandLine::command().render_help().to_string();
    let default = Config::default();
    let admin = default.admin.listen.unwrap().to_string();
    for value in [default.server.listen.to_string(), default.origin.url.to_string(), admin] {
        assert!(help.contains(&format!("[default: {value}]")), "{value}");
    }
}

#[test]
fn the_definition_is_sound() {
    CommandLine::command().debug_assert();
}

#[test]
fn check_tells_every_value_or_every_mistake() {
    let check_typed = |arguments, environment: &[(&str, &str)]| match typed(arguments, environment)
    {
        Ok(Invocation::Check(sources)) => check(&sources),
        other => panic!("{other:?}"),
    };
    let environment = [("SELVEDGE_CACHE_CAPACITY", "1GiB"), ("HOME", "/")];
    let right = check_typed("check --set log.access=off", &environment);
    assert_eq!(right.exit, exit::OK);
    assert!(right.text.contains("capacity = \"1GiB\"               # SELVEDGE_CACHE_CAPACITY\n"));
    assert!(right.text.contains("access = \"off\"                  # --set\n"), "{}", right.text);
    let wrong = check_typed("check --listen x", &[("SELVEDGE_NEXT_BASE_PATH", "docs")]);
    assert_eq!(wrong.exit, exit::USAGE);
    assert!(wrong.text.starts_with("error: 2 mistakes"), "{}", wrong.text);
}
