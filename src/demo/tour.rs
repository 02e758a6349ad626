//! What to open, and what to look for.

use std::net::SocketAddr;

/// The guided tour of the demo behind the edge at `listen`; `real` when Next.js itself stands there.
pub fn tour(listen: SocketAddr, real: bool) -> String {
    let host = match listen {
        _ if listen.ip().is_unspecified() => format!("localhost:{}", listen.port()),
        SocketAddr::V4(_) | SocketAddr::V6(_) => listen.to_string(),
    };
    let origin = match real {
        true => "A Next.js app stands behind the edge.",
        false => "The built-in origin, with Next.js' headers, stands behind the edge.",
    };
    format!(
        r"
  {origin}
  Open it in a browser, and let its pages guide you:

    http://{host}/

  Or stay here. Each of these shows where its answer comes from:

    curl -sD- -o /dev/null http://{host}/isr

      Cache-Status: `fwd=uri-miss; stored` the first time, then `hit` with the
      seconds it stays fresh as `ttl`. Past its ten seconds (ttl below zero)
      the old page still comes at once, and a new one is made behind you.

    curl -sD- -o /dev/null http://{host}/ssr

      getServerSideProps with s-maxage=10, stale-while-revalidate=59. It takes
      300 ms to render: the first time, and then only behind your back.

    (for i in 1 2 3 4; do
      curl -sD- -o /dev/null 'http://{host}/ssr?new' &
    done; wait)

      Four at once for a page that nobody has seen: one is `stored`, and those
      marked `collapsed` read along with it. One rendering.

    curl -sD- -o /dev/null http://{host}/dynamic

      `detail=no-store`, each time: it reads cookies and is never kept.

    curl -so /dev/null -w '%{{time_starttransfer}} s, %{{time_total}} s\n' \
      http://{host}/stream

      First byte, last byte: streamed through, nothing is held back.

  Ctrl-C ends the demo.
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tour_fits_a_terminal_and_leads_to_the_edge() {
        for (listen, host) in [
            ("0.0.0.0:8080", "localhost:8080"),
            ("[::]:8080", "localhost:8080"),
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("[::1]:80", "[::1]:80"),
        ] {
            for real in [true, false] {
                let text = tour(listen.parse().unwrap(), real);
                assert!(text.contains(&format!("http://{host}/isr")), "{text}");
                for line in text.lines() {
                    assert!(line.chars().count() <= 80, "{line}");
                }
            }
        }
        let listen = "0.0.0.0:8080".parse().unwrap();
        assert!(tour(listen, false).contains("built-in"));
        assert!(!tour(listen, true).contains("built-in"));
    }
}
