//! Deliveries of the hub over real sockets, beside npm `faye` as a server: the same client program for both, in turn.
//!
//!     cargo run --release --bin push                            (in bench/live)
//!     cargo run --release --bin push -- touchline websocket     (one side alone, for a profiler)
//!     cargo run --release --bin push -- idle                    (10,000 sessions that wait)
//!
//! A thousand clients listen on one channel, one more publishes. That every client gets every message once, in order and
//! word for word is asserted.

use mio::{Events, Poll, Token};
use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};
use touchline_bench_live::{
    child::{Server, cpu, resident_mib},
    client::{Client, Step, Transport},
    median, percentile,
};

/// Added to moments, so that all are equally long in digits.
const EPOCH: u64 = 100_000_000_000;
const CHANNEL: &str = "/test/calls";
/// For a run to end.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, PartialEq, Debug)]
enum Side {
    Touchline,
    Faye,
}

fn start(side: Side) -> Server {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let command = match side {
        Side::Touchline => Command::new(std::env::current_exe().unwrap().with_file_name("push_server")),
        Side::Faye => {
            let mut node = Command::new("node");
            node.arg(here.join("faye_server.mjs")).arg(here.join("../../clients"));
            node
        }
    };
    Server::spawn(command)
}

/// All listeners and the one who publishes.
struct Crowd {
    poll: Poll,
    events: Events,
    buffer: Vec<u8>,
    clients: Vec<Client>,
    began: Instant,
    /// What was published, word for word.
    published: Vec<String>,
    /// How many listeners have each of those.
    have: Vec<usize>,
    complete: usize,
    latencies: Vec<u32>,
}

impl Crowd {
    /// So many listeners, all of them ready, and a publisher if one is wanted.
    fn gather(server: &Server, transport: Transport, listeners: usize, publisher: bool) -> Self {
        let mut crowd = Self {
            poll: Poll::new().unwrap(),
            events: Events::with_capacity(1024),
            buffer: vec![0; 1 << 17],
            clients: Vec::new(),
            began: Instant::now(),
            published: Vec::new(),
            have: Vec::new(),
            complete: 0,
            latencies: Vec::new(),
        };
        while crowd.clients.len() < listeners {
            // Some at a time: the queue of connections that a server has not accepted is short.
            let until = (crowd.clients.len() + 100).min(listeners);
            while crowd.clients.len() < until {
                crowd.open(server, transport, CHANNEL);
            }
            crowd.settle();
        }
        if publisher {
            // Listens elsewhere: what it publishes does not come back to it.
            crowd.open(server, Transport::WebSocket, "/test/elsewhere");
            crowd.settle();
            let client = crowd.clients.last_mut().unwrap();
            client.set_channel(CHANNEL);
        }
        crowd
    }

    fn open(&mut self, server: &Server, transport: Transport, channel: &str) {
        let number = self.clients.len();
        self.clients.push(Client::open(server.address, transport, number, channel, self.poll.registry()));
    }

    fn settle(&mut self) {
        let until = Instant::now() + PATIENCE;
        while self.clients.iter().any(|client| client.step != Step::Waiting) {
            assert!(Instant::now() < until, "clients do not get ready");
            self.turn(Duration::from_millis(100));
        }
    }

    fn now(&self) -> u64 {
        self.began.elapsed().as_micros() as u64
    }

    /// Waits for the sockets and reads what has come.
    fn turn(&mut self, longest: Duration) {
        self.poll.poll(&mut self.events, Some(longest)).unwrap();
        let Self { events, buffer, clients, began, published, have, complete, latencies, .. } = self;
        for event in events.iter() {
            let Token(number) = event.token();
            clients[number].read(buffer, |client, data| {
                let sent = published.get(client.received).expect("no message that nobody sent").as_bytes();
                assert!(data.starts_with(sent), "every message once, in order, word for word");
                have[client.received] += 1;
                client.received += 1;
                let at: u64 = std::str::from_utf8(&sent[6..18]).unwrap().parse().unwrap();
                latencies.push((began.elapsed().as_micros() as u64 + EPOCH - at) as u32);
            });
        }
        let listeners = clients.len() - 1;
        while have.get(*complete) == Some(&listeners) {
            *complete += 1;
        }
    }

    /// Publishes what is said to have been sent at this moment.
    fn publish(&mut self, at: u64) {
        // As long as a notice about a call with two participants.
        let padding = "x".repeat(220);
        let n = self.published.len();
        let at = at + EPOCH;
        let data = format!(
            r#"{{"at":{at},"n":{n},"messageType":"CallStateChangeMessage","notificationType":"StatusChange","call":"{padding}"}}"#
        );
        self.clients.last_mut().unwrap().publish(&data);
        self.published.push(data);
        self.have.push(0);
    }
}

/// What came of a run.
struct Outcome {
    rate: f64,
    p50: f64,
    p99: f64,
    worst: f64,
    server: f64,
    generator: f64,
}

