//! Our side of one leg's description.

use super::{Audio, Crypto, Direction, Remote};
use crate::{
    codec::Codec,
    srtp::{Master, Suite},
};
use std::{
    fmt::Write,
    net::{IpAddr, SocketAddr},
};
use thiserror::Error;

/// The payload type that we propose for telephone-events.
const DTMF: u8 = 101;

/// Whether a leg is encrypted (SDES, RFC 4568).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encryption {
    /// Never.
    Never,
    /// If the other side asks for it.
    #[default]
    IfAsked,
    /// Always.
    Always,
}

/// What we can do on a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    /// Where we listen.
    pub address: IpAddr,
    /// The port for sound; reports come to the next one, or to the same.
    pub port: u16,
    /// What we speak, what we like best first.
    pub codecs: Vec<Codec>,
    /// Whether to encrypt.
    pub encryption: Encryption,
}

/// Why no call can come of a description: 488 in SIP.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Refused {
    /// No line of sound that we could use, or no codec in common.
    #[error("no sound that we could use")]
    NoSound,
    /// Encryption is wanted by one side and impossible for the other.
    #[error("no agreement on encryption")]
    Encryption,
}

/// The keys of both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keys {
    /// How.
    pub suite: Suite,
    /// For what we send.
    pub ours: Master,
    /// For what we receive.
    pub theirs: Master,
}

/// What both sides have agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// The one codec.
    pub codec: Codec,
    /// Its payload type, both ways.
    pub payload_type: u8,
    /// The payload type of telephone-events, if the other side knows them.
    pub dtmf: Option<u8>,
    /// The payload type of comfort noise that may come.
    pub comfort_noise: Option<u8>,
    /// Where sound goes; none if the other side named no address that we can use.
    pub remote: Option<SocketAddr>,
    /// Where reports go.
    pub rtcp: Option<SocketAddr>,
    /// Sound and reports share a port.
    pub rtcp_mux: bool,
    /// Which way, as we see it.
    pub direction: Direction,
    /// The other side has put us on hold: it does not want to hear us.
    pub held: bool,
    /// The keys, if encrypted.
    pub keys: Option<Keys>,
}

/// What a payload type carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carries {
    /// Sound, for the jitter buffer.
    Sound,
    /// Digits, which never get into the mix.
    Digits,
    /// The level of a pause's noise (RFC 3389).
    Noise,
    /// Nothing that was agreed on.
    Unknown,
}

impl Agreed {
    /// What packets of this payload type are for.
    pub fn carries(&self, payload_type: u8) -> Carries {
        match payload_type {
            number if number == self.payload_type => Carries::Sound,
            number if Some(number) == self.dtmf => Carries::Digits,
            number if Some(number) == self.comfort_noise => Carries::Noise,
            _ => Carries::Unknown,
        }
    }
}

/// One leg's descriptions from the first to the last.
#[derive(Clone, Debug)]
pub struct Session {
    id: u64,
    version: u64,
    local: Local,
    /// What was sent last, without its `o=` line.
    said: String,
    /// The codec in use, with its number, and the number of telephone-events: they stay what they are for the whole call.
    codec: Option<(Codec, u8)>,
    dtmf: Option<u8>,
    /// The number of lines that each description has from now on (RFC 3264, section 8).
    lines: Vec<super::Line>,
    line: usize,
    offered: Option<(Direction, Option<Master>)>,
}

impl Session {
    /// A leg; `id` is random, drawn by the caller.
    pub fn new(id: u64, local: Local) -> Self {
        let id = id >> 1; // fits into what others keep as a signed number
        Self {
            id,
            version: 0,
            local,
            said: String::new(),
            codec: None,
            dtmf: None,
            lines: Vec::new(),
            line: 0,
            offered: None,
        }
    }

