//! `selvedge health`: asks a running edge whether it is ready, so that an image needs no curl.

use std::time::Duration;

use http::Request;
use http_body_util::Full;

use crate::ask::{Line, Unanswered};
use crate::config::OriginAddress;

/// Why an edge is not healthy.
#[derive(Debug, thiserror::Error)]
pub enum Unhealthy {
    /// Nobody answers at its admin address.
    #[error("{0}; is it running, and is admin.listen {at}?", at = .0.at)]
    NoAnswer(#[from] Unanswered),
    /// It answers that it is not ready.
    #[error("not ready: {reason}")]
    NotReady {
        /// What it said.
        reason: String,
    },
}

const PATIENCE: Duration = Duration::from_secs(2);
const LONGEST: usize = 64 * 1024;

/// Asks `/readyz` on the admin side at `address`; within two seconds.
///
/// # Errors
/// [`Unhealthy`]
pub async fn health(address: OriginAddress) -> Result<(), Unhealthy> {
    let mut request = Request::new(Full::default());
    *request.uri_mut() = http::Uri::from_static("/readyz");
    let answer = Line::new(address, PATIENCE).ask(request, LONGEST).await?;
    if answer.status().is_success() {
        return Ok(());
    }
    let reason = String::from_utf8_lossy(answer.body()).trim().to_owned();
    Err(Unhealthy::NotReady { reason })
}
