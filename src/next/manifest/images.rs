//! `images-manifest.json`: what `/_next/image` may be asked for.

use serde::Deserialize;

use super::{Damage, Found, Pattern, parsed};

const FILE: &str = "images-manifest.json";

/// What the optimizer makes of images.
#[derive(Clone, Debug)]
pub struct Images {
    /// Allowed widths: `deviceSizes` and `imageSizes`.
    pub widths: Box<[u32]>,
    /// Allowed qualities; `None` is any from 1 to 100, as before Next.js 16.
    pub qualities: Option<Box<[u32]>>,
    /// Types that are made for browsers that accept them, the first that is accepted.
    pub formats: Box<[Box<str>]>,
    /// Where the optimizer is asked, `basePath` included.
    pub path: Box<str>,
    /// For how many seconds an image is fresh at least.
    pub minimum_cache_ttl: u64,
    /// Where they may come from.
    pub sources: ImageSources,
}

/// Where images may come from.
#[derive(Clone, Debug, Default)]
pub struct ImageSources {
    /// Hosts, by their name alone.
    pub domains: Box<[Box<str>]>,
    /// Other servers.
    pub remote: Box<[RemoteSource]>,
    /// The application itself; `None` is all of it.
    pub local: Option<Box<[LocalSource]>>,
}

/// One of `remotePatterns`. What is `None` is not asked for, except that an expression is there always:
/// `None` is one that could not be read.
#[derive(Clone, Debug)]
pub struct RemoteSource {
    /// `http` or `https`.
    pub protocol: Option<Box<str>>,
    /// Matches the host.
    pub host: Option<Pattern>,
    /// Empty is the protocol's own.
    pub port: Option<Box<str>>,
    /// Matches the path.
    pub path: Option<Pattern>,
    /// The query with its `?`; empty is none.
    pub search: Option<Box<str>>,
}

/// One of `localPatterns`; as [`RemoteSource`].
#[derive(Clone, Debug)]
pub struct LocalSource {
    /// Matches the path.
    pub path: Option<Pattern>,
    /// The query with its `?`; empty is none.
    pub search: Option<Box<str>>,
}

impl Images {
    /// The name of the file.
    pub(super) const FILE: &str = FILE;

    /// Reads the manifest; `None` if there is none, if it is damaged, or if no optimizer runs.
    pub(super) fn read(found: Found, damages: &mut Vec<Damage>) -> Option<Self> {
        let images = match parsed::<File>(found) {
            Ok(file) => file?.images,
            Err(why) => {
                damages.push(Damage { file: FILE, wrong: why });
                return None;
            }
        };
        // Next.js answers 404 then, whatever is asked for.
        if images.unoptimized || images.loader.is_some_and(|loader| &*loader != "default") {
            return None;
        }
        let mut compiled = |source: Option<Box<str>>| match Pattern::new(&source?) {
            Ok(pattern) => Some(pattern),
            Err(why) => {
                let wrong = format!("{why}: what this pattern is about is left to Next.js");
                damages.push(Damage { file: FILE, wrong });
                None
            }
        };
        let remote = images.remote_patterns.into_iter().map(|entry| RemoteSource {
            host: compiled(entry.hostname),
            path: compiled(entry.pathname),
            // As it was configured in Next.js 14: with or without a colon.
            protocol: entry.protocol.map(|protocol| protocol.trim_end_matches(':').into()),
            port: entry.port,
            search: entry.search,
        });
        let remote = remote.collect();
        let local = images.local_patterns.map(|patterns| {
            let source = |entry: LocalEntry| LocalSource {
                path: compiled(entry.pathname),
                search: entry.search,
            };
            patterns.into_iter().map(source).collect()
        });
        Some(Self {
            sources: ImageSources { domains: images.domains.into(), remote, local },
            widths: [images.device_sizes, images.image_sizes].concat().into(),
            qualities: images.qualities.map(Into::into),
            formats: images.formats.into(),
            path: images.path,
            minimum_cache_ttl: images.minimum_cache_ttl,
        })
    }
}

#[derive(Deserialize)]
struct File {
    images: Entry,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    device_sizes: Vec<u32>,
    image_sizes: Vec<u32>,
    qualities: Option<Vec<u32>>,
    #[serde(default)]
    formats: Vec<Box<str>>,
    path: Box<str>,
    #[serde(default, rename = "minimumCacheTTL")]
    minimum_cache_ttl: u64,
    loader: Option<Box<str>>,
    #[serde(default)]
    unoptimized: bool,
    #[serde(default)]
    domains: Vec<Box<str>>,
    #[serde(default)]
    remote_patterns: Vec<RemoteEntry>,
    local_patterns: Option<Vec<LocalEntry>>,
}

#[derive(Deserialize)]
struct RemoteEntry {
    protocol: Option<Box<str>>,
    hostname: Option<Box<str>>,
    port: Option<Box<str>>,
    pathname: Option<Box<str>>,
    search: Option<Box<str>>,
}

#[derive(Deserialize)]
struct LocalEntry {
    pathname: Option<Box<str>>,
    search: Option<Box<str>>,
}

#[cfg(test)]
mod tests {
    use super::super::testing::build;
    use super::*;

    const OF_14: &str = r#"{"version":1,"images":{"deviceSizes":[640,750],"imageSizes":[16,32],"path":"/_next/image","loader":"default","loaderFile":"","domains":[],"minimumCacheTTL":60,"formats":["image/webp"],"unoptimized":false,"sizes":[640,750,16,32]}}"#;

    #[test]
    fn widths_and_qualities_are_those_of_the_configuration() {
        let images = build(&[(FILE, OF_14)]).0.images.unwrap();
        assert_eq!((&*images.widths, &images.qualities), (&[640, 750, 16, 32][..], &None));
        assert_eq!((&*images.path, images.minimum_cache_ttl), ("/_next/image", 60));
        let of_16 = OF_14.replace("\"sizes\"", "\"qualities\": [75, 100], \"sizes\"");
        let images = build(&[(FILE, &of_16)]).0.images.unwrap();
        assert_eq!(images.qualities.as_deref(), Some(&[75, 100][..]));
    }

    #[test]
    fn without_an_optimizer_nothing_is_known() {
        for text in [
            OF_14.replace("\"default\"", "\"custom\""),
            OF_14.replace("\"unoptimized\":false", "\"unoptimized\":true"),
        ] {
            let (manifest, damages) = build(&[(FILE, &text)]);
            assert!(manifest.images.is_none() && damages.is_empty(), "{text}");
        }
        let (damaged, damages) = build(&[(FILE, r#"{"images": {"deviceSizes": [-1]}}"#)]);
        assert!(damaged.images.is_none());
        assert!(damages[0].wrong.starts_with("invalid value"), "{damages:?}");
    }
}
