//! `PUT /log-level`: another `log.level`, until the configuration is read again.
//!
//! ```json
//! {"level": "info,selvedge::cache=debug"}
//! ```

use std::net::IpAddr;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use serde::Deserialize;
use tracing::info;

use super::{Admin, refuse, text};
use crate::config;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    level: String,
}

/// Longer than any filter that somebody writes.
const LONGEST: usize = 16 << 10;

impl Admin {
    pub(super) async fn set_level(
        &self,
        request: Request<Incoming>,
        peer: IpAddr,
    ) -> Response<Full<Bytes>> {
        let sent = match self.sent(request, peer, LONGEST).await {
            Ok(sent) => sent,
            Err(refused) => return refuse(refused),
        };
        match read(&sent) {
            Err(why) => text(StatusCode::BAD_REQUEST, why),
            Ok(level) if self.level.set(&level) => {
                info!("the log level is {level:?} now, until the configuration is read again");
                text(StatusCode::OK, format!("{level}\n"))
            }
            Ok(_) => text(StatusCode::CONFLICT, "another log of this process was there first\n"),
        }
    }
}

/// The level that is wanted, checked as in the configuration; or what is wrong with it.
fn read(body: &[u8]) -> Result<String, String> {
    let wanted: Wanted = serde_json::from_slice(body)
        .map_err(|error| format!("{error}; write {{\"level\": \"info\"}}\n"))?;
    config::level(&wanted.level).map_err(|wrong| format!("{wrong}; {}\n", wrong.remedy()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_read_as_in_the_configuration() {
        assert_eq!(read(br#"{"level": "info, hyper=debug"}"#), Ok("info,hyper=debug".into()));
        for (body, part) in [
            ("", "write {\"level\""),
            ("{}", "missing field `level`"),
            (r#"{"level": "inof"}"#, "write \"info\""),
            (r#"{"levle": "info"}"#, "unknown field"),
        ] {
            let why = read(body.as_bytes()).unwrap_err();
            assert!(why.contains(part), "{body}: {why}");
        }
    }
}
