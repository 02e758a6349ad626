//! `crowd ADDR FILE CONNECTIONS SECONDS HIT`: visitors who ask for lines of the file at random, each as
//! soon as the last answer is there. Prints each second how many were answered, and how many of those
//! answers had `HIT` in their head.

use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use peers_rig::client::{self, Connection, broken};
use peers_rig::serve::runtime;
use peers_rig::text::Random;
use tokio::task::LocalSet;

#[derive(Default)]
struct Counts {
    requests: Cell<u64>,
    hits: Cell<u64>,
    bytes: Cell<u64>,
}

fn main() -> io::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let [_, address, file, connections, seconds, hit] = &args[..] else {
        panic!("crowd ADDR FILE CONNECTIONS SECONDS HIT")
    };
    let address = address.parse().expect("ADDR");
    let requests: Rc<Vec<Bytes>> = Rc::new(client::requests(file, address)?);
    let counts = Rc::new(Counts::default());
    let hit: Rc<[u8]> = hit.as_bytes().into();
    LocalSet::new().block_on(&runtime(), async {
        for number in 0..connections.parse::<u64>().expect("CONNECTIONS") {
            let connection = Connection::open(address).await?;
            let (requests, counts, hit) = (requests.clone(), counts.clone(), hit.clone());
            tokio::task::spawn_local(async move {
                if let Err(error) = visit(connection, &requests, &counts, &hit, number).await {
                    eprintln!("{error}");
                    std::process::exit(1);
                }
            });
        }
        let begun = Instant::now();
        let mut ticks = tokio::time::interval(Duration::from_secs(1));
        ticks.tick().await;
        for _ in 0..seconds.parse::<u64>().expect("SECONDS") {
            ticks.tick().await;
            println!(
                r#"{{"second":{:.2},"requests":{},"hits":{},"bytes":{}}}"#,
                begun.elapsed().as_secs_f64(),
                counts.requests.take(),
                counts.hits.take(),
                counts.bytes.take(),
            );
        }
        io::Result::Ok(())
    })
}

async fn visit(
    mut connection: Connection,
    requests: &[Bytes],
    counts: &Counts,
    hit: &[u8],
    number: u64,
) -> io::Result<()> {
    let mut random = Random::new(number);
    loop {
        let line = random.below(requests.len() as u64) as usize;
        let answer = connection.ask(&requests[line], |_| ()).await?;
        if answer.status != 200 {
            return Err(broken(&format!("status {}", answer.status)));
        }
        let is_hit = answer.head.windows(hit.len()).any(|part| part == hit);
        counts.requests.set(counts.requests.get() + 1);
        counts.hits.set(counts.hits.get() + u64::from(is_hit));
        counts.bytes.set(counts.bytes.get() + answer.body);
    }
}
