//! What the other side describes.

use super::Crypto;
use crate::codec::Codec;
use std::net::{IpAddr, SocketAddr};
use thiserror::Error;

/// No description is longer than this, in bytes.
const LONGEST: usize = 64 * 1024;
/// No description has more lines of media.
const MOST_LINES: usize = 32;

/// Why a text is no description.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SdpError {
    /// Not readable even after cleaning.
    #[error("not a session description: {0}")]
    Malformed(String),
    /// Longer than 64 KiB, or with more than 32 lines of media.
    #[error("the session description is too long")]
    TooLong,
}

/// Which way sound goes, as seen by whoever says it (RFC 8866, section 6.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Both ways.
    #[default]
    SendRecv,
    /// Out only: the other is held.
    SendOnly,
    /// In only.
    RecvOnly,
    /// Neither.
    Inactive,
}

impl Direction {
    fn new(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    /// Whether whoever says it sends.
    pub fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether whoever says it receives.
    pub fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// The same as seen from the other side.
    pub fn mirrored(self) -> Self {
        Self::new(self.receives(), self.sends())
    }

    /// Only what both allow.
    pub fn within(self, other: Self) -> Self {
        Self::new(self.sends() && other.sends(), self.receives() && other.receives())
    }

    /// The attribute.
    pub fn name(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::SendRecv, Self::SendOnly, Self::RecvOnly, Self::Inactive]
            .into_iter()
            .find(|direction| direction.name() == name)
    }
}

/// A line of media, as it has to come back in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// `audio`, `video`, …
    pub media: String,
    /// `RTP/AVP`, …
    pub protocol: String,
    /// The formats.
    pub formats: String,
    /// The port; 0 is a line that is not used.
    pub port: u16,
}

/// The line of sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audio {
    /// Which of the lines.
    pub line: usize,
    /// Where sound shall go; none for a name, or for 0.0.0.0.
    pub address: Option<SocketAddr>,
    /// Where reports shall go.
    pub rtcp: Option<SocketAddr>,
    /// Sound and reports may share a port (RFC 5761).
    pub rtcp_mux: bool,
    /// Which way, as the other side sees it. The old way to hold, `c=0.0.0.0` (RFC 2543), counts as not receiving.
    pub direction: Direction,
    /// What it can speak of what we know, with its payload types, in its order, each once.
    pub codecs: Vec<(Codec, u8)>,
    /// The payload type of telephone-events at 8000 Hz.
    pub dtmf: Option<u8>,
    /// The payload type of comfort noise (RFC 3389).
    pub comfort_noise: Option<u8>,
    /// Milliseconds a packet that it would like.
    pub ptime: Option<u32>,
    /// Encryption is asked for by the profile.
    pub secure: bool,
    /// Keys that we can use.
    pub crypto: Vec<Crypto>,
}

/// A description by the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// All lines of media.
    pub lines: Vec<Line>,
    /// The first line of sound that is used and can be.
    pub audio: Option<Audio>,
}

impl Remote {
    /// Reads a description. Lines that are none are left out first: some phones send junk.
    ///
    /// # Errors
    /// See [`SdpError`].
    pub fn parse(text: &[u8]) -> Result<Self, SdpError> {
        if text.len() > LONGEST {
            return Err(SdpError::TooLong);
        }
        let session = sdp_types::Session::parse(clean(text).as_bytes())
            .map_err(|error| SdpError::Malformed(error.to_string()))?;
        if session.medias.len() > MOST_LINES {
            return Err(SdpError::TooLong);
        }
        let lines = session.medias.iter().map(|media| Line {
            media: media.media.clone(),
            protocol: media.proto.clone(),
            formats: media.fmt.clone(),
            port: media.port,
        });
        let audio = session.medias.iter().enumerate().find_map(|(line, media)| audio(&session, line, media));
        Ok(Self { lines: lines.collect(), audio })
    }
}

