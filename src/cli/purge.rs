//! What `selvedge purge` may be told.

use clap::Args;

use super::address;
use crate::admin::invalidate::Invalidation;
use crate::config::OriginAddress;
use crate::verbs::purge::page_of;

/// What is to be purged, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purge {
    /// What is to be obsolete.
    pub what: Invalidation,
    /// The edge's admin side, unless it is that of the configuration.
    pub admin: Option<OriginAddress>,
    /// Whether the answer is for a machine.
    pub json: bool,
}

#[derive(Args)]
#[group(skip)]
pub(super) struct Typed {
    #[command(flatten)]
    meant: Meant,
    /// Served once more, while it is renewed
    #[arg(long)]
    soft: bool,
    /// Answers {"invalidated": 12}
    #[arg(long)]
    json: bool,
    /// The admin side [default: 127.0.0.1:9180]
    #[arg(long, value_name = "ADDR", value_parser = address)]
    admin: Option<OriginAddress>,
}

#[derive(Args)]
#[group(required = true, multiple = true)]
struct Meant {
    /// The page of this URL, whatever its query
    #[arg(long, value_name = "URL", value_parser = page_of)]
    url: Vec<String>,
    /// The page of this path
    #[arg(long, value_name = "PATH", value_parser = path)]
    path: Vec<String>,
    /// All pages whose paths begin so
    #[arg(long, value_name = "PATH", value_parser = path)]
    prefix: Vec<String>,
    /// All that has this tag of revalidateTag, cacheTag
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Everything
    #[arg(long)]
    all: bool,
}

impl From<Typed> for Purge {
    fn from(Typed { meant, soft, json, admin }: Typed) -> Self {
        let Meant { url, mut path, prefix: prefixes, tag: tags, all } = meant;
        path.extend(url);
        let what = Invalidation { tags, paths: path, prefixes, all, soft, expire: None };
        Self { what, admin, json }
    }
}

fn path(text: &str) -> Result<String, &'static str> {
    if !text.starts_with('/') {
        return Err("begins with no / (or use --url)");
    }
    if text.contains(['?', '#']) {
        return Err("leave the query out");
    }
    Ok(text.into())
}
