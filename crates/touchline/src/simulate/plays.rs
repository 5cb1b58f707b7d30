//! What simulated people do all day.

use super::{
    Pace,
    desk::Desk,
    people::{Employee, Line, QUEUE},
    phone::{Outcome, Phone, Stay},
};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use touchline_demo::Dice;

/// How often somebody who waits shows that the session is still wanted, and tries again what went wrong.
const SHOWS_UP: Duration = Duration::from_secs(300);
const AGAIN: Duration = Duration::from_secs(3);
/// How closely the two sides of a call look after each other.
const GLANCE: Duration = Duration::from_millis(100);
/// How long leaving may take.
const GOODBYE: Duration = Duration::from_secs(5);

/// Both sides of a conversation, as sound.
pub(super) struct Voices {
    pub(super) agent: Arc<[u8]>,
    pub(super) customer: Arc<[u8]>,
}

/// A conversation between two people: who calls has chosen it, who answers begins it.
#[derive(Clone)]
struct Talk {
    voices: Arc<Voices>,
    /// The agent's telephone, once that was answered.
    agent: Option<String>,
}

/// What all of them share.
pub(super) struct Stage {
    pub(super) http: SocketAddr,
    pub(super) sip: SocketAddr,
    pub(super) pace: Pace,
    pub(super) voices: Vec<Arc<Voices>>,
    pub(super) stopping: CancellationToken,
    /// By the customer's number.
    talks: Mutex<BTreeMap<String, Talk>>,
}

impl Stage {
    pub(super) fn new(
        http: SocketAddr,
        sip: SocketAddr,
        pace: Pace,
        voices: Vec<Arc<Voices>>,
        stopping: CancellationToken,
    ) -> Self {
        Self { http, sip, pace, voices, stopping, talks: Mutex::default() }
    }

    fn talks(&self) -> MutexGuard<'_, BTreeMap<String, Talk>> {
        self.talks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The agent has answered; what is spoken about.
    fn begins(&self, number: &str, device: &str) -> Option<Arc<Voices>> {
        let mut talks = self.talks();
        let talk = talks.get_mut(number)?;
        talk.agent = Some(device.to_owned());
        Some(talk.voices.clone())
    }

    fn has_begun(&self, number: &str) -> bool {
        self.talks().get(number).is_some_and(|talk| talk.agent.is_some())
    }

    /// How long a conversation lasts.
    fn length(&self, voices: &Voices) -> Duration {
        Duration::from_millis(voices.customer.len() as u64 / 8).min(self.pace.talk)
    }

    async fn phone(&self, line: &Line, dice: &mut Dice) -> Result<Phone, String> {
        let own = Dice::new(dice.bits());
        let phone = Phone::open(self.sip, &line.sip_user, &line.sip_password, own).await;
        phone.map_err(|e| format!("telephone {}: {e}", line.number))
    }
}

fn between(dice: &mut Dice, (low, high): (f64, f64)) -> Duration {
    Duration::from_secs_f64(dice.range(low, high).max(0.0))
}

/// A customer: calls, speaks with whoever answers, hangs up, and calls again about something else.
pub(super) async fn customer(stage: Arc<Stage>, line: Line, mut dice: Dice) -> Result<(), String> {
    let mut phone = stage.phone(&line, &mut dice).await?;
    let day = async {
        loop {
            tokio::time::sleep(between(&mut dice, stage.pace.pause)).await;
            let Some(voices) = stage.voices.get(dice.index(stage.voices.len())).cloned() else { return };
            let length = stage.length(&voices);
            let talk = Talk { voices: voices.clone(), agent: None };
            stage.talks().insert(line.number.clone(), talk);
            let patience = between(&mut dice, stage.pace.patience);
            let waits_until = Instant::now() + patience;
            if phone.call(QUEUE, patience).await == Outcome::Up {
                let mut stays = Stay::On;
                while stays == Stay::On && !stage.has_begun(&line.number) && Instant::now() < waits_until {
                    stays = phone.stay(Instant::now() + GLANCE).await;
                }
                if stays == Stay::On && stage.has_begun(&line.number) {
                    phone.say(voices.customer.clone());
                    phone.stay(Instant::now() + length).await;
                }
                phone.hang_up().await;
            }
            stage.talks().remove(&line.number);
        }
    };
    tokio::select! {
        () = stage.stopping.cancelled() => {}
        () = day => {}
    }
    let _late = tokio::time::timeout(GOODBYE, phone.leave()).await;
    Ok(())
}