/// Only lines `x=…`, each ended in one way.
fn clean(text: &[u8]) -> String {
    String::from_utf8_lossy(text)
        .split(['\r', '\n'])
        .map(str::trim_end)
        .filter(|line| matches!(line.as_bytes(), [b'a'..=b'z', b'=', ..]) && !line.contains('\0'))
        .flat_map(|line| [line, "\r\n"])
        .collect()
}

fn audio(session: &sdp_types::Session, line: usize, media: &sdp_types::Media) -> Option<Audio> {
    let secure = match media.proto.as_str() {
        "RTP/AVP" | "RTP/AVPF" => false,
        "RTP/SAVP" | "RTP/SAVPF" => true,
        _ => return None,
    };
    if media.media != "audio" || media.port == 0 {
        return None;
    }
    let values = |name: &'static str| {
        let of_media = media.attributes.iter().filter(move |attribute| attribute.attribute == name);
        of_media.map(|attribute| attribute.value.as_deref().unwrap_or(""))
    };
    let maps: Vec<(u8, &str)> = values("rtpmap")
        .filter_map(|value| value.split_once(' '))
        .filter_map(|(number, name)| Some((number.parse().ok()?, name.trim())))
        .collect();
    let (mut codecs, mut dtmf, mut comfort_noise) = (Vec::<(Codec, u8)>::new(), None, None);
    for number in media.fmt.split_ascii_whitespace().filter_map(|word| word.parse::<u8>().ok()) {
        let map = maps.iter().find(|(mapped, _)| *mapped == number).map(|(_, name)| *name);
        let mut parts = map.unwrap_or("").split('/');
        let (name, clock) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        let found = if map.is_none() {
            Codec::of_payload_type(number)
        } else {
            Codec::named(name).filter(|_| clock == "8000")
        };
        if let Some(codec) = found {
            if !codecs.iter().any(|(known, _)| *known == codec) && number < 128 {
                codecs.push((codec, number));
            }
        } else if name.eq_ignore_ascii_case("telephone-event") && clock == "8000" {
            dtmf = dtmf.or(Some(number)).filter(|number| *number < 128);
        } else if number == 13 || name.eq_ignore_ascii_case("CN") && clock == "8000" {
            comfort_noise = comfort_noise.or(Some(number)).filter(|number| *number < 128);
        }
    }
    if codecs.is_empty() {
        return None;
    }
    let connection = media.connections.first().or(session.connection.as_ref());
    let address = connection.and_then(|connection| connection.try_address().ok()).map(|address| address.ip);
    let nowhere = address.is_some_and(|address| address.is_unspecified());
    let address = address.filter(|address| !address.is_unspecified() && !address.is_multicast());
    let said = media.attributes.iter().chain(&session.attributes);
    let said = said.filter_map(|attribute| Direction::named(&attribute.attribute)).next().unwrap_or_default();
    let direction = if nowhere { said.within(Direction::SendOnly) } else { said };
    let rtcp_mux = values("rtcp-mux").next().is_some();
    Some(Audio {
        line,
        address: address.map(|address| SocketAddr::new(address, media.port)),
        rtcp: if rtcp_mux {
            address.map(|address| SocketAddr::new(address, media.port))
        } else {
            reports(values("rtcp").next(), address, media.port)
        },
        rtcp_mux,
        direction,
        codecs,
        dtmf,
        comfort_noise,
        ptime: values("ptime").find_map(|value| value.trim().parse().ok()).filter(|ptime| *ptime > 0),
        secure,
        crypto: values("crypto").filter_map(Crypto::parse).collect(),
    })
}

/// `a=rtcp` (RFC 3605), or the next port.
fn reports(said: Option<&str>, address: Option<IpAddr>, port: u16) -> Option<SocketAddr> {
    let mut words = said.unwrap_or("").split_ascii_whitespace();
    let port = words.next().and_then(|word| word.parse().ok()).or_else(|| port.checked_add(1))?;
    let address = words.nth(2).and_then(|word| word.parse().ok()).or(address)?;
    (port > 0).then(|| SocketAddr::new(address, port))
}
