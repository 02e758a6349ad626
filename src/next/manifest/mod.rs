//! What the application's build says of itself: the manifests in `.next`.
//!
//! Text comes in, and knowledge that no response carries goes out. Next.js may have none of these
//! files (another version), or they may not be readable: so each piece is there or is not, and
//! whoever asks goes on as without it.
//!
//! Not here: where the files lie, and how they are read (`crate::manifests`).

mod images;
mod middleware;
mod pages;
mod pattern;
mod prerender;
mod routes;

use pages::Pages;

pub use images::{ImageSources, Images, LocalSource, RemoteSource};
pub use middleware::{Middleware, Place};
pub use pattern::Pattern;
pub use prerender::{Condition, Prerender, PreviewId, Route};
pub use routes::{Domain, I18n, Routes};

/// What is known of a build.
#[derive(Debug, Default)]
pub struct Manifest {
    /// Which build it is (`BUILD_ID`).
    pub build_id: Option<Box<str>>,
    /// Where it stands, and in which languages.
    pub routes: Option<Routes>,
    /// Where middleware runs.
    pub middleware: Option<Middleware>,
    /// What is prerendered, and the secret of draft mode.
    pub prerender: Option<Prerender>,
    /// What images may be asked for.
    pub images: Option<Images>,
    /// The page for what has gone wrong, where it was built as a file.
    pub error_page: Option<Box<str>>,
    default_locales: Box<[Box<str>]>,
    pages: Pages,
}

/// What was found in the place of a file.
#[derive(Clone, Debug)]
pub enum Found {
    /// No such file: another version of Next.js.
    Nothing,
    /// Its text.
    Text(String),
    /// A file that cannot be read; why.
    Unreadable(String),
}

/// A file that does not say what it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Its path in the build.
    pub file: &'static str,
    /// What is wrong, and what is done about it.
    pub wrong: String,
}

impl Manifest {
    /// Its files.
    pub const FILES: [&'static str; 7] = [
        BUILD_ID,
        Routes::FILE,
        Prerender::FILE,
        Images::FILE,
        middleware::EDGE,
        middleware::NODE,
        ERROR_PAGE,
    ];

    /// Reads a build whose files `find` knows, and tells which of them are damaged.
    pub fn read(mut find: impl FnMut(&'static str) -> Found) -> (Self, Vec<Damage>) {
        let mut damages = Vec::new();
        let found = find(Routes::FILE);
        let pages = Pages::read(&found);
        let routes = Routes::read(found, &mut damages);
        let manifest = Self {
            pages,
            build_id: text(BUILD_ID, find(BUILD_ID), &mut damages),
            default_locales: routes.as_ref().map(Routes::default_locales).unwrap_or_default(),
            routes,
            middleware: Middleware::read(&mut find, &mut damages),
            prerender: Prerender::read(find(Prerender::FILE), &mut damages),
            images: Images::read(find(Images::FILE), &mut damages),
            error_page: text(ERROR_PAGE, find(ERROR_PAGE), &mut damages),
        };
        (manifest, damages)
    }

    /// Whether it is of the build or the deployment of this name.
    pub fn is_of(&self, name: &str) -> bool {
        let deployment = self.routes.as_ref().and_then(|routes| routes.deployment_id.as_deref());
        [self.build_id.as_deref(), deployment].contains(&Some(name))
    }

    /// The languages of the application, if it has any.
    pub fn i18n(&self) -> Option<&I18n> {
        self.routes.as_ref()?.i18n.as_ref()
    }

    /// The value of a draft cookie that is real.
    pub fn preview(&self) -> Option<&PreviewId> {
        self.prerender.as_ref()?.preview.as_ref()
    }

    /// Whether middleware may run for a path.
    pub fn runs_middleware(&self, path: &str) -> bool {
        self.middleware.as_ref().is_some_and(|middleware| middleware.covers(path, self.place()))
    }

    /// Whether middleware leaves out no page that one could think of.
    pub fn middleware_covers_all_pages(&self) -> bool {
        let middleware = self.middleware.as_ref();
        middleware.is_some_and(|middleware| middleware.covers_all_pages(self.place()))
    }

    /// `basePath`, if it is known.
    pub fn base_path(&self) -> Option<&str> {
        self.routes.as_ref().map(|routes| &*routes.base_path)
    }

    fn place(&self) -> Place<'_> {
        let base_path = self.base_path().unwrap_or_default();
        Place { base_path, default_locales: &self.default_locales }
    }
}

/// The file that has nothing but the name of the build.
pub const BUILD_ID: &str = "BUILD_ID";

/// The page of the Pages Router for what has gone wrong; the App Router has none as a file.
pub const ERROR_PAGE: &str = "server/pages/500.html";

/// A file that counts as it is; an empty one is none.
fn text(file: &'static str, found: Found, damages: &mut Vec<Damage>) -> Option<Box<str>> {
    match found {
        Found::Nothing => None,
        Found::Text(text) => Some(text.trim()).filter(|text| !text.is_empty()).map(Box::from),
        Found::Unreadable(wrong) => {
            damages.push(Damage { file, wrong });
            None
        }
    }
}

/// Parses a file if it is there.
fn parsed<T: serde::de::DeserializeOwned>(found: Found) -> Result<Option<T>, String> {
    match found {
        Found::Nothing => Ok(None),
        Found::Text(text) => serde_json::from_str(&text).map(Some).map_err(|e| e.to_string()),
        Found::Unreadable(why) => Err(why),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::testing::build;
    use super::*;

    #[test]
    fn a_build_without_any_manifest_is_one_of_which_nothing_is_known() {
        let (manifest, damages) = build(&[]);
        assert_eq!(damages, []);
        assert!(manifest.build_id.is_none() && manifest.i18n().is_none());
        assert!(manifest.preview().is_none() && manifest.images.is_none());
        assert!(!manifest.runs_middleware("/") && !manifest.middleware_covers_all_pages());
        assert_eq!(build(&[(BUILD_ID, "b1\n")]).0.build_id.as_deref(), Some("b1"));
    }

    proptest! {
        #[test]
        fn no_file_is_too_strange_to_read(text in "[\\[{]?\\PC{0,20}[\\]}]?") {
            for file in Manifest::FILES {
                let (_, damages) = build(&[(file, &text)]);
                prop_assert!(damages.iter().all(|damage| damage.file == file));
            }
        }

        #[test]
        fn no_path_is_too_strange_to_ask_about(
            path in "/(\\PC|[%./\\\\a2eE]){0,20}",
            source in "\\^\\\\/[a-z(?:!|)*+.\\[\\]$]{0,12}",
        ) {
            let matchers = serde_json::json!([{ "regexp": source }]);
            let text = serde_json::json!({"middleware": {"/": {"matchers": matchers}}}).to_string();
            let files = [("server/middleware-manifest.json", text.as_str())];
            let (manifest, damages) = build(&files);
            prop_assert!(damages.is_empty() || manifest.runs_middleware(&path));
            manifest.runs_middleware(&path);
        }
    }
}

#[cfg(test)]
mod testing {
    use super::*;

    /// A build of these files.
    pub(super) fn build(files: &[(&str, &str)]) -> (Manifest, Vec<Damage>) {
        Manifest::read(|name| {
            let file = files.iter().find(|(file, _)| *file == name);
            file.map_or(Found::Nothing, |(_, text)| Found::Text((*text).into()))
        })
    }
}
