//! Ten simulated minutes on lines that lose, delay, double and reorder packets, between clocks that drift.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::time::Duration;
use touchline_media::{
    FRAME, RATE, SILENCE,
    codec::{Codec, Encoder},
    jitter::{Arrival, JitterBuffer, Played, Statistics},
    level::{measure, tone},
    rtp::Packet,
    tone::sine_tick,
};

const TONE: f64 = 433.0;

/// A line: which packets are lost, by how many milliseconds each is late, and by how much the sender's clock is fast.
struct Line {
    lost: fn(u64) -> bool,
    late: fn(u64) -> f64,
    fast: f64,
    copies: u64,
    minutes: u64,
}

const CALM: Line = Line { lost: |_| false, late: |_| 0.0, fast: 0.0, copies: 1, minutes: 1 };

/// Scatters 0..n without a pattern that a test could fall in step with.
fn chance(index: u64, n: u64) -> u64 {
    let mut x = index.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x ^= x >> 29;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (x ^ (x >> 32)) % n
}

struct Outcome {
    heard: Vec<i16>,
    ticks: Vec<Played>,
    statistics: Statistics,
    waits: Duration,
}

impl Outcome {
    fn minute(&self, minute: usize) -> &[i16] {
        &self.heard[minute * 480_000..(minute + 1) * 480_000]
    }

    /// The level of the tone, in the middle of several half seconds: a shifted phase would hide it in a longer window.
    fn level(&self, minute: usize) -> f32 {
        let halves: Vec<f32> =
            self.minute(minute).chunks(1600).skip(5).map(|part| measure(part).rms).collect();
        halves.iter().sum::<f32>() / halves.len() as f32
    }
}

fn over(line: &Line) -> Outcome {
    let packets = line.minutes * 3000;
    let mut encoder = Encoder::new(Codec::Pcmu);
    let mut arrivals = Vec::new();
    // A sender whose clock is fast has sent some more by then.
    for index in 0..packets + 20 {
        let payload = encoder.encode(&sine_tick(TONE, -12.0, usize::try_from(index).unwrap()));
        if (line.lost)(index) {
            continue;
        }
        for copy in 0..line.copies {
            let sent = index as f64 * 20.0 / (1.0 + line.fast);
            let at = 40.0 + sent + (line.late)(index) + copy as f64 * 3.0;
            arrivals.push((Duration::from_micros((at * 1000.0) as u64), index, payload));
        }
    }
    arrivals.sort_by_key(|(at, ..)| *at);
    let mut arrivals = arrivals.into_iter().peekable();
    let mut buffer = JitterBuffer::new(Codec::Pcmu, 1);
    let mut outcome = Outcome {
        heard: Vec::new(),
        ticks: Vec::new(),
        statistics: Statistics::default(),
        waits: Duration::ZERO,
    };
    for tick in 0..packets {
        let now = Duration::from_micros(tick * 20_000 + 7_000);
        while let Some((at, index, payload)) = arrivals.next_if(|(at, ..)| *at <= now) {
            buffer.push(at, &packet(index, &payload));
        }
        let mut frame = SILENCE;
        outcome.ticks.push(buffer.pull(now, &mut frame));
        outcome.heard.extend(frame);
        outcome.waits = buffer.waits(now);
    }
    outcome.statistics = buffer.statistics();
    outcome
}

fn packet(index: u64, payload: &[u8]) -> Packet<'_> {
    Packet {
        marker: index == 0,
        payload_type: 0,
        sequence: (index + 65_000) as u16,
        timestamp: (index * 160 + 0xFFFF_0000) as u32,
        ssrc: 7,
        csrc: &[],
        extension: None,
        payload,
    }
}

fn steepest(sound: &[i16]) -> i32 {
    sound.windows(2).map(|pair| (i32::from(pair[1]) - i32::from(pair[0])).abs()).max().unwrap()
}

#[test]
fn on_a_calm_line_every_sample_arrives_as_it_was_sent_after_thirty_milliseconds() {
    let outcome = over(&CALM);
    assert!(outcome.ticks.iter().skip(5).all(|played| *played == Played::Voice));
    assert!(outcome.waits <= Duration::from_millis(41), "{:?}", outcome.waits);
    assert_eq!(outcome.statistics.concealed, 0);
    assert_eq!(outcome.statistics.begun, 1);
    assert!((tone(&outcome.heard[80_000..], TONE, RATE) + 12.0).abs() < 0.1);
}

