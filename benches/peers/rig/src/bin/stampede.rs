//! `stampede ADDR PATH CLIENTS`: all ask at once; when does the first byte reach each of them?

use std::io;
use std::time::{Duration, Instant};

use peers_rig::client::{self, Connection};
use peers_rig::figures::{Hash, micros};
use peers_rig::serve::runtime;
use tokio::task::LocalSet;

struct Got {
    status: u16,
    first_byte: Instant,
    whole: Instant,
    hash: u64,
    bytes: u64,
}

fn main() -> io::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let [_, address, path, clients] = &args[..] else { panic!("stampede ADDR PATH CLIENTS") };
    let address = address.parse().expect("ADDR");
    let request = client::request(path, address);
    let (begun, got) = LocalSet::new().block_on(&runtime(), async {
        let mut connections = Vec::new();
        for _ in 0..clients.parse::<usize>().expect("CLIENTS") {
            connections.push(Connection::open(address).await?);
        }
        // So that the peer has accepted them all.
        tokio::time::sleep(Duration::from_millis(200)).await;
        let begun = Instant::now();
        for connection in &mut connections {
            connection.send(&request).await?;
        }
        let tasks: Vec<_> =
            connections.into_iter().map(|one| tokio::task::spawn_local(read(one))).collect();
        let mut got = Vec::new();
        for task in tasks {
            got.push(task.await.expect("no panic")?);
        }
        io::Result::Ok((begun, got))
    })?;
    let first = got.iter().map(|one| one.first_byte).min().unwrap_or(begun);
    let last = got.iter().map(|one| one.first_byte).max().unwrap_or(begun);
    let end = got.iter().map(|one| one.whole).max().unwrap_or(begun);
    let ok = got.iter().filter(|one| one.status == 200 && one.hash == got[0].hash).count();
    println!(
        r#"{{"clients":{},"alike":{ok},"bytes":{},"hash":"{:x}","first_us":{:.0},"spread_us":{:.0},"end_us":{:.0}}}"#,
        got.len(),
        got[0].bytes,
        got[0].hash,
        micros(first - begun),
        micros(last - first),
        micros(end - begun),
    );
    Ok(())
}

async fn read(mut connection: Connection) -> io::Result<Got> {
    let mut hash = Hash::default();
    let answer = connection.answer(|part| hash.add(part)).await?;
    Ok(Got {
        status: answer.status,
        first_byte: answer.first_byte,
        whole: Instant::now(),
        hash: hash.0,
        bytes: answer.body,
    })
}
