//! What one tick of a coached three-party call costs: `cargo run --release -p touchline-media --example mixing_cost`.

use std::{hint::black_box, time::Instant};
use touchline_media::{
    codec::{Codec, Decoder, Encoder},
    room::{Mode, Role, Room, RoomError},
    tone::sine_tick,
};

const TICKS: usize = 200_000;

fn main() -> Result<(), RoomError> {
    let mut room = Room::new(1);
    let customer = room.join(Role::Customer)?;
    let agent = room.join(Role::Agent)?;
    let coach = room.join(Role::Supervisor { of: agent, mode: Mode::Coach })?;
    let voices = [(customer, 433.0), (agent, 787.0), (coach, 1153.0)]
        .map(|(id, hertz)| (id, sine_tick(hertz, -12.0, 1)));
    let started = Instant::now();
    for _ in 0..TICKS {
        for (id, voice) in &voices {
            room.put(*id, black_box(voice))?;
        }
        room.tick();
        black_box(room.tracks());
    }
    let each = started.elapsed().as_secs_f64() * 1e6 / TICKS as f64;
    println!("mixing three parties and three tracks: {each:.2} µs a tick");
    for codec in Codec::ALL {
        let (mut encoder, mut decoder, mut heard) = (Encoder::new(codec), Decoder::new(codec), Vec::new());
        let started = Instant::now();
        for _ in 0..TICKS / 10 {
            heard.clear();
            decoder.decode(&encoder.encode(black_box(&voices[0].1)), &mut heard);
            black_box(&heard);
        }
        let each = started.elapsed().as_secs_f64() * 1e7 / TICKS as f64;
        println!("{} there and back: {each:.2} µs a tick", codec.name());
    }
    Ok(())
}
