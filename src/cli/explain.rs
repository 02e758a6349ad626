//! What `selvedge explain` may be told.

use clap::Args;

use super::address;
use crate::config::OriginAddress;
use crate::verbs::explain::Explain;
use crate::verbs::target::{Field, field};

#[derive(Args)]
pub(super) struct Typed {
    /// A URL, or a path
    url: String,
    /// A field of the request, any number of times
    #[arg(long, value_name = "NAME: VALUE", value_parser = field)]
    header: Vec<Field>,
    /// The RSC payload, not the document
    #[arg(long)]
    rsc: bool,
    /// The edge to ask, if it is not the URL's own server
    #[arg(long, value_name = "ADDR", value_parser = address)]
    edge: Option<OriginAddress>,
    /// Next.js, to be asked without an edge
    #[arg(long, value_name = "ADDR", value_parser = address, conflicts_with_all = ["edge", "admin"])]
    origin: Option<OriginAddress>,
    /// Its admin side [of an edge here: 127.0.0.1:9180]
    #[arg(long, value_name = "ADDR", value_parser = address)]
    admin: Option<OriginAddress>,
    /// An object of JSON
    #[arg(long)]
    json: bool,
}

impl From<Typed> for Explain {
    fn from(Typed { url, header: headers, rsc, edge, origin, admin, json }: Typed) -> Self {
        Self { url, headers, rsc, edge, origin, admin, json }
    }
}