#[test]
fn ten_minutes_with_five_per_cent_lost_conceal_five_per_cent() {
    let outcome = over(&Line { lost: |index| chance(index, 100) < 5, minutes: 10, ..CALM });
    let share = outcome.statistics.concealed as f64 / (10.0 * 480_000.0);
    assert!((0.045..0.056).contains(&share), "{share}");
    assert!((outcome.level(9) + 12.0).abs() < 0.6, "{}", outcome.level(9));
    // A sine of this level climbs 2,800 a sample; a click would be a jump of up to 16,000.
    assert!(steepest(outcome.minute(9)) < 5000, "{}", steepest(outcome.minute(9)));
    assert!(outcome.waits <= Duration::from_millis(70), "{:?}", outcome.waits);
}

#[test]
fn bursts_of_loss_fade_and_come_back() {
    // Each second 160 ms are lost at once.
    let outcome = over(&Line { lost: |index| index % 50 < 8 && index > 8, minutes: 2, ..CALM });
    let share = outcome.statistics.concealed as f64 / (2.0 * 480_000.0);
    assert!((0.15..0.18).contains(&share), "{share}");
    assert_eq!(outcome.statistics.begun, 1, "a burst is no new call");
    assert!(outcome.waits <= Duration::from_millis(70), "{:?}", outcome.waits);
}

#[test]
fn sixty_milliseconds_of_jitter_are_waited_for() {
    let outcome = over(&Line { late: |index| chance(index, 60) as f64, minutes: 4, ..CALM });
    let concealed = outcome.ticks[3000..].iter().filter(|played| **played == Played::Concealed).count();
    assert!(concealed < 90, "{concealed} of 9,000 ticks");
    assert!(outcome.waits <= Duration::from_millis(125), "{:?}", outcome.waits);
    assert!((outcome.level(3) + 12.0).abs() < 0.3, "{}", outcome.level(3));
}

#[test]
fn packets_out_of_order_and_packets_twice_make_no_difference() {
    let swapped = over(&Line { late: |index| if index % 2 == 0 { 25.0 } else { 0.0 }, ..CALM });
    let concealed = swapped.ticks[1500..].iter().filter(|played| **played != Played::Voice).count();
    assert_eq!(concealed, 0);
    let doubled = over(&Line { copies: 2, ..CALM });
    let unneeded = doubled.statistics.duplicates + doubled.statistics.late;
    assert!((2990..=3020).contains(&unneeded), "{unneeded}");
    assert_eq!(doubled.statistics.concealed, 0);
}

#[test]
fn clocks_that_drift_apart_do_not_add_up() {
    for fast in [300e-6, -300e-6] {
        let outcome = over(&Line { fast, minutes: 10, ..CALM });
        // 300 millionths of ten minutes are 180 ms, 1440 samples.
        let Statistics { shortened, lengthened, concealed, .. } = outcome.statistics;
        let moved = shortened as i64 - lengthened as i64 - concealed as i64;
        let expected = if fast > 0.0 { 1440 } else { -1440 };
        assert!((moved - expected).abs() < 420, "{fast}: {:?}", outcome.statistics);
        assert!(outcome.waits <= Duration::from_millis(61), "{fast}: {:?}", outcome.waits);
        assert!(steepest(outcome.minute(9)) < 5000);
        assert!((outcome.level(9) + 12.0).abs() < 0.3);
    }
}

#[test]
fn a_sender_who_falls_silent_is_replaced_by_noise_and_welcomed_back() {
    // Silence for 3 s in every 6 s, and no packet lost: the numbers go on, the timestamps jump.
    let mut buffer = JitterBuffer::new(Codec::Pcmu, 1);
    let mut encoder = Encoder::new(Codec::Pcmu);
    let (mut number, mut frame, mut quiet, mut loud) = (0u16, SILENCE, Vec::new(), Vec::new());
    for tick in 0..1500u64 {
        let now = Duration::from_micros(tick * 20_000);
        let place = tick % 300;
        if place < 150 {
            let payload = encoder.encode(&sine_tick(TONE, -12.0, tick as usize));
            let mut packet = packet(tick, &payload);
            packet.sequence = number;
            number += 1;
            assert_eq!(buffer.push(now, &packet), Arrival::Kept);
        }
        let played = buffer.pull(now, &mut frame);
        if (170..300).contains(&place) {
            quiet.extend(frame);
            assert_eq!(played, Played::Pause, "tick {tick}");
        }
        if (10..150).contains(&place) {
            loud.extend(frame);
            assert_eq!(played, Played::Voice, "tick {tick}");
        }
    }
    assert!(measure(&quiet).rms < -39.0, "{:?}", measure(&quiet));
    assert!((measure(&loud).rms + 12.0).abs() < 0.3);
}

