//! What the wrapped server says, passed on line by line so that ours and its do not mix.

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::task::JoinHandle;

use crate::log::Writer;

const PREFIX: &[u8] = b"app | ";

/// A line without an end is passed on in parts of this size.
const LONGEST: usize = 64 * 1024;

/// Passes on until the stream ends.
pub(super) fn pass_on(
    stream: impl AsyncRead + Unpin + Send + 'static,
    writer: Writer,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while let Ok(chunk) = reader.fill_buf().await {
            if chunk.is_empty() {
                break;
            }
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let taken = end.unwrap_or(chunk.len());
            line.extend_from_slice(&chunk[..taken]);
            reader.consume(end.map_or(taken, |end| end + 1));
            if end.is_some() || line.len() >= LONGEST {
                write(&writer, &mut line);
            }
        }
        if !line.is_empty() {
            write(&writer, &mut line);
        }
    })
}

fn write(writer: &Writer, line: &mut Vec<u8>) {
    writer.write(|buffer| {
        buffer.extend_from_slice(PREFIX);
        buffer.extend_from_slice(line);
        buffer.push(b'\n');
    });
    line.clear();
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use crate::log::testing::Kept;

    #[tokio::test]
    async fn each_line_has_its_prefix_also_the_last_without_an_end() {
        let kept = Kept::default();
        let writer = Writer::new("test", kept.clone());
        pass_on(&b"one\n\ntwo \x1b[1mbold\nthree"[..], writer.clone()).await.unwrap();
        writer.finish(Duration::from_secs(20));
        assert_eq!(kept.text(), "app | one\napp | \napp | two \u{1b}[1mbold\napp | three\n");
    }

    #[tokio::test]
    async fn a_line_that_never_ends_takes_no_more_memory_than_its_part() {
        let kept = Kept::default();
        let writer = Writer::new("test", kept.clone());
        let endless = vec![b'x'; LONGEST * 3];
        pass_on(std::io::Cursor::new(endless), writer.clone()).await.unwrap();
        writer.finish(Duration::from_secs(20));
        assert_eq!(kept.text().lines().count(), 3);
    }
}