    /// Answers an offer, first or later. `wanted` is which way we would like; `key` is a fresh key, used if encrypted.
    ///
    /// # Errors
    /// [`Refused`]; what was agreed before stays.
    pub fn answer(
        &mut self,
        offer: &Remote,
        wanted: Direction,
        key: Master,
    ) -> Result<(String, Agreed), Refused> {
        let audio = offer.audio.as_ref().ok_or(Refused::NoSound)?;
        let (codec, payload_type) = self.choose(audio)?;
        let theirs = self.keys_of(audio)?;
        let direction = audio.direction.mirrored().within(wanted);
        (self.codec, self.dtmf) = (Some((codec, payload_type)), audio.dtmf);
        self.lines.clone_from(&offer.lines);
        self.line = audio.line;
        self.offered = None;
        let ours = theirs.map(|theirs| Crypto { master: key, ..theirs });
        let body = self.body(&Sound {
            codecs: vec![(codec, payload_type)],
            dtmf: audio.dtmf,
            direction,
            crypto: ours.into_iter().collect(),
            mux: audio.rtcp_mux,
            secure: theirs.is_some(),
        });
        let keys = theirs.map(|theirs| Keys { suite: theirs.suite, ours: key, theirs: theirs.master });
        Ok((self.said(body), agreed(audio, codec, payload_type, direction, keys)))
    }

    /// Makes an offer: for a leg that we call, or for an INVITE that came without one. A key makes it an encrypted one;
    /// without a key `Encryption::Always` is not obeyed, so callers with that rule pass one.
    pub fn offer(&mut self, wanted: Direction, key: Option<Master>) -> String {
        let key = key.filter(|_| self.local.encryption != Encryption::Never);
        let others =
            self.local.codecs.iter().filter(|codec| self.codec.is_none_or(|(used, _)| used != **codec));
        let codecs: Vec<(Codec, u8)> =
            self.codec.into_iter().chain(others.map(|codec| (*codec, codec.payload_type()))).collect();
        let taken = codecs.iter().any(|(_, number)| *number == DTMF);
        self.offered = Some((wanted, key));
        let crypto = key.map(|master| {
            let line = |(tag, suite)| Crypto { tag, suite, master };
            [(1, Suite::AesCm128HmacSha1_80), (2, Suite::AesCm128HmacSha1_32)].map(line)
        });
        let body = self.body(&Sound {
            codecs,
            dtmf: self.dtmf.or(Some(if taken { DTMF + 1 } else { DTMF })),
            direction: wanted,
            crypto: crypto.into_iter().flatten().collect(),
            mux: true,
            secure: key.is_some(),
        });
        self.said(body)
    }

    /// Reads the answer to our last offer.
    ///
    /// # Errors
    /// [`Refused`], also if there was no offer.
    pub fn agree(&mut self, answer: &Remote) -> Result<Agreed, Refused> {
        let agreed = self.agree_early(answer)?;
        self.offered = None;
        (self.codec, self.dtmf) = (Some((agreed.codec, agreed.payload_type)), agreed.dtmf);
        Ok(agreed)
    }

    /// Reads an answer to our last offer that need not be the last one: several telephones may describe themselves
    /// before one of them is answered (RFC 3261 §13.2.2.4, RFC 3960 §3.1). The offer stays open.
    ///
    /// # Errors
    /// [`Refused`], also if there was no offer.
    pub fn agree_early(&self, answer: &Remote) -> Result<Agreed, Refused> {
        let (wanted, key) = self.offered.ok_or(Refused::NoSound)?;
        let audio = answer.audio.as_ref().ok_or(Refused::NoSound)?;
        let (codec, payload_type) = audio
            .codecs
            .iter()
            .copied()
            .find(|(codec, _)| self.local.codecs.contains(codec))
            .ok_or(Refused::NoSound)?;
        let keys = match (key, audio.secure) {
            (Some(ours), true) => {
                let theirs = audio
                    .crypto
                    .first()
                    .filter(|line| matches!(line.tag, 1 | 2))
                    .ok_or(Refused::Encryption)?;
                Some(Keys { suite: theirs.suite, ours, theirs: theirs.master })
            }
            (None, false) => None,
            _ => return Err(Refused::Encryption),
        };
        let direction = audio.direction.mirrored().within(wanted);
        Ok(agreed(audio, codec, payload_type, direction, keys))
    }

