//! The buffer of one leg.

use super::{conceal::Conceal, delay::Delay, samples, stretch};
use crate::{
    FRAME, Frame, SILENCE,
    codec::{Codec, Decoder},
    rtp::{Packet, Unwrapper16, Unwrapper32},
};
use std::{collections::VecDeque, time::Duration};

/// No more packets than this wait: a second of the usual ones.
const MOST_PACKETS: usize = 50;
/// The longest packet: 120 ms.
const LONGEST_PACKET: usize = 960;
/// After so much made-up sound with nothing waiting, the next packet begins anew: 200 ms.
const GIVE_UP: i64 = 1600;
/// Timestamps that are off by more than this belong to another line of time: 2 s.
const STRAY: i64 = 16_000;
/// How much more than wanted sound may wait before it is shortened.
const SLACK: i64 = 160;
/// More than this above the wanted delay is cut off at once: 400 ms.
const FAR_TOO_LONG: i64 = 3200;
/// The least number of ticks from one stretching to the next.
const REST: u32 = 4;

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It waits for its time.
    Kept,
    /// Its time is over.
    Late,
    /// It is there already.
    Duplicate,
    /// Empty, too long, or from nowhere: a timestamp that fits to nothing. Two of those in turn begin a new line.
    Refused,
}

/// What a tick is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Played {
    /// Nothing has come yet; the frame is silent.
    Nothing,
    /// Sound that was sent.
    Voice,
    /// At least in part made up, because packets are missing.
    Concealed,
    /// The sender is silent, or gone for more than 200 ms: the line's noise.
    Pause,
}

/// What a buffer has seen. Samples are of [`crate::RATE`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Packets that were pushed.
    pub packets: u64,
    /// Packets that came too late.
    pub late: u64,
    /// Packets that were there already.
    pub duplicates: u64,
    /// Packets that were refused, or dropped because too many waited.
    pub refused: u64,
    /// Samples made up.
    pub concealed: u64,
    /// Samples removed to lower the delay.
    pub shortened: u64,
    /// Samples repeated to raise the delay.
    pub lengthened: u64,
    /// How often a line of time began.
    pub begun: u64,
}

#[derive(Clone, Debug)]
struct Waiting {
    timestamp: i64,
    sequence: i64,
    payload: Vec<u8>,
}

/// Packets in, 20 ms a tick out. It takes the time from its callers, holds at most a second of sound, and makes no
/// allocation once its spare parts are there.
#[derive(Clone, Debug)]
pub struct JitterBuffer {
    decoder: Decoder,
    codec: Codec,
    ssrc: Option<u32>,
    sequences: Unwrapper16,
    timestamps: Unwrapper32,
    newest: Option<(i64, i64)>,
    strays: u32,
    waiting: VecDeque<Waiting>,
    spare: Vec<Vec<u8>>,
    /// Decoded and not yet played.
    sound: Vec<i16>,
    scratch: Vec<i16>,
    /// The timestamp that follows what is in `sound`; none while nothing plays.
    decoded: Option<i64>,
    last_sequence: Option<i64>,
    /// Samples made up while nothing was waiting: if the missing ones never come, they are accounted for.
    held: i64,
    rest: u32,
    delay: Delay,
    conceal: Conceal,
    statistics: Statistics,
}

impl JitterBuffer {
    /// An empty buffer; `seed` is for its noise.
    pub fn new(codec: Codec, seed: u32) -> Self {
        Self {
            decoder: Decoder::new(codec),
            codec,
            ssrc: None,
            sequences: Unwrapper16::default(),
            timestamps: Unwrapper32::default(),
            newest: None,
            strays: 0,
            waiting: VecDeque::new(),
            spare: Vec::new(),
            sound: Vec::new(),
            scratch: Vec::new(),
            decoded: None,
            last_sequence: None,
            held: 0,
            rest: 0,
            delay: Delay::default(),
            conceal: Conceal::new(seed),
            statistics: Statistics::default(),
        }
    }

    /// What it has seen so far.
    pub fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// How long sound waits at this moment, beyond the fastest packet's way.
    pub fn waits(&self, now: Duration) -> Duration {
        Duration::from_micros(u64::try_from(self.waits_samples(now).unwrap_or(0).max(0) * 125).unwrap_or(0))
    }

