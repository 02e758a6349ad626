//! `paced ADDR FILE RATE SECONDS CONNECTIONS`: so many requests a second, whether or not the earlier
//! ones have been answered; a request that finds no free connection waits, and that counts.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use peers_rig::client::{self, Connection, broken};
use peers_rig::figures::percentiles;
use peers_rig::serve::runtime;
use peers_rig::text::Random;
use tokio::sync::Notify;
use tokio::task::LocalSet;

const TICK: Duration = Duration::from_millis(1);

#[derive(Default)]
struct Queue {
    due: RefCell<VecDeque<(Instant, usize)>>,
    more: Notify,
    latencies: RefCell<Vec<Duration>>,
}

fn main() -> io::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let [_, address, file, rate, seconds, connections] = &args[..] else {
        panic!("paced ADDR FILE RATE SECONDS CONNECTIONS")
    };
    let address = address.parse().expect("ADDR");
    let requests: Rc<Vec<Bytes>> = Rc::new(client::requests(file, address)?);
    let (rate, seconds): (f64, f64) =
        (rate.parse().expect("RATE"), seconds.parse().expect("SECONDS"));
    let queue = Rc::new(Queue::default());
    let asked = LocalSet::new().block_on(&runtime(), async {
        for _ in 0..connections.parse::<usize>().expect("CONNECTIONS") {
            let connection = Connection::open(address).await?;
            let (requests, queue) = (requests.clone(), queue.clone());
            tokio::task::spawn_local(async move {
                if let Err(error) = work(connection, &requests, &queue).await {
                    eprintln!("{error}");
                    std::process::exit(1);
                }
            });
        }
        let asked = pace(&queue, requests.len(), rate, Duration::from_secs_f64(seconds)).await;
        // What was asked last gets the time to be answered.
        for _ in 0..5000 {
            if queue.latencies.borrow().len() == asked {
                break;
            }
            tokio::time::sleep(TICK).await;
        }
        io::Result::Ok(asked)
    })?;
    let mut latencies = queue.latencies.take();
    let answered = latencies.len();
    println!(r#"{{"asked":{asked},"answered":{answered},{}}}"#, percentiles("", &mut latencies));
    Ok(())
}

async fn pace(queue: &Queue, lines: usize, rate: f64, length: Duration) -> usize {
    let begun = Instant::now();
    let mut ticks = tokio::time::interval(TICK);
    let mut random = Random::new(7);
    let mut asked = 0;
    while begun.elapsed() < length {
        ticks.tick().await;
        let by_now = (begun.elapsed().as_secs_f64() * rate) as usize;
        while asked < by_now {
            let line = random.below(lines as u64) as usize;
            queue.due.borrow_mut().push_back((Instant::now(), line));
            queue.more.notify_one();
            asked += 1;
        }
    }
    asked
}

async fn work(mut connection: Connection, requests: &[Bytes], queue: &Queue) -> io::Result<()> {
    loop {
        let due = queue.due.borrow_mut().pop_front();
        let Some((due, line)) = due else {
            queue.more.notified().await;
            continue;
        };
        let answer = connection.ask(&requests[line], |_| ()).await?;
        if answer.status != 200 {
            return Err(broken(&format!("status {}", answer.status)));
        }
        queue.latencies.borrow_mut().push(due.elapsed());
    }
}
