//! The codings' libraries behind one door. Levels and their reasons: benches/README.md.

use std::io::{self, Write};

use brotli::CompressorWriter;
use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;
use zstd::zstd_safe::CParameter;

use crate::policy::coding::Coding;

/// From here on it is no larger than what Next.js makes (gzip 6), and takes less time.
const ZSTD: i32 = 7;
const GZIP: Compression = Compression::new(7);
/// Above 5 it takes longer and gains nothing, until 10.
const BR: i32 = 5;
const BR_BEST: i32 = 11;

/// The library's own default: 4 MiB.
const BR_WINDOW: i32 = 22;

/// A body on its way: what an encoder remembers, it keeps for each of them. 128 KiB hold all but the
/// largest pages.
const STREAM_WINDOW: u32 = 17;
const STREAM_TABLE: u32 = 16;
/// What the library takes for small bodies, if it is told that they are: 2 % at a page of 6 KiB.
const STREAM_MATCH: u32 = 4;

const BUFFER: usize = 4096;

/// Codes a whole body; with `best`, as small as it gets, however long that takes.
pub(crate) fn code(body: &[u8], coding: Coding, best: bool) -> io::Result<Vec<u8>> {
    match coding {
        Coding::Zstd => zstd::bulk::compress(body, ZSTD),
        Coding::Gzip => {
            let mut encoder = GzEncoder::new(Vec::new(), GZIP);
            encoder.write_all(body)?;
            encoder.finish()
        }
        Coding::Br => {
            let quality = if best { BR_BEST } else { BR };
            let mut encoder = br(quality, BR_WINDOW, body.len());
            encoder.write_all(body)?;
            Ok(encoder.into_inner())
        }
    }
}

fn br(quality: i32, lgwin: i32, size_hint: usize) -> CompressorWriter<Vec<u8>> {
    let params =
        BrotliEncoderParams { quality, lgwin, size_hint, ..BrotliEncoderParams::default() };
    CompressorWriter::with_params(Vec::new(), BUFFER, &params)
}

/// An encoder that is given a body piece by piece.
pub(crate) enum Encoder {
    Zstd(zstd::Encoder<'static, Vec<u8>>),
    Br(Box<CompressorWriter<Vec<u8>>>),
    Gzip(GzEncoder<Vec<u8>>),
}

impl Encoder {
    pub(crate) fn new(coding: Coding) -> io::Result<Self> {
        Ok(match coding {
            Coding::Zstd => {
                let mut encoder = zstd::Encoder::new(Vec::new(), ZSTD)?;
                encoder.set_parameter(CParameter::WindowLog(STREAM_WINDOW))?;
                encoder.set_parameter(CParameter::HashLog(STREAM_TABLE))?;
                encoder.set_parameter(CParameter::ChainLog(STREAM_TABLE))?;
                encoder.set_parameter(CParameter::MinMatch(STREAM_MATCH))?;
                Self::Zstd(encoder)
            }
            Coding::Br => Self::Br(Box::new(br(BR, STREAM_WINDOW as i32, 0))),
            Coding::Gzip => Self::Gzip(GzEncoder::new(Vec::new(), GZIP)),
        })
    }

    /// Takes a piece.
    pub(crate) fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        self.inner().write_all(piece)
    }

    /// Makes that all which was taken can be decoded from what [`Encoder::made`] gives.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.inner().flush()
    }

    /// What is ready to be sent; whoever takes it leaves nothing behind.
    pub(crate) fn made(&mut self) -> &mut Vec<u8> {
        match self {
            Self::Zstd(encoder) => encoder.get_mut(),
            Self::Br(encoder) => encoder.get_mut(),
            Self::Gzip(encoder) => encoder.get_mut(),
        }
    }

    /// The rest.
    pub(crate) fn finish(self) -> io::Result<Vec<u8>> {
        match self {
            Self::Zstd(encoder) => encoder.finish(),
            Self::Br(encoder) => Ok(encoder.into_inner()),
            Self::Gzip(encoder) => encoder.finish(),
        }
    }

    fn inner(&mut self) -> &mut dyn Write {
        match self {
            Self::Zstd(encoder) => encoder,
            Self::Br(encoder) => encoder,
            Self::Gzip(encoder) => encoder,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Read;

    use super::*;
    use proptest::prelude::*;

    const CODINGS: [Coding; 3] = [Coding::Zstd, Coding::Br, Coding::Gzip];

    /// What a client makes of a coded body, as far as it has come.
    pub(crate) fn decoded(coded: &[u8], coding: Coding) -> Vec<u8> {
        let mut body = Vec::new();
        // The end may be missing: then there is an error behind all that could be decoded.
        let _ = match coding {
            Coding::Zstd => zstd::Decoder::new(coded).unwrap().read_to_end(&mut body),
            Coding::Br => brotli::Decompressor::new(coded, BUFFER).read_to_end(&mut body),
            Coding::Gzip => flate2::read::GzDecoder::new(coded).read_to_end(&mut body),
        };
        body
    }

    #[test]
    fn the_best_is_smaller_than_the_quick() {
        let page: String =
            (0..2000).map(|n| format!("<li class=\"item\">{}</li>", n * n)).collect();
        let quick = code(page.as_bytes(), Coding::Br, false).unwrap();
        let best = code(page.as_bytes(), Coding::Br, true).unwrap();
        assert!(best.len() < quick.len(), "{} {}", best.len(), quick.len());
        assert_eq!(decoded(&best, Coding::Br), page.as_bytes());
    }

    proptest! {
        #[test]
        fn a_body_comes_back(body in proptest::collection::vec(any::<u8>(), 0..5000)) {
            for coding in CODINGS {
                let coded = code(&body, coding, false).unwrap();
                prop_assert_eq!(&decoded(&coded, coding), &body);
            }
        }

        #[test]
        fn what_was_flushed_can_be_read_at_once(
            pieces in proptest::collection::vec("[a-z ]{0,300}", 0..6),
        ) {
            for coding in CODINGS {
                let mut encoder = Encoder::new(coding).unwrap();
                let (mut sent, mut body) = (Vec::new(), Vec::new());
                for piece in &pieces {
                    encoder.write(piece.as_bytes()).unwrap();
                    encoder.flush().unwrap();
                    sent.append(encoder.made());
                    body.extend_from_slice(piece.as_bytes());
                    prop_assert_eq!(&decoded(&sent, coding), &body);
                }
                sent.extend(encoder.finish().unwrap());
                prop_assert_eq!(&decoded(&sent, coding), &body);
            }
        }
    }
}
