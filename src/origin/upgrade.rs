//! WebSocket, and any other protocol that a connection is upgraded to (RFC 9110 section 7.8): once
//! both sides have switched, bytes go both ways and nobody looks at them.

use http::header::UPGRADE;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional;
use tracing::debug;

use super::connect::Sender;
use crate::body::Body;
use crate::error::ProxyError;
use crate::server::Place;

/// The client's side of an upgrade that was asked for.
pub(super) struct Near(Option<(OnUpgrade, Option<Place>)>);

impl Near {
    /// Takes the client's side off a request that asks for an upgrade.
    pub(super) fn of(request: &mut Request<Body>) -> Self {
        if !request.headers().contains_key(UPGRADE) {
            return Self(None);
        }
        let place = request.extensions_mut().remove::<Place>();
        Self(request.extensions_mut().remove::<OnUpgrade>().map(|near| (near, place)))
    }

    /// Joins both sides, now that the origin agreed; what was `sender`'s connection goes on.
    pub(super) fn join(
        self,
        mut answer: Response<Incoming>,
        sender: Sender,
    ) -> Result<Response<Body>, ProxyError> {
        let Some((near, place)) = self.0 else {
            let reason = "it switched protocols without having been asked";
            return Err(ProxyError::InvalidResponse { reason: reason.into() });
        };
        let far = hyper::upgrade::on(&mut answer);
        tokio::spawn(async move {
            if let Err(error) = tunnel(near, far).await {
                debug!(error, "a tunnel ended");
            }
            drop((place, sender));
        });
        Ok(answer.map(|_| Body::Empty))
    }
}

async fn tunnel(near: OnUpgrade, far: OnUpgrade) -> Result<(), String> {
    let (near, far) = tokio::try_join!(near, far).map_err(|error| error.to_string())?;
    let (mut near, mut far) = (TokioIo::new(near), TokioIo::new(far));
    copy_bidirectional(&mut near, &mut far).await.map_err(|error| error.to_string())?;
    Ok(())
}
