use super::*;
use futures_util::FutureExt;
use http_body_util::BodyExt;

const PATIENCE: Duration = Duration::from_secs(10);

fn growing(max: usize) -> Arc<Growing> {
    Growing::new(Limits { max, patience: PATIENCE, room: Room::new(10 * WINDOW) })
}

/// More than a reader may lag behind.
fn much() -> Bytes {
    Bytes::from(vec![b'x'; WINDOW + 1])
}

async fn read(reader: Reader) -> Result<Bytes, BodyError> {
    reader.collect().await.map(|collected| collected.to_bytes())
}

#[tokio::test]
async fn early_and_late_readers_get_the_same_bytes() {
    let body = growing(100);
    let writer = body.writer();
    let early = tokio::spawn(read(body.reader().unwrap()));
    assert!(writer.push("one ".into(), false).await);
    let middle = tokio::spawn(read(body.reader().unwrap()));
    assert!(writer.push("two".into(), false).await);
    let Written::Whole(whole) = writer.whole() else { panic!("it fits") };
    writer.complete(None);
    let late = read(body.reader().unwrap()).await.unwrap();
    assert_eq!(whole, "one two");
    assert_eq!(early.await.unwrap().unwrap(), whole);
    assert_eq!(middle.await.unwrap().unwrap(), whole);
    assert_eq!(late, whole);
}

/// The place of one who had read everything was given to the next reader, and taken from him
/// when the first was dropped: he got an empty body for a whole one.
#[tokio::test]
async fn a_reader_keeps_its_place_when_one_that_has_ended_leaves() {
    let body = growing(100);
    let writer = body.writer();
    let mut first = body.reader().unwrap();
    assert!(writer.push("the whole page".into(), false).await);
    writer.complete(None);
    while first.frame().await.is_some() {}
    let second = body.reader().unwrap();
    drop(first);
    assert_eq!(read(second).await.unwrap(), "the whole page");
}

#[tokio::test]
async fn what_is_kept_does_not_keep_the_buffer_that_it_was_read_into() {
    let body = growing(100);
    let writer = body.writer();
    let buffer = Bytes::from(vec![b'x'; 100_000]);
    assert!(writer.push(buffer.slice(..10), false).await);
    let Written::Whole(whole) = writer.whole() else { panic!("it fits") };
    assert_ne!(whole.as_ptr(), buffer.as_ptr());
}

#[tokio::test]
async fn a_body_that_breaks_off_is_an_error_for_every_reader() {
    let body = growing(100);
    let writer = body.writer();
    let reader = body.reader().unwrap();
    assert!(writer.push("part".into(), false).await);
    writer.broken(BodyError::Broken("origin died".into()));
    assert!(read(reader).await.is_err());
    assert!(read(body.reader().unwrap()).await.is_err());
}

#[tokio::test]
async fn a_body_too_large_waits_for_its_slowest_reader_and_takes_no_more() {
    let body = growing(4);
    let writer = body.writer();
    let mut slow = body.reader().unwrap();
    let fast = tokio::spawn(read(body.reader().unwrap()));
    let pushed = tokio::spawn(async move { (writer.push(much(), false).await, writer) });
    tokio::task::yield_now().await;
    assert!(!pushed.is_finished(), "the slow reader has read nothing");
    slow.frame().await.unwrap().unwrap();
    let (goes_on, writer) = pushed.await.unwrap();
    assert!(goes_on);
    assert!(body.reader().is_none(), "whoever comes now would miss the beginning");
    assert!(matches!(writer.whole(), Written::TooLarge));
    writer.complete(None);
    assert_eq!(read(slow).await.unwrap(), "");
    assert_eq!(fast.await.unwrap().unwrap(), much());
}

#[tokio::test(start_paused = true)]
async fn a_reader_who_holds_up_others_for_too_long_is_cut_off() {
    let body = growing(4);
    let writer = body.writer();
    let mut slow = body.reader().unwrap();
    let fast = tokio::spawn(read(body.reader().unwrap()));
    let began = Instant::now();
    for _ in 0..3 {
        assert!(writer.push(much(), false).await);
    }
    writer.complete(None);
    assert_eq!(fast.await.unwrap().unwrap().len(), 3 * much().len());
    assert_eq!(began.elapsed().as_secs(), PATIENCE.as_secs(), "in all, not each time");
    assert!(slow.frame().await.unwrap().is_err());
}

