//! What `selvedge warm` may be told.

use std::path::PathBuf;

use clap::Args;

use super::address;
use crate::config::{OriginAddress, site};
use crate::verbs::target::{Field, field};
use crate::verbs::warm::Warm;

#[derive(Args)]
pub(super) struct Typed {
    /// URLs, or paths
    #[arg(value_name = "URL")]
    urls: Vec<String>,
    /// All that a sitemap names, or an index of sitemaps
    #[arg(long, value_name = "URL")]
    sitemap: Vec<String>,
    /// The prerendered pages of a build [default: .next]
    #[arg(
        long, value_name = "DIR", num_args = 0..=1, require_equals = true,
        default_missing_value = ".next"
    )]
    manifest: Option<PathBuf>,
    /// The pages in an access log (- is standard input)
    #[arg(long, value_name = "FILE")]
    from_log: Option<PathBuf>,
    /// Where visitors find the paths
    #[arg(long, value_name = "URL", value_parser = site)]
    site: Option<String>,
    /// The edge, if it is not the URLs' own server
    #[arg(long, value_name = "ADDR", value_parser = address)]
    edge: Option<OriginAddress>,
    /// A field of each request, any number of times
    #[arg(long, value_name = "NAME: VALUE", value_parser = field)]
    header: Vec<Field>,
    /// The RSC payloads too
    #[arg(long)]
    rsc: bool,
    /// Requests at once
    #[arg(long, value_name = "N", default_value = "4", value_parser = count)]
    concurrency: u16,
    /// Requests in a second, at most
    #[arg(long, value_name = "N", default_value = "50", value_parser = count)]
    rate: u16,
    /// An object of JSON
    #[arg(long)]
    json: bool,
}

impl From<Typed> for Warm {
    fn from(typed: Typed) -> Self {
        Self {
            urls: typed.urls,
            sitemaps: typed.sitemap,
            manifest: typed.manifest,
            log: typed.from_log,
            site: typed.site,
            edge: typed.edge,
            headers: typed.header,
            rsc: typed.rsc,
            concurrency: typed.concurrency.into(),
            rate: typed.rate.into(),
            json: typed.json,
        }
    }
}

fn count(text: &str) -> Result<u16, &'static str> {
    text.parse().ok().filter(|count| *count > 0).ok_or("write 1 or more")
}
