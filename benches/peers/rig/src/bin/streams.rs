//! `streams ADDR PATH COUNT`: reads streams whose pieces tell when they were sent, and says how long
//! after that they came.

use std::io;
use std::time::{Duration, Instant};

use peers_rig::client::{self, Connection, broken};
use peers_rig::figures::percentiles;
use peers_rig::serve::runtime;
use peers_rig::timed::{STAMPED, nanos_now};
use tokio::task::LocalSet;

/// From one stream to the next.
const APART: Duration = Duration::from_millis(7);

fn main() -> io::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let [_, address, path, count] = &args[..] else { panic!("streams ADDR PATH COUNT") };
    let address = address.parse().expect("ADDR");
    let count: u64 = count.parse().expect("COUNT");
    let (mut firsts, mut delays) = LocalSet::new().block_on(&runtime(), async {
        let tasks: Vec<_> = (0..count)
            .map(|number| {
                let request = client::request(&format!("{path}/{number}"), address);
                tokio::task::spawn_local(async move {
                    let mut connection = Connection::open(address).await?;
                    tokio::time::sleep(APART * number as u32).await;
                    read(&mut connection, &request).await
                })
            })
            .collect();
        let (mut firsts, mut delays) = (Vec::new(), Vec::new());
        for task in tasks {
            let (first, each) = task.await.expect("no panic")?;
            firsts.push(first);
            delays.extend(each);
        }
        io::Result::Ok((firsts, delays))
    })?;
    println!(
        r#"{{"streams":{count},"pieces":{},{},{}}}"#,
        delays.len(),
        percentiles("first_", &mut firsts),
        percentiles("piece_", &mut delays),
    );
    Ok(())
}

/// Time to the first byte of the body, and the delay of each piece.
async fn read(
    connection: &mut Connection,
    request: &[u8],
) -> io::Result<(Duration, Vec<Duration>)> {
    let begun = Instant::now();
    let (mut first, mut piece, mut delays) = (None, Vec::new(), Vec::new());
    let answer = connection
        .ask(request, |part| {
            first.get_or_insert_with(|| begun.elapsed());
            piece.extend_from_slice(part);
            while piece.len() >= STAMPED {
                let sent = String::from_utf8_lossy(&piece[..STAMPED]).trim().parse().unwrap_or(0);
                delays.push(Duration::from_nanos(nanos_now().saturating_sub(sent)));
                piece.drain(..STAMPED);
            }
        })
        .await?;
    match first {
        Some(first) if answer.status == 200 && piece.is_empty() => Ok((first, delays)),
        _ => Err(broken(&format!("status {}, {} bytes too many", answer.status, piece.len()))),
    }
}