/// Begins work, and tries again until it has.
async fn begins_work(desk: &mut Desk, ready: bool) {
    loop {
        let begun = match desk.begin().await {
            Ok(()) if ready => desk.ready().await,
            done => done,
        };
        match begun {
            Ok(()) => return,
            Err(error) => tracing::warn!(error, "a simulated person cannot begin to work"),
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// An agent: ready for calls, answers them, puts some aside for a moment, and lets the customer hang up, mostly.
pub(super) async fn agent(stage: Arc<Stage>, who: Employee, mut dice: Dice) -> Result<(), String> {
    let mut phone = stage.phone(&who.line, &mut dice).await?;
    let mut desk = Desk::new(stage.http, &who.email, &who.password, &who.line.device);
    let day = async {
        phone.register().await;
        begins_work(&mut desk, true).await;
        loop {
            let Some(number) = phone.ringing(Instant::now() + SHOWS_UP).await else {
                if desk.shows_up().await.is_err() {
                    begins_work(&mut desk, true).await;
                }
                continue;
            };
            if !phone.answer(between(&mut dice, stage.pace.ring)).await {
                continue;
            }
            // Who is not one of ours calls as well, and is spoken with.
            let voices = stage.begins(&number, &who.line.device).or_else(|| stage.voices.first().cloned());
            let Some(voices) = voices else { continue };
            let length = stage.length(&voices);
            phone.say(voices.agent.clone());
            if dice.chance(0.3) && phone.stay(Instant::now() + length / 3).await == Stay::On {
                phone.hold(true).await;
                phone.stay(Instant::now() + length / 6).await;
                phone.hold(false).await;
            }
            // Who calls has the last word; who does not hang up at all is not waited for.
            let end = Instant::now() + if dice.chance(0.2) { length / 4 } else { length * 2 };
            phone.stay(end).await;
            phone.hang_up().await;
            // Who has nothing but calls is not taken for somebody who has left.
            if desk.shows_up().await.is_err() {
                begins_work(&mut desk, true).await;
            }
        }
    };
    tokio::select! {
        () = stage.stopping.cancelled() => {}
        () = day => {}
    }
    goodbye(&mut phone, &mut desk).await;
    Ok(())
}

/// A supervisor: now and then listens to somebody who speaks, or coaches, and leaves again.
pub(super) async fn supervisor(stage: Arc<Stage>, who: Employee, mut dice: Dice) -> Result<(), String> {
    let mut phone = stage.phone(&who.line, &mut dice).await?;
    let mut desk = Desk::new(stage.http, &who.email, &who.password, &who.line.device);
    let day = async {
        phone.register().await;
        begins_work(&mut desk, false).await;
        loop {
            let pause = between(&mut dice, stage.pace.pause) * 2;
            phone.stay(Instant::now()).await;
            phone.ringing(Instant::now() + pause.min(SHOWS_UP)).await;
            phone.hang_up().await;
            if desk.shows_up().await.is_err() {
                begins_work(&mut desk, false).await;
            }
            let speaking: Vec<String> =
                stage.talks().values().filter_map(|talk| talk.agent.clone()).collect();
            let Some(device) = speaking.get(dice.index(speaking.len())) else { continue };
            let coaches = dice.chance(0.4);
            // Somebody else may watch this one, or the call may just have ended.
            if desk.watch(if coaches { "Coach" } else { "ListenIn" }, device).await.is_err() {
                continue;
            }
            if phone.ringing(Instant::now() + stage.pace.talk).await.is_some()
                && phone.answer(between(&mut dice, stage.pace.ring)).await
            {
                if let Some(voices) = stage.voices.last().filter(|_| coaches) {
                    phone.say(voices.agent.clone());
                }
                phone.stay(Instant::now() + stage.pace.talk / 3).await;
            }
            let _over = desk.unwatch().await;
            phone.hang_up().await;
        }
    };
    tokio::select! {
        () = stage.stopping.cancelled() => {}
        () = day => {}
    }
    goodbye(&mut phone, &mut desk).await;
    Ok(())
}

async fn goodbye(phone: &mut Phone, desk: &mut Desk) {
    let leaving = async {
        phone.leave().await;
        let _over = desk.end().await;
    };
    let _late = tokio::time::timeout(GOODBYE, leaving).await;
}
