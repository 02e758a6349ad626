//! Sitemaps: which URLs they name.

/// What a sitemap names.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sitemap {
    /// Pages.
    Pages(Vec<String>),
    /// Further sitemaps.
    Index(Vec<String>),
}

/// Reads one; `None` if it is none. Only what stands in `<loc>` counts, so no parser of XML is needed:
/// the element has no attributes and no children.
pub(super) fn read(text: &str) -> Option<Sitemap> {
    let is_index = text.contains("<sitemapindex");
    if !is_index && !text.contains("<urlset") {
        return None;
    }
    let named = text.split("<loc>").skip(1).filter_map(|rest| rest.split_once("</loc>"));
    let urls = named.map(|(url, _)| unescaped(url)).collect();
    Some(if is_index { Sitemap::Index(urls) } else { Sitemap::Pages(urls) })
}

fn unescaped(text: &str) -> String {
    let text = text.trim();
    let data = text.strip_prefix("<![CDATA[").and_then(|rest| rest.strip_suffix("]]>"));
    if let Some(data) = data {
        return data.trim().to_owned();
    }
    let entities =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#39;", "'")];
    let text = entities
        .iter()
        .fold(text.to_owned(), |text, (entity, letter)| text.replace(entity, letter));
    // Last, or `&amp;lt;` would become `<`.
    text.replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_are_read_and_nothing_else() {
        let text = "<?xml version=\"1.0\"?><urlset xmlns:image=\"i\"><url>\n<loc>\n https://a/b?c=1&amp;d=2 </loc>\
            <image:image><image:loc>https://a/picture</image:loc></image:image></url>\
            <url><loc><![CDATA[https://a/e&f]]></loc></url></urlset>";
        let pages = vec!["https://a/b?c=1&d=2".to_owned(), "https://a/e&f".to_owned()];
        assert_eq!(read(text), Some(Sitemap::Pages(pages)));
        let text = "<sitemapindex><sitemap><loc>https://a/1.xml</loc></sitemap></sitemapindex>";
        assert_eq!(read(text), Some(Sitemap::Index(vec!["https://a/1.xml".into()])));
        assert_eq!(read("<urlset></urlset>"), Some(Sitemap::Pages(vec![])));
        assert_eq!(read("<html><loc>https://a</loc></html>"), None);
        assert_eq!(unescaped("&amp;lt;"), "&lt;");
    }
}
