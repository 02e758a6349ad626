//! The pages: the same markup as `app/lib/page.js`, with plain links.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use super::assets::Assets;
use super::stops::{Stop, stops};
use crate::policy::date::Timestamp;

const NOTE: &str = "You see Selvedge’s built-in origin, which answers with the headers of Next.js 16. \
                    With Node.js 20.9 or newer and npm, <code>selvedge demo</code> starts a real \
                    Next.js app here.";

/// A page, rendered.
pub(super) struct Page<'a> {
    pub(super) stop: &'a Stop,
    pub(super) at: Timestamp,
    /// What this page has and the others have not.
    pub(super) extra: &'a str,
    pub(super) assets: &'a Assets,
}

impl Display for Page<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Stop { path, name, kept, title, says, .. } = self.stop;
        head(f, if path == "/" { None } else { Some(name) }, self.assets)?;
        navigation(f, path)?;
        write!(
            f,
            "<main><p class=\"note\">{NOTE}</p>\
             <p class=\"path\"><code>{path}</code><span class=\"kept\">kept: {kept}</span></p>\
             <h1>{title}</h1><p class=\"lead\">{}</p>\
             <dl class=\"facts\"><dt>Rendered</dt>\
             <dd><time datetime=\"{time}\" data-at=\"{}\">{time} UTC</time></dd>\
             <dt>The origin says</dt><dd><code>{says}</code></dd></dl>{}",
            Text(&self.stop.lead),
            self.at.as_millis(),
            self.extra,
            time = TimeOfDay(self.at),
        )?;
        panels(f, self.stop)?;
        f.write_str("<h2>What to look for</h2><ul>")?;
        for look in &self.stop.look {
            write!(f, "<li>{}</li>", Text(look))?;
        }
        f.write_str("</ul>")?;
        let next = stops().iter().skip_while(|stop| stop.path != *path).nth(1);
        if let Some(Stop { path, title, .. }) = next {
            write!(f, "<p class=\"next\">Next stop: <a href=\"{path}\">{title}</a></p>")?;
        }
        foot(f, self.assets)
    }
}

/// What some of the prerendered pages have beside what all have.
pub(super) fn extra(stop: &Stop) -> String {
    match &*stop.path {
        "/" => overview(),
        "/image" => PICTURE.to_owned(),
        _ => String::new(),
    }
}

const PICTURE: &str = "<img src=\"/_next/image?url=%2Fcloth.png&amp;w=1080&amp;q=75\" width=\"960\" height=\"540\" \
     alt=\"A piece of denim: on the left its white selvedge with a red thread, on the right a cut edge \
     that unravels\">";

fn overview() -> String {
    let item = |Stop { path, title, kept, .. }: &Stop| {
        format!(
            "<li><a href=\"{path}\"><code>{path}</code><b>{title}</b>\
             <span class=\"kept\">kept: {kept}</span></a></li>"
        )
    };
    let items: String = stops().iter().skip(1).map(item).collect();
    format!("<ul class=\"stops\">{items}</ul>")
}

pub(super) fn not_found(assets: &Assets) -> String {
    struct NotFound<'a>(&'a Assets);
    impl Display for NotFound<'_> {
        fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
            head(f, Some("404"), self.0)?;
            navigation(f, "")?;
            f.write_str("<main><h1>404</h1><p class=\"lead\">This page could not be found.</p>")?;
            foot(f, self.0)
        }
    }
    NotFound(assets).to_string()
}

fn head(f: &mut Formatter<'_>, title: Option<&str>, assets: &Assets) -> fmt::Result {
    let (before, separator) = title.map_or(("", ""), |title| (title, " · "));
    write!(
        f,
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <link rel=\"stylesheet\" href=\"{}\"><link rel=\"icon\" href=\"/icon.svg\">\
         <title>{before}{separator}Selvedge demo</title></head><body>",
        assets.path("style.css"),
    )
}

fn navigation(f: &mut Formatter<'_>, here: &str) -> fmt::Result {
    f.write_str("<header><a class=\"mark\" href=\"/\">selvedge</a><nav>")?;
    for Stop { path, name, .. } in stops() {
        let current = if path == here { " aria-current=\"page\"" } else { "" };
        write!(f, "<a href=\"{path}\"{current}>{name}</a>")?;
    }
    f.write_str("</nav></header>")
}

fn panels(f: &mut Formatter<'_>, stop: &Stop) -> fmt::Result {
    let panel = |f: &mut Formatter<'_>, attributes: fmt::Arguments<'_>| {
        write!(
            f,
            "<section class=\"panel\" data-origin=\"the built-in origin\" {attributes}></section>"
        )
    };
    match &*stop.path {
        "/image" => panel(f, format_args!("data-of=\"main img\"")),
        "/handlers" => {
            for url in ["/api/time", "/api/random"] {
                write!(f, "<div><p class=\"path\"><code>{url}</code></p>")?;
                panel(f, format_args!("data-url=\"{url}\""))?;
                f.write_str("</div>")?;
            }
            Ok(())
        }
        path if stop.crowd => panel(f, format_args!("data-url=\"{path}\" data-crowd")),
        path => panel(f, format_args!("data-url=\"{path}\"")),
    }
}

fn foot(f: &mut Formatter<'_>, assets: &Assets) -> fmt::Result {
    // Without `async` a module waits for the end of the page, which on `/stream` takes two seconds.
    write!(
        f,
        "</main><footer>This is the demo of Selvedge, the self-hosted edge for Next.js.</footer>\
         <script type=\"module\" async>import {{ mount }} from \"{}\";\
         document.querySelectorAll(\".panel\").forEach((panel) => mount(panel));</script>\
         </body></html>",
        assets.path("panel.js"),
    )
}

/// Text of ours in which `this` is code; nothing in it needs escaping.
struct Text<'a>(&'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (i, part) in self.0.split('`').enumerate() {
            match i % 2 {
                0 => f.write_str(part)?,
                _ => write!(f, "<code>{part}</code>")?,
            }
        }
        Ok(())
    }
}

struct TimeOfDay(Timestamp);

impl Display for TimeOfDay {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let since = Duration::from_millis(self.0.as_millis());
        let (seconds, millis) = (since.as_secs(), since.subsec_millis());
        let (hours, minutes) = (seconds / 3600 % 24, seconds / 60 % 60);
        write!(f, "{hours:02}:{minutes:02}:{:02}.{millis:03}", seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_need_no_escaping() {
        for stop in stops() {
            let texts = [&stop.name, &stop.kept, &stop.title, &stop.lead, &stop.says];
            for text in texts.into_iter().chain(&stop.look) {
                assert!(!text.contains(['<', '>', '&', '"']), "{text}");
                assert_eq!(text.matches('`').count() % 2, 0, "{text}");
            }
        }
    }

    #[test]
    fn a_time_of_day_is_that_of_utc() {
        let at = Timestamp::from_millis(1_767_225_600_000 + 37_403_009);
        assert_eq!(TimeOfDay(at).to_string(), "10:23:23.009");
    }
}
