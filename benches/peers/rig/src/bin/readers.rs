//! `readers ADDR PATH COUNT SECONDS PART PAUSE_MS`: clients that read `PART` bytes, and then do nothing
//! for a while; with a `PAUSE_MS` of 0 whole answers one after another, as fast as they come.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use peers_rig::client::{self, Connection, broken};
use peers_rig::serve::runtime;
use tokio::task::LocalSet;

struct Reader {
    address: SocketAddr,
    path: String,
    part: usize,
    pause: Duration,
    end: Instant,
}

fn main() -> io::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let [_, address, path, count, seconds, part, pause] = &args[..] else {
        panic!("readers ADDR PATH COUNT SECONDS PART PAUSE_MS")
    };
    let number = |word: &String| word.parse::<u64>().expect("a number");
    let end = Instant::now() + Duration::from_secs_f64(seconds.parse().expect("SECONDS"));
    let (mut bytes, mut whole) = (0, 0);
    LocalSet::new().block_on(&runtime(), async {
        let tasks: Vec<_> = (0..number(count))
            .map(|_| {
                let reader = Reader {
                    address: address.parse().expect("ADDR"),
                    path: path.clone(),
                    part: number(part) as usize,
                    pause: Duration::from_millis(number(pause)),
                    end,
                };
                tokio::task::spawn_local(async move {
                    if reader.pause.is_zero() { reader.gulp().await } else { reader.sip().await }
                })
            })
            .collect();
        for task in tasks {
            let (some, ends) = task.await.expect("no panic")?;
            bytes += some;
            whole += ends;
        }
        io::Result::Ok(())
    })?;
    println!(r#"{{"readers":{count},"bytes":{bytes},"whole":{whole}}}"#);
    Ok(())
}

impl Reader {
    /// Bytes read, and answers that were read to their end.
    async fn gulp(&self) -> io::Result<(u64, u64)> {
        let (mut bytes, mut whole) = (0, 0);
        let request = client::request(&self.path, self.address);
        let mut connection = Connection::open(self.address).await?;
        while Instant::now() < self.end {
            let answer = connection.ask(&request, |_| ()).await?;
            if answer.status != 200 {
                return Err(broken(&format!("status {}", answer.status)));
            }
            bytes += answer.body;
            whole += 1;
        }
        Ok((bytes, whole))
    }

    async fn sip(&self) -> io::Result<(u64, u64)> {
        let mut bytes = 0;
        let request = client::request(&self.path, self.address);
        let mut connection = Connection::open(self.address).await?;
        connection.send(&request).await?;
        while Instant::now() < self.end {
            match connection.some(self.part).await? {
                0 => return Ok((bytes, 1)),
                some => bytes += some as u64,
            }
            tokio::time::sleep(self.pause).await;
        }
        Ok((bytes, 0))
    }
}
