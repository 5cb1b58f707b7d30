//! Simulated callers, agents and a supervisor: a live wall that lives, for somebody without a telephone.
//!
//! Everything but the people is real. Each has a telephone of its own, which speaks SIP and sends sound over sockets;
//! agents and the supervisor log in over HTTP as voice clients do. All of it happens on this machine: their telephones
//! know the loopback address of the server and no other.

mod desk;
mod people;
mod phone;
mod plays;

use plays::{Stage, Voices};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use touchline_app::{App, Entropy, SystemEntropy};
use touchline_demo::{Dice, Options, cast, floor, organisation, sides};
use touchline_model::{Caller, Channel, Role, TenantId, Timestamp};

/// Callers at most: each takes two sockets, and packets 50 times a second.
pub const MOST: usize = 100;
/// Numbers of the simulated agents begin here; the supervisor's is this one.
const FIRST_NUMBER: usize = 5_300;
/// Conversations that are spoken; who calls chooses among them.
const CONVERSATIONS: usize = 12;

/// How fast the simulated people are; all in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// The longest conversation.
    pub talk: Duration,
    /// How long a telephone rings before it is answered: at least, at most.
    pub ring: (f64, f64),
    /// How long a customer does something else between two calls.
    pub pause: (f64, f64),
    /// How long a customer waits for somebody.
    pub patience: (f64, f64),
}

impl Pace {
    /// As people are, with conversations that last so many seconds at most.
    pub fn of(seconds: u64) -> Self {
        let talk = seconds.max(1) as f64;
        Self {
            talk: Duration::from_secs_f64(talk),
            ring: (0.5, (talk / 20.0).clamp(0.6, 4.0)),
            pause: (0.5, (talk / 5.0).clamp(1.0, 25.0)),
            patience: (40.0, 120.0),
        }
    }
}

/// What is to be simulated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Simulate {
    /// How many customers.
    pub callers: usize,
    /// How fast they are.
    pub pace: Pace,
}

/// Simulated people at work.
pub struct Simulation {
    stopping: CancellationToken,
    work: JoinHandle<()>,
}

/// The address of a server of this machine, as those on it reach it.
///
/// # Errors
/// A sentence: it is not reached by the loopback address.
fn on_this_machine(server: SocketAddr) -> Result<SocketAddr, String> {
    match server.ip() {
        IpAddr::V4(ip) if ip.is_loopback() || ip.is_unspecified() => {
            Ok((Ipv4Addr::LOCALHOST, server.port()).into())
        }
        _ => Err(format!(
            "simulated callers never leave this machine: {server} has to be 127.0.0.1 or 0.0.0.0"
        )),
    }
}

impl Simulation {
    /// Lets people begin, at a server that answers HTTP and SIP at these addresses. They come one after another.
    ///
    /// # Errors
    /// A sentence: an address cannot be reached from this machine alone.
    pub fn start(
        app: &App,
        tenant: &str,
        http: SocketAddr,
        sip: SocketAddr,
        what: Simulate,
    ) -> Result<Self, String> {
        let (http, sip) = (on_this_machine(http)?, on_this_machine(sip)?);
        let stopping = CancellationToken::new();
        let caller = Caller::system(TenantId(tenant.to_owned()), "simulation");
        let (app, ended) = (app.clone(), stopping.clone());
        let work = tokio::spawn(async move {
            if let Err(error) = run(&app, &caller, http, sip, what, ended).await {
                tracing::error!(error, "nothing is simulated");
            }
        });
        Ok(Self { stopping, work })
    }

    /// Has everybody hang up and go. The server must still be there.
    pub async fn stop(self) {
        self.stopping.cancel();
        let _done = self.work.await;
    }
}

