//! `fill ADDR FILE CONNECTIONS`: asks for each line of the file once. Anything but 200 is a failure.

use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::time::Instant;

use bytes::Bytes;
use peers_rig::client::{self, Connection, broken};
use peers_rig::serve::runtime;
use tokio::task::LocalSet;

fn main() -> io::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let [_, address, file, connections] = &args[..] else { panic!("fill ADDR FILE CONNECTIONS") };
    let address = address.parse().expect("ADDR");
    let requests: Rc<Vec<Bytes>> = Rc::new(client::requests(file, address)?);
    let next = Rc::new(Cell::new(0));
    let begun = Instant::now();
    let bytes = LocalSet::new().block_on(&runtime(), async {
        let workers: Vec<_> = (0..connections.parse::<usize>().expect("CONNECTIONS"))
            .map(|_| {
                let (requests, next) = (requests.clone(), next.clone());
                tokio::task::spawn_local(async move {
                    let mut connection = Connection::open(address).await?;
                    work(&mut connection, &requests, &next).await
                })
            })
            .collect();
        let mut bytes = 0;
        for worker in workers {
            bytes += worker.await.expect("no panic")?;
        }
        io::Result::Ok(bytes)
    })?;
    let seconds = begun.elapsed().as_secs_f64();
    println!(r#"{{"requests":{},"bytes":{bytes},"seconds":{seconds:.3}}}"#, requests.len());
    Ok(())
}

async fn work(
    connection: &mut Connection,
    requests: &[Bytes],
    next: &Cell<usize>,
) -> io::Result<u64> {
    let mut bytes = 0;
    while let Some(request) = requests.get(next.replace(next.get() + 1)) {
        let answer = connection.ask(request, |_| ()).await?;
        if answer.status != 200 {
            let head = String::from_utf8_lossy(&answer.head).into_owned();
            return Err(broken(&format!(
                "{} was answered by {head}",
                String::from_utf8_lossy(request)
            )));
        }
        bytes += answer.body;
    }
    Ok(bytes)
}