    /// A leg speaks another codec from now on.
    pub fn set_codec(&mut self, codec: Codec) {
        if codec != self.codec {
            self.codec = codec;
            self.decoder = Decoder::new(codec);
            self.begin_anew();
        }
    }

    /// The sender announces a pause and its noise, in -dBov (RFC 3389). The packet is none of sound.
    pub fn pause(&mut self, level: u8) {
        self.conceal.background(level);
    }

    /// A packet of sound has come.
    pub fn push(&mut self, now: Duration, packet: &Packet<'_>) -> Arrival {
        self.statistics.packets += 1;
        let arrival = self.keep(now, packet);
        match arrival {
            Arrival::Kept => {}
            Arrival::Late => self.statistics.late += 1,
            Arrival::Duplicate => self.statistics.duplicates += 1,
            Arrival::Refused => self.statistics.refused += 1,
        }
        arrival
    }

    fn keep(&mut self, now: Duration, packet: &Packet<'_>) -> Arrival {
        if packet.payload.is_empty() || packet.payload.len() > LONGEST_PACKET {
            return Arrival::Refused;
        }
        if self.ssrc != Some(packet.ssrc) {
            self.ssrc = Some(packet.ssrc);
            self.begin_anew();
        }
        let mut timestamps = self.timestamps;
        let mut timestamp = timestamps.unwrap(packet.timestamp);
        if let Some((newest, at)) = self.newest {
            let expected = newest + samples(now) - at;
            if (timestamp - expected).abs() > STRAY {
                self.strays += 1;
                if self.strays < 2 {
                    return Arrival::Refused;
                }
                self.begin_anew();
                timestamps = self.timestamps;
                timestamp = timestamps.unwrap(packet.timestamp);
            }
        }
        self.strays = 0;
        self.timestamps = timestamps;
        let sequence = self.sequences.unwrap(packet.sequence);
        self.delay.arrived(now, timestamp);
        if self.newest.is_none_or(|(newest, _)| timestamp > newest) {
            self.newest = Some((timestamp, samples(now)));
        }
        let end = timestamp + packet.payload.len() as i64;
        if self.decoded.is_some_and(|decoded| end <= decoded) {
            return Arrival::Late;
        }
        let place = self.waiting.partition_point(|waiting| waiting.timestamp < timestamp);
        if self.waiting.get(place).is_some_and(|waiting| waiting.timestamp == timestamp) {
            return Arrival::Duplicate;
        }
        let mut payload = self.spare.pop().unwrap_or_default();
        payload.clear();
        payload.extend_from_slice(packet.payload);
        self.waiting.insert(place, Waiting { timestamp, sequence, payload });
        if self.waiting.len() > MOST_PACKETS {
            self.statistics.refused += 1;
            self.drop_first();
        }
        Arrival::Kept
    }

    /// The next 20 ms. To be called once a tick.
    pub fn pull(&mut self, now: Duration, out: &mut Frame) -> Played {
        let Some(decoded) = self.decoded.or_else(|| self.begin(now)) else {
            if self.statistics.begun == 0 {
                *out = SILENCE;
                return Played::Nothing;
            }
            self.sound.clear();
            self.conceal.make(FRAME, true, &mut self.sound);
            self.take(out);
            return Played::Pause;
        };
        let mut played = self.fill(decoded, FRAME, true);
        self.stretch(now);
        self.take(out);
        if self.held > GIVE_UP {
            self.decoded = None;
            self.sound.clear();
            played = Played::Pause;
        }
        played
    }

    /// The first packet begins when it has waited long enough.
    fn begin(&mut self, now: Duration) -> Option<i64> {
        let first = self.waiting.front()?.timestamp;
        let waited = samples(now) - first - self.delay.fastest()?;
        if waited < self.delay.target() {
            return None;
        }
        self.statistics.begun += 1;
        self.held = 0;
        self.sound.clear();
        self.decoded = Some(first);
        self.decoded
    }