    /// The codec in use if it is still offered, else the one that we like best.
    fn choose(&self, audio: &Audio) -> Result<(Codec, u8), Refused> {
        self.codec
            .iter()
            .map(|(codec, _)| codec)
            .chain(&self.local.codecs)
            .find_map(|ours| audio.codecs.iter().copied().find(|(theirs, _)| theirs == ours))
            .ok_or(Refused::NoSound)
    }

    fn keys_of(&self, audio: &Audio) -> Result<Option<Crypto>, Refused> {
        match (audio.secure, self.local.encryption) {
            (true, Encryption::Never) | (false, Encryption::Always) => Err(Refused::Encryption),
            (false, _) => Ok(None),
            (true, _) => audio.crypto.first().copied().map(Some).ok_or(Refused::Encryption),
        }
    }

    /// Everything but the `o=` line; the lines that we do not use are refused with port 0.
    fn body(&self, sound: &Sound) -> String {
        let family = if self.local.address.is_ipv6() { "IP6" } else { "IP4" };
        let mut body = format!("s=-\r\nc=IN {family} {}\r\nt=0 0\r\n", self.local.address);
        if self.lines.is_empty() {
            sound.write(self.local.port, None, &mut body);
        }
        for (index, line) in self.lines.iter().enumerate() {
            if index == self.line {
                sound.write(self.local.port, Some(&line.protocol), &mut body);
            } else {
                let _infallible = write!(body, "m={} 0 {} {}\r\n", line.media, line.protocol, line.formats);
            }
        }
        body
    }

    /// Adds the `o=` line, whose version counts the descriptions that differ (RFC 3264, section 8).
    fn said(&mut self, body: String) -> String {
        if body != self.said {
            self.version += 1;
        }
        let family = if self.local.address.is_ipv6() { "IP6" } else { "IP4" };
        let text = format!(
            "v=0\r\no=touchline {} {} IN {family} {}\r\n{body}",
            self.id, self.version, self.local.address
        );
        self.said = body;
        text
    }
}

/// Our line of sound.
struct Sound {
    codecs: Vec<(Codec, u8)>,
    dtmf: Option<u8>,
    direction: Direction,
    crypto: Vec<Crypto>,
    mux: bool,
    secure: bool,
}

impl Sound {
    /// `protocol` as the other side wrote it: an answer's is the offer's. Our own later offer may be encrypted where
    /// theirs was not.
    fn write(&self, port: u16, protocol: Option<&str>, text: &mut String) {
        let plain = if self.secure { "RTP/SAVP" } else { "RTP/AVP" };
        let protocol = protocol.filter(|theirs| theirs.contains("SAVP") == self.secure).unwrap_or(plain);
        let numbers = self.codecs.iter().map(|(_, number)| *number).chain(self.dtmf);
        let numbers: Vec<String> = numbers.map(|number| number.to_string()).collect();
        let _infallible = write!(text, "m=audio {port} {protocol} {}\r\n", numbers.join(" "));
        for (codec, number) in &self.codecs {
            let _infallible = write!(text, "a=rtpmap:{number} {}/{}\r\n", codec.name(), codec.clock());
        }
        if let Some(number) = self.dtmf {
            let _infallible =
                write!(text, "a=rtpmap:{number} telephone-event/8000\r\na=fmtp:{number} 0-15\r\n");
        }
        for line in &self.crypto {
            let _infallible = write!(text, "a=crypto:{line}\r\n");
        }
        let mux = if self.mux { "a=rtcp-mux\r\n" } else { "" };
        let _infallible = write!(text, "a=ptime:20\r\n{mux}a={}\r\n", self.direction.name());
    }
}

fn agreed(audio: &Audio, codec: Codec, payload_type: u8, direction: Direction, keys: Option<Keys>) -> Agreed {
    Agreed {
        codec,
        payload_type,
        dtmf: audio.dtmf,
        comfort_noise: audio.comfort_noise,
        remote: audio.address,
        rtcp: audio.rtcp,
        rtcp_mux: audio.rtcp_mux,
        direction,
        held: !audio.direction.receives(),
        keys,
    }
}
