//! All that can be wrong with a value, and what to write instead.

use std::net::IpAddr;

/// What is wrong with a value. Displayed as a sentence without its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// Text that is nothing like what is wanted.
    #[error("{text:?} is not {what}")]
    Not {
        /// The value as given.
        text: String,
        /// What is wanted: "a duration".
        what: &'static str,
        /// How that is written.
        expected: &'static str,
    },
    /// A list where one value is wanted.
    #[error("this is a list, and one value is wanted")]
    List,
    /// A section where a value is wanted.
    #[error("this is a section, and a value is wanted")]
    Section,
    /// A variable with bytes that are no text.
    #[error("the value is not UTF-8")]
    NotUtf8,
    /// A duration as a bare number.
    #[error("{number} has no unit")]
    NoUnit {
        /// The number.
        number: String,
    },
    /// `16M`, `16Gi`.
    #[error("{text:?} has half a unit")]
    HalfUnit {
        /// The value as given.
        text: String,
        /// With the binary unit.
        binary: String,
        /// With the decimal unit.
        decimal: String,
    },
    /// Less than the least.
    #[error("{text} is too little")]
    TooLittle {
        /// The value as given.
        text: String,
        /// The least that is allowed.
        least: String,
        /// What less would do.
        why: &'static str,
    },
    /// More than the most.
    #[error("{text} is too much")]
    TooMuch {
        /// The value as given.
        text: String,
        /// The most that is allowed.
        most: String,
    },
    /// `127.0.0.1`
    #[error("{ip} has no port")]
    NoPort {
        /// The address as given.
        ip: IpAddr,
        /// The port that it would have by default.
        port: u16,
    },
    /// `:9180` for an address that nobody should open by accident.
    #[error("{text:?} does not say to whom it is open")]
    BarePort {
        /// The value as given.
        text: String,
        /// The port.
        port: u16,
    },
    /// `localhost:9180`
    #[error("{host:?} is a name, and an address is wanted")]
    Name {
        /// The name.
        host: String,
        /// The port that came with it.
        port: u16,
    },
    /// An origin with a scheme that is not offered.
    #[error("the origin is asked in plain HTTP, as Next.js speaks it; {scheme} is not offered")]
    Scheme {
        /// `https`
        scheme: String,
        /// The address with `http`.
        plain: String,
    },
    /// `127.0.0.1:3000` for the origin.
    #[error("{text:?} has no scheme")]
    NoScheme {
        /// The value as given.
        text: String,
        /// The address with `http`.
        plain: String,
    },
    /// An origin with a path, a query or a user.
    #[error("an origin has no {part}")]
    OriginPart {
        /// What it has too much.
        part: &'static str,
        /// The address without it.
        plain: String,
    },
    /// `unix:run/next.sock`
    #[error("{path:?} is not a whole path")]
    RelativeSocket {
        /// The path as given.
        path: String,
    },
    /// `10.0.0.1/8`
    #[error("{text} is neither a network nor a host")]
    HostBits {
        /// The value as given.
        text: String,
        /// The network.
        network: String,
        /// The host.
        host: String,
    },
    /// A `basePath` as Next.js would not take it.
    #[error("{text:?} is not a base path")]
    BasePath {
        /// The value as given.
        text: String,
        /// What may have been meant.
        meant: String,
    },
    /// A member of a `tracing` filter that is neither a level nor says one.
    #[error("{text:?} is neither a level nor gives one to a part of the program")]
    Filter {
        /// The member.
        text: String,
    },
    /// None of the words that are known.
    #[error("{text:?} is not known here")]
    Word {
        /// The value as given.
        text: String,
        /// All that are known.
        known: Vec<&'static str>,
    },
    /// As within, where a word would have been right too.
    #[error("{wrong}")]
    OrWord {
        /// What is wrong.
        wrong: Box<Wrong>,
        /// `auto`, `off`
        word: &'static str,
    },
}

impl Wrong {
    /// What to write instead. A sentence without its end.
    pub fn remedy(&self) -> String {
        match self {
            Self::Not { expected, .. } => format!("write {expected}"),
            Self::List => "write one value, without brackets".into(),
            Self::Section => "write key = value, without a section of its own".into(),
            Self::NotUtf8 => "write it in ASCII or UTF-8".into(),
            Self::NoUnit { number } => format!("write \"{number}s\" if seconds are meant"),
            Self::HalfUnit { binary, decimal, .. } => format!("write {binary:?} or {decimal:?}"),
            Self::TooLittle { least, why, .. } => format!("write at least {least}: {why}"),
            Self::TooMuch { most, .. } => format!("write at most {most}"),
            Self::NoPort { ip: IpAddr::V4(ip), port } => format!("write \"{ip}:{port}\""),
            Self::NoPort { ip: IpAddr::V6(ip), port } => format!("write \"[{ip}]:{port}\""),
            Self::BarePort { port, .. } => format!(
                "write \"127.0.0.1:{port}\" for this machine, or \"0.0.0.0:{port}\" for everyone"
            ),
            Self::Name { host, port } if host == "localhost" => {
                format!("write \"127.0.0.1:{port}\"")
            }
            Self::Name { port, .. } => {
                format!("write \"0.0.0.0:{port}\", or the address of one interface")
            }
            Self::Scheme { plain, .. }
            | Self::NoScheme { plain, .. }
            | Self::OriginPart { plain, .. } => format!("write {plain:?}"),
            Self::RelativeSocket { .. } => {
                "write it from the root, as in \"unix:/run/next.sock\"".into()
            }
            Self::HostBits { network, host, .. } => {
                format!("write {network:?} for the network or {host:?} for the host")
            }
            Self::BasePath { meant, .. } => {
                format!("write the basePath of next.config.js, here probably {meant:?}")
            }
            Self::Filter { .. } => "a level is error, warn, info, debug, trace or off; \
                                    write \"info\", or \"info,hyper=debug\""
                .into(),
            Self::Word { known, .. } => format!("write {}", alternatives(known)),
            Self::OrWord { wrong, word } => format!("{}, or {word:?}", wrong.remedy()),
        }
    }
}

/// `"a", "b" or "c"`
fn alternatives(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} or {last}", before.join(", ")),
        None => String::new(),
    }
}