    /// Decodes until `wanted` samples are there; makes up what is missing if it `may`.
    fn fill(&mut self, mut decoded: i64, wanted: usize, may: bool) -> Played {
        let mut played = Played::Voice;
        while self.sound.len() < wanted {
            let need = (wanted - self.sound.len()) as i64;
            let Some(first) = self.waiting.front() else {
                if !may {
                    break;
                }
                // Late or lost? Time stands still until that is known.
                self.held += need;
                played = self.make_up(need, false);
                continue;
            };
            let gap = first.timestamp - decoded;
            if gap > 0 && self.held > 0 {
                let known = gap.min(self.held);
                decoded += known;
                self.held -= known;
            } else if gap > 0 {
                if !may {
                    break;
                }
                // No number is missing, so the sender said nothing: a pause, and no loss.
                let pause = self.last_sequence.is_some_and(|last| first.sequence == last + 1);
                let count = gap.min(need);
                played = self.make_up(count, pause);
                decoded += count;
            } else {
                decoded = self.decode_first(decoded);
            }
        }
        self.decoded = Some(decoded);
        played
    }

    fn make_up(&mut self, count: i64, pause: bool) -> Played {
        let count = usize::try_from(count).unwrap_or(0);
        self.conceal.make(count, pause, &mut self.sound);
        if pause {
            return Played::Pause;
        }
        self.statistics.concealed += count as u64;
        Played::Concealed
    }

    /// Decodes the first packet that waits; gives the timestamp after it.
    fn decode_first(&mut self, decoded: i64) -> i64 {
        let Some(first) = self.waiting.pop_front() else { return decoded };
        let end = first.timestamp + first.payload.len() as i64;
        self.scratch.clear();
        self.decoder.decode(&first.payload, &mut self.scratch);
        let known = usize::try_from(decoded - first.timestamp).unwrap_or(0);
        if let Some(new) = self.scratch.get_mut(known..).filter(|new| !new.is_empty()) {
            self.conceal.real(new);
            self.sound.extend_from_slice(new);
            self.held = 0;
        }
        self.last_sequence = Some(first.sequence);
        self.spare.push(first.payload);
        end.max(decoded)
    }

    /// Brings the delay nearer to what is wanted, now and then, a little.
    fn stretch(&mut self, now: Duration) {
        self.rest = self.rest.saturating_sub(1);
        let Some(excess) = self.waits_samples(now).map(|waits| waits - self.delay.target()) else { return };
        if self.rest > 0 {
            return;
        }
        if excess > FAR_TOO_LONG {
            while self.waiting.len() > 1
                && self.waits_samples(now).is_some_and(|waits| waits > self.delay.target())
            {
                let Some(decoded) = self.decoded else { return };
                self.sound.clear();
                let end = self.decode_first(decoded);
                self.fill(end, FRAME, false);
                self.statistics.shortened += FRAME as u64;
            }
            if let Some(decoded) = self.decoded {
                self.fill(decoded, FRAME, true);
            }
            self.rest = REST;
        } else if excess > SLACK {
            if let Some(decoded) = self.decoded {
                self.fill(decoded, stretch::ENOUGH, false);
            }
            let removed = stretch::shorten(&mut self.sound);
            self.statistics.shortened += removed as u64;
            self.rest = if removed > 0 { REST } else { 0 };
        } else if excess < 0 && self.held == 0 {
            self.statistics.lengthened += stretch::lengthen(&mut self.sound) as u64;
            self.rest = REST;
        }
    }

    /// How long after the fastest packet's way the next sample is played.
    fn waits_samples(&self, now: Duration) -> Option<i64> {
        let next = self.decoded? - self.sound.len() as i64;
        Some(samples(now) - next - self.delay.fastest()?)
    }

    fn take(&mut self, out: &mut Frame) {
        let count = self.sound.len().min(FRAME);
        for (out, sample) in out.iter_mut().zip(&self.sound) {
            *out = *sample;
        }
        out.iter_mut().skip(count).for_each(|out| *out = 0);
        self.sound.drain(..count);
    }

    fn drop_first(&mut self) {
        if let Some(first) = self.waiting.pop_front() {
            self.spare.push(first.payload);
        }
    }

    /// Forgets the line of time, but not what the line sounded like.
    fn begin_anew(&mut self) {
        while !self.waiting.is_empty() {
            self.drop_first();
        }
        self.sequences = Unwrapper16::default();
        self.timestamps = Unwrapper32::default();
        self.newest = None;
        self.strays = 0;
        self.decoded = None;
        self.last_sequence = None;
        self.held = 0;
        self.delay = Delay::default();
    }
}
