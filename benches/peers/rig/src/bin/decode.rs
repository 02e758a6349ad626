//! `decode CODING < CODED > PLAIN`: brotli and zstd, which Python has not.

use std::io;

fn main() -> io::Result<()> {
    let (mut from, mut to) = (io::stdin().lock(), io::stdout().lock());
    match std::env::args().nth(1).as_deref() {
        Some("br") => brotli_decompressor::BrotliDecompress(&mut from, &mut to),
        Some("zstd") => {
            let mut decoder = ruzstd::decoding::StreamingDecoder::new(&mut from)
                .map_err(|error| io::Error::other(error.to_string()))?;
            io::copy(&mut decoder, &mut to).map(drop)
        }
        coding => Err(io::Error::other(format!("{coding:?}: neither br nor zstd"))),
    }
}