/// Publishes so many messages: with at most `window` of them under way, or at a steady rate.
fn run(side: Side, transport: Transport, listeners: usize, messages: usize, pace: Pace) -> Outcome {
    let server = start(side);
    let mut crowd = Crowd::gather(&server, transport, listeners, true);
    // Not measured: caches and compilers get warm.
    let warm = messages / 5;

    drive(&mut crowd, warm, Pace::Window(4));
    crowd.latencies.clear();
    crowd.latencies.reserve(messages * listeners);
    let used = |pid| cpu(pid).0 + cpu(pid).1;
    let (began, server_before, own_before) = (Instant::now(), used(server.pid()), used(std::process::id()));
    drive(&mut crowd, warm + messages, pace);
    let took = began.elapsed().as_secs_f64();
    let (server, generator) =
        ((used(server.pid()) - server_before) / took, (used(std::process::id()) - own_before) / took);
    assert_eq!(crowd.latencies.len(), messages * listeners);
    assert!(crowd.clients[..listeners].iter().all(|client| client.received == warm + messages));
    let ms = |share| f64::from(percentile(&mut crowd.latencies.clone(), share)) / 1_000.0;
    Outcome {
        rate: (messages * listeners) as f64 / took,
        p50: ms(0.5),
        p99: ms(0.99),
        worst: ms(1.0),
        server,
        generator,
    }
}

#[derive(Clone, Copy)]
enum Pace {
    /// At most so many messages under way.
    Window(usize),
    /// So many messages a second, whether or not the server keeps up; delays count from when a message was due.
    Steady(f64),
}

fn drive(crowd: &mut Crowd, until: usize, pace: Pace) {
    let limit = Instant::now() + PATIENCE;
    let (first, began) = (crowd.published.len(), crowd.now());
    while crowd.complete < until {
        assert!(Instant::now() < limit, "{} of {until} messages have arrived everywhere", crowd.complete);
        let mut wait = Duration::from_millis(100);
        match pace {
            Pace::Window(window) => {
                while crowd.published.len() < until && crowd.published.len() - crowd.complete < window {
                    crowd.publish(crowd.now());
                }
            }
            Pace::Steady(rate) => {
                while crowd.published.len() < until {
                    let due = began + ((crowd.published.len() - first) as f64 / rate * 1e6) as u64;
                    if due > crowd.now() {
                        wait = Duration::from_micros(due - crowd.now());
                        break;
                    }
                    crowd.publish(due);
                }
            }
        }
        crowd.turn(wait);
    }
}

fn say(name: &str, it: &Outcome) {
    println!(
        "{name:<34} {:>8.0} deliveries/s  p50 {:>6.1} ms  p99 {:>6.1} ms  worst {:>6.1} ms   cores: server {:.2}, generator {:.2}",
        it.rate, it.p50, it.p99, it.worst, it.server, it.generator
    );
}

fn idle(side: Side, transport: Transport) {
    const SESSIONS: usize = 10_000;
    let server = start(side);
    // One that is there already, so that only what a session costs is counted.
    drop(Crowd::gather(&server, transport, 1, false));
    let before = resident_mib(server.pid());
    let mut crowd = Crowd::gather(&server, transport, SESSIONS, true);
    // All of them hear something, so that nobody is counted who is not there.
    crowd.publish(crowd.now());
    drive(&mut crowd, 1, Pace::Window(1));
    assert!(crowd.clients[..SESSIONS].iter().all(|client| client.received == 1));
    let after = resident_mib(server.pid());
    println!(
        "{side:?} {transport:?}: {SESSIONS} sessions: {before:.1} MiB before, {after:.1} MiB after: {:.1} KiB a session",
        (after - before) * 1024.0 / SESSIONS as f64
    );
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let transports = [Transport::WebSocket, Transport::LongPolling];
    match words.as_slice() {
        ["idle"] => {
            for transport in transports {
                idle(Side::Touchline, transport);
            }
        }
        [side @ ("touchline" | "faye"), transport @ ("websocket" | "long-polling"), pace @ ..] => {
            let side = if *side == "faye" { Side::Faye } else { Side::Touchline };
            let transport = if *transport == "websocket" { transports[0] } else { transports[1] };
            let messages = if side == Side::Faye { 150 } else { 1_000 };
            let pace = match pace {
                [rate] => Pace::Steady(rate.parse().unwrap()),
                _ => Pace::Window(8),
            };
            say(&format!("{side:?} {transport:?}"), &run(side, transport, 1_000, messages, pace));
        }
        [] => {
            for transport in transports {
                let mut ratios = Vec::new();
                for _ in 0..3 {
                    let ours = run(Side::Touchline, transport, 1_000, 500, Pace::Window(8));
                    say(&format!("Touchline, {transport:?}, 8 under way"), &ours);
                    let theirs = run(Side::Faye, transport, 1_000, 150, Pace::Window(8));
                    say(&format!("faye, {transport:?}, 8 under way"), &theirs);
                    ratios.push(ours.rate / theirs.rate);
                }
                println!("{transport:?}: {:.1} times as many ({ratios:.1?})", median(ratios.clone()));
                for rate in [50.0, 75.0, 100.0, 110.0] {
                    let ours = run(Side::Touchline, transport, 1_000, 500, Pace::Steady(rate));
                    say(&format!("Touchline, {transport:?}, {rate} messages/s"), &ours);
                }
            }
        }
        other => panic!("unknown: {other:?}"),
    }
}
