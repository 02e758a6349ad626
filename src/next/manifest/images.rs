//! `images-manifest.json`: what `/_next/image` may be asked for.

use serde::Deserialize;

use super::{Damage, Found, parsed};

const FILE: &str = "images-manifest.json";

/// What the optimizer makes of images.
#[derive(Clone, Debug, PartialEq, Eq)]
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
        Some(Self {
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