async fn run(
    app: &App,
    caller: &Caller,
    http: SocketAddr,
    sip: SocketAddr,
    what: Simulate,
    stopping: CancellationToken,
) -> Result<(), String> {
    let mut seed = [0; 8];
    SystemEntropy.fill(&mut seed);
    let mut dice = Dice::new(u64::from_le_bytes(seed));
    let seed = dice.bits();
    // A second of arithmetic, beside everything else.
    let voices = tokio::task::spawn_blocking(move || voices(seed, what.pace.talk)).await;
    let voices = voices.map_err(|e| e.to_string())?;
    let callers = what.callers.clamp(1, MOST);
    let agents: Vec<_> = floor().into_iter().take((callers * 2).div_ceil(3)).collect();
    people::queue(app, caller, &agents).await?;
    let stage = Arc::new(Stage::new(http, sip, what.pace, voices, stopping.clone()));
    let mut tasks = JoinSet::new();
    let mut own = || Dice::new(dice.bits());
    let arriving = async {
        for place in 0..callers.max(agents.len()) {
            if let Some(user) = agents.get(place) {
                let number = FIRST_NUMBER + 1 + place;
                let who = people::employee(app, caller, user, Role::Agent, number).await?;
                tasks.spawn(plays::agent(stage.clone(), who, own()));
            }
            if place < callers {
                let line = people::customer(app, caller, place).await?;
                tasks.spawn(plays::customer(stage.clone(), line, own()));
            }
            if place == 0 {
                let who = people::employee(app, caller, &cast().listener, Role::Coach, FIRST_NUMBER).await?;
                tasks.spawn(plays::supervisor(stage.clone(), who, own()));
            }
        }
        Ok::<_, String>(())
    };
    let arrived = tokio::select! {
        () = stopping.cancelled() => Ok(()),
        arrived = arriving => arrived,
    };
    while let Some(done) = tasks.join_next().await {
        match done {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(error, "somebody is not simulated any more"),
            Err(error) => tracing::error!(%error, "somebody is not simulated any more"),
        }
    }
    arrived
}

/// Conversations of the sample, as sound.
fn voices(seed: u64, longest: Duration) -> Vec<Arc<Voices>> {
    let today = Timestamp::from_micros(1_767_225_600_000_000);
    let sample = organisation(&Options {
        contacts: 4 * CONVERSATIONS,
        audio: CONVERSATIONS,
        ..Options::new(seed, today)
    });
    let spoken = sample.contacts.into_iter().filter(|it| it.has_audio && it.contact.channel == Channel::Call);
    let sound = spoken.enumerate().map(|(at, it)| {
        let [agent, customer] = sides(&it.transcript, it.contact.duration, seed.wrapping_add(at as u64));
        let most = usize::try_from(longest.as_millis()).unwrap_or(usize::MAX).saturating_mul(8);
        let cut = |mut voice: Vec<u8>| {
            voice.truncate(most);
            voice.into()
        };
        Arc::new(Voices { agent: cut(agent), customer: cut(customer) })
    });
    sound.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_simulated_anywhere_but_on_this_machine() {
        let here = |text: &str| on_this_machine(text.parse().unwrap()).map(|it| it.to_string());
        assert_eq!(here("0.0.0.0:5060").as_deref(), Ok("127.0.0.1:5060"));
        assert_eq!(here("127.0.0.1:5061").as_deref(), Ok("127.0.0.1:5061"));
        for elsewhere in ["192.0.2.7:5060", "[::]:5060", "203.0.113.1:80"] {
            assert!(here(elsewhere).unwrap_err().contains("never leave this machine"), "{elsewhere}");
        }
    }

    #[test]
    fn conversations_are_spoken_by_two_who_are_not_silent_and_not_the_same() {
        let all = voices(7, Duration::from_secs(20));
        assert_eq!(all.len(), CONVERSATIONS);
        for Voices { agent, customer } in all.iter().map(AsRef::as_ref) {
            assert_eq!((agent.len(), customer.len()), (160_000, 160_000), "20 s at 8 kHz");
            let loud = |voice: &[u8]| voice.iter().filter(|byte| **byte & 0x7F < 0x50).count();
            assert!(loud(agent) > 4_000 && loud(customer) > 1_000, "{} {}", loud(agent), loud(customer));
            assert_ne!(agent, customer);
        }
    }
}