#[tokio::test(start_paused = true)]
async fn one_who_reads_alone_may_take_his_time() {
    let body = growing(4);
    let writer = body.writer();
    let mut reader = body.reader().unwrap();
    let pushed = tokio::spawn(async move { (writer.push(much(), false).await, writer) });
    tokio::time::sleep(PATIENCE * 3).await;
    assert!(!pushed.is_finished());
    assert!(reader.frame().await.unwrap().is_ok());
    assert!(pushed.await.unwrap().0);
}

#[tokio::test]
async fn a_body_too_large_that_nobody_reads_is_given_up() {
    let body = growing(4);
    let writer = body.writer();
    let reader = body.reader().unwrap();
    assert!(writer.push("123".into(), false).await);
    drop(reader);
    assert!(writer.push("4".into(), false).await, "it may still be stored");
    assert!(!writer.push("5".into(), false).await);
}

#[tokio::test]
async fn where_there_is_no_room_a_body_goes_through_and_is_not_kept() {
    let room = Room::new(10);
    let limits = Limits { max: 100, patience: PATIENCE, room };
    let (first, second) = (Growing::new(limits.clone()), Growing::new(limits.clone()));
    assert!(first.writer().push("12345678".into(), false).await);
    let (writer, reader) = (second.writer(), second.reader().unwrap());
    assert!(writer.push("12345678".into(), false).await);
    assert!(matches!(writer.whole(), Written::NoRoom));
    writer.complete(None);
    assert_eq!(read(reader).await.unwrap(), "12345678");
    drop((first, second));
    let third = Growing::new(limits);
    assert!(third.writer().push("1234567890".into(), false).await);
    assert!(matches!(third.whole(), Written::Whole(_)), "what was taken was given back");
}

#[tokio::test]
async fn a_writer_that_panics_breaks_the_body_off() {
    let body = growing(100);
    let writer = body.writer();
    let reader = tokio::spawn(read(body.reader().unwrap()));
    let task = tokio::spawn(async move {
        writer.push("part".into(), false).await;
        panic!("a defect");
    });
    assert!(task.await.is_err());
    assert!(reader.await.unwrap().is_err());
}

#[tokio::test]
async fn trailers_reach_every_reader() {
    let body = growing(100);
    let writer = body.writer();
    let reader = body.reader().unwrap();
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", "1".parse().unwrap());
    writer.complete(Some(trailers.clone()));
    let collected = reader.collect().await.unwrap();
    assert_eq!(collected.trailers(), Some(&trailers));
}

/// Who had a whole page and asked for it again, at once, was told that it had gone stale: it had not
/// been stored yet.
#[tokio::test]
async fn the_last_chunk_is_shown_when_the_body_is_stored() {
    let body = growing(100);
    let writer = body.writer();
    let mut reader = body.reader().unwrap();
    assert!(writer.push("first ".into(), false).await);
    assert!(writer.push("last".into(), true).await);
    let first = reader.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(first, "first ");
    assert!(reader.frame().now_or_never().is_none());
    assert!(matches!(writer.whole(), Written::Whole(whole) if whole == "first last"));
    let last = tokio::spawn(read(reader));
    tokio::task::yield_now().await;
    assert!(!last.is_finished());
    writer.complete(None);
    assert_eq!(last.await.unwrap().unwrap(), "last");
    assert_eq!(read(body.reader().unwrap()).await.unwrap(), "first last");
}

#[tokio::test]
async fn a_last_chunk_of_what_is_not_kept_waits_for_nothing() {
    let body = growing(4);
    let writer = body.writer();
    let mut reader = body.reader().unwrap();
    assert!(writer.push("too much".into(), true).await);
    assert!(reader.frame().now_or_never().is_some());
}

/// A fault of ours while it is stored takes nothing from those who read.
#[tokio::test]
async fn a_body_whose_last_chunk_has_come_is_whole_whatever_becomes_of_its_writer() {
    let body = growing(100);
    let writer = body.writer();
    assert!(writer.push("the whole page".into(), true).await);
    drop(writer);
    assert_eq!(read(body.reader().unwrap()).await.unwrap(), "the whole page");
}
