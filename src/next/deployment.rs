//! Which build an answer is from, where Next.js says so: on payloads and data, if the application
//! has a `deploymentId`.

use http::{HeaderMap, HeaderName, HeaderValue};

const DEPLOYMENT_ID: HeaderName = HeaderName::from_static("x-nextjs-deployment-id");

/// The deployment that an answer is from.
pub fn of(answer: &HeaderMap) -> Option<&HeaderValue> {
    answer.get(DEPLOYMENT_ID)
}

/// Whether a tag is that of a page, which names files of its build. Files and pictures outlive it.
pub fn is_of_a_page(tag: &str) -> bool {
    tag.strip_prefix("path:").is_some_and(|path| {
        !path.starts_with("/_next/static/") && !path.starts_with("/_next/image")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_belong_to_a_build_and_files_do_not() {
        for (tag, expected) in [
            ("path:/", true),
            ("path:/a", true),
            ("path:/_next/static/chunks/a.js", false),
            ("path:/_next/image", false),
            ("posts", false),
        ] {
            assert_eq!(is_of_a_page(tag), expected, "{tag}");
        }
    }
}