#[test]
fn a_sender_who_starts_his_numbers_again_is_followed_after_one_packet() {
    let mut buffer = JitterBuffer::new(Codec::Pcmu, 1);
    let payload = [0xD5; FRAME];
    let mut frame = SILENCE;
    for tick in 0..200u64 {
        let now = Duration::from_micros(tick * 20_000);
        // After two seconds the same source counts from somewhere else.
        let index = if tick < 100 { tick } else { tick + 1_000_000 };
        let arrival = buffer.push(now, &packet(index, &payload));
        assert_eq!(arrival, if tick == 100 { Arrival::Refused } else { Arrival::Kept }, "tick {tick}");
        buffer.pull(now, &mut frame);
    }
    assert_eq!(buffer.pull(Duration::from_secs(4), &mut frame), Played::Voice);
    assert_eq!(buffer.statistics().begun, 2);
}

#[test]
fn a_flood_of_packets_is_bounded_and_nonsense_is_refused() {
    let mut buffer = JitterBuffer::new(Codec::Pcmu, 1);
    for index in 0..100 {
        buffer.push(Duration::from_millis(1), &packet(index, &[0; FRAME]));
    }
    assert!(buffer.statistics().refused >= 50);
    assert_eq!(buffer.push(Duration::from_millis(1), &packet(0, &[])), Arrival::Refused);
    assert_eq!(buffer.push(Duration::from_millis(1), &packet(0, &[0; 961])), Arrival::Refused);
}

#[test]
fn packets_of_any_length_make_the_same_sound() {
    for length in [80usize, 160, 240, 320, 480] {
        let mut encoder = Encoder::new(Codec::Pcma);
        let sent: Vec<u8> = (0..150).flat_map(|tick| encoder.encode(&sine_tick(TONE, -12.0, tick))).collect();
        let mut buffer = JitterBuffer::new(Codec::Pcma, 1);
        let (mut frame, mut heard, mut index) = (SILENCE, Vec::new(), 0);
        for tick in 0..150usize {
            let now = Duration::from_micros(tick as u64 * 20_000);
            while (index + 1) * length <= (tick + 1) * FRAME && (index + 1) * length <= sent.len() {
                let payload = &sent[index * length..(index + 1) * length];
                let packet = Packet {
                    timestamp: (index * length) as u32,
                    sequence: index as u16,
                    ..packet(0, payload)
                };
                buffer.push(now, &packet);
                index += 1;
            }
            if buffer.pull(now, &mut frame) == Played::Voice {
                heard.extend(frame);
            }
        }
        let level = tone(&heard[heard.len() - 8000..], TONE, RATE);
        assert!((level + 12.0).abs() < 0.2, "{length}: {level}");
    }
}

proptest::proptest! {
    #[test]
    fn whatever_comes_the_next_tick_is_made(
        packets in proptest::collection::vec((proptest::num::u16::ANY, proptest::num::u32::ANY, 0usize..1000, 0u64..100), 0..100),
    ) {
        let mut buffer = JitterBuffer::new(Codec::G722, 1);
        let (mut now, mut frame) = (Duration::ZERO, SILENCE);
        let payload = [0x5A; 1000];
        for (sequence, timestamp, length, wait) in packets {
            buffer.push(now, &Packet { sequence, timestamp, ..packet(0, &payload[..length]) });
            // Near ones too, or nearly all would be refused.
            buffer.push(now, &Packet { sequence, timestamp: timestamp % 4000, ..packet(0, &payload[..length]) });
            now += Duration::from_millis(wait);
            buffer.pull(now, &mut frame);
        }
    }
}
