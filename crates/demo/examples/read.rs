//! Prints conversations of the sample, for reading: `cargo run -p touchline-demo --example read -- [REASON] [COUNT]`.

use touchline_demo::{Options, organisation};
use touchline_model::Timestamp;

fn main() {
    let mut args = std::env::args().skip(1);
    let wanted = args.next().unwrap_or_default();
    let count = args.next().and_then(|text| text.parse().ok()).unwrap_or(3);
    // 2026-03-02T06:30:00Z
    let demo = organisation(&Options::new(1, Timestamp::from_micros(1_772_433_000_000_000)));
    let reason = |made: &&touchline_demo::DemoContact| {
        let here = made.contact.metadata.get("reason").and_then(|value| value.as_str()).unwrap_or_default();
        wanted.is_empty() || here == wanted || made.contact.channel.name() == wanted
    };
    for made in demo.contacts.iter().filter(reason).step_by(7).take(count) {
        let contact = &made.contact;
        let agent = contact.agent_id.as_ref().map(|id| id.as_str()).unwrap_or_default();
        println!(
            "\n--- {} {} {} s, {} words",
            contact.started_at,
            agent,
            contact.duration,
            made.transcript.words.len()
        );
        println!("    {}", serde_json::Value::Object(contact.metadata.clone()));
        for segment in made.transcript.segments() {
            let who = if segment.speaker == 0 { "A" } else { "C" };
            let text = made.transcript.text(segment.first, segment.end);
            println!("{:>6.1} {who}: {text}", segment.start_time.secs());
        }
    }
}
