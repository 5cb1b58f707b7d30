//! The contacts of eight weeks.

use crate::customer::Customer;
use crate::dice::{Dice, mix};
use crate::people::{Agent, Queue, SHAKEN_TEAM, TEAMS, Traits};
use crate::reason::{REASONS, Reason, mix_of};
use crate::script::expand;
use crate::talk::{Form, Mood, Player};
use crate::timing::{self, Facts};
use crate::{DemoContact, Options, slots};
use serde_json::{Map, Value, json};
use touchline_model::{
    Channel, Contact, ContactState, Direction, MediaTime, Speaker, SpeakerType, Timestamp, Transcript,
};

pub(crate) const WEEKS: i64 = 8;
const DAY: i64 = 86_400;

/// What the rest of the generator knows of a contact beyond the contact itself.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// Position in the list of agents.
    pub(crate) agent: usize,
    pub(crate) angry: bool,
    pub(crate) form: Form,
    pub(crate) facts: Facts,
}

#[derive(Clone, Debug)]
struct Planned {
    start: Timestamp,
    week: f64,
    agent: usize,
    reason: &'static Reason,
    channel: Channel,
    audio: bool,
    dice: Dice,
}

pub(crate) fn first_moment(today: Timestamp) -> Timestamp {
    today.plus_secs(-WEEKS * 7 * DAY)
}

/// 0 is Sunday; opening hours and weekdays are those of UTC.
pub(crate) fn weekday(at: Timestamp) -> usize {
    (at.micros().div_euclid(DAY * 1_000_000) + 4).rem_euclid(7) as usize
}

/// How much more often the new prices are the reason, by week: the letter goes out in week five.
fn price_spike(week: f64) -> f64 {
    match week as i64 {
        4 => 8.0,
        5 => 4.5,
        6 => 2.2,
        7 => 1.5,
        _ => 0.6,
    }
}

fn schedule(options: &Options, agents: &[Agent]) -> Vec<Planned> {
    let first = first_moment(options.today);
    let midnight =
        |at: Timestamp| Timestamp::from_micros(at.micros() - at.micros().rem_euclid(DAY * 1_000_000));
    let days: Vec<Timestamp> = (0..=WEEKS * 7).map(|day| midnight(first).plus_secs(day * DAY)).collect();
    let week_of = |at: Timestamp| (at.micros() - first.micros()) as f64 / (7.0 * DAY as f64 * 1e6);
    let busy = |day: &Timestamp| {
        let event = match week_of(*day) as i64 {
            4 => 1.3,
            5 => 1.15,
            _ => 1.0,
        };
        event * [0.0, 1.5, 1.12, 1.0, 0.96, 1.02, 0.45][weekday(*day)]
    };
    let mut planned = Vec::with_capacity(options.contacts);
    for at in 0..options.contacts {
        let mut dice = Dice::new(mix(options.seed, 10_000 + at as u64));
        let mut found = None;
        // A draw can fall before the first or after the last moment; then another is made.
        for _ in 0..64 {
            let day = days[dice.weighted(days.iter().map(busy))];
            let spike = price_spike(week_of(day).max(0.0));
            let team = dice.weighted(TEAMS.iter().map(|team| match team.queue {
                Queue::Billing => 1.0 + 0.05 * spike,
                Queue::Retention => 0.9 + 0.03 * spike,
                Queue::Business => 0.7,
                _ => 1.0,
            }));
            let (opens, closes) = match (weekday(day), TEAMS[team].id) {
                (6, _) => (9.0, 17.0),
                (_, "t-tech-1") => (8.0, 16.0),
                (_, "t-tech-2") => (12.0, 20.0),
                (_, "t-business") => (8.0, 18.0),
                _ => (8.0, 20.0),
            };
            // Two humps: late morning and mid afternoon.
            let hump = if dice.chance(0.55) { 10.4 } else { 14.8 };
            let hour = if dice.chance(0.35) { dice.range(opens, closes) } else { hump + 1.3 * dice.normal() };
            let hour =
                if (opens..closes - 0.1).contains(&hour) { hour } else { dice.range(opens, closes - 0.1) };
            let start = Timestamp::from_micros(day.micros() + (hour * 3_600_000.0) as i64 * 1_000);
            if start >= first && start < options.today.plus_secs(-3_600) {
                found = Some((start, team));
                break;
            }
        }
        let Some((start, team)) = found else { continue };
        let members: Vec<usize> = (0..agents.len()).filter(|agent| agents[*agent].team == team).collect();
        let agent = members[dice.index(members.len())];
        let week = week_of(start);
        let list = mix_of(TEAMS[team].queue, price_spike(week));
        let reason = &REASONS[list[dice.weighted(list.iter().map(|entry| entry.1))].0];
        let wanted =
            [Channel::Call, Channel::Chat, Channel::Mail][dice.weighted([0.7, 0.2, 0.1].into_iter())];
        let channel = if reason.offers(wanted) { wanted } else { Channel::Call };
        planned.push(Planned { start, week, agent, reason, channel, audio: false, dice });
    }
    planned.sort_by_key(|entry| entry.start);
    choose_audio(&mut planned, options.audio, agents.len());
    planned
}

/// Recordings are for the newest calls, spread across the agents.
fn choose_audio(planned: &mut [Planned], wanted: usize, agents: usize) {
    let mut left = wanted;
    for round in 1.. {
        let mut had = vec![0; agents];
        let mut more = false;
        for entry in planned.iter_mut().rev() {
            let call = entry.channel == Channel::Call && entry.reason.direction != Direction::Screenshare;
            had[entry.agent] += usize::from(entry.audio);
            if left > 0 && call && !entry.audio && had[entry.agent] < round {
                entry.audio = true;
                had[entry.agent] += 1;
                left -= 1;
                more = true;
            }
        }
        if left == 0 || !more {
            break;
        }
    }
}

pub(crate) fn contacts(options: &Options, agents: &[Agent]) -> Vec<(DemoContact, Record)> {
    let planned = schedule(options, agents);
    let mut free = vec![Timestamp::default(); agents.len()];
    let last = planned.len();
    let made = planned.into_iter().enumerate().map(|(at, mut entry)| {
        // Nobody takes two calls at once.
        if entry.channel == Channel::Call && entry.start < free[entry.agent] {
            entry.start = free[entry.agent].plus_secs(entry.dice.int(15, 90));
        }
        let rejected = !entry.audio && last > 400 && at % 331 == 7;
        let failed = !entry.audio && last > 400 && at % 331 == 170;
        let (mut contact, mut record) = contact(entry, agents);
        if rejected || failed {
            let state =
                if rejected { ContactState::CONVERTER_REJECTED } else { ContactState::TRANSCRIPTION_FAILED };
            contact.contact.state = Some(ContactState::new(state));
            contact.contact.channel = Channel::Call;
            contact.transcript = Transcript::default();
            record.facts = Facts { duration: record.facts.duration, ..Facts::default() };
        }
        if contact.contact.channel == Channel::Call {
            free[record.agent] = contact.contact.started_at.plus_secs(record.facts.duration as i64 + 1);
        }
        (contact, record)
    });
    let mut made: Vec<_> = made.collect();
    made.sort_by(|one, other| {
        (one.0.contact.started_at, &one.0.contact.id).cmp(&(other.0.contact.started_at, &other.0.contact.id))
    });
    made
}

/// Recordings of the sample are kept short, so that all of them fit into a small download.
const SHORTEST: f64 = 45.0;
const LONGEST: f64 = 150.0;

fn contact(mut entry: Planned, agents: &[Agent]) -> (DemoContact, Record) {
    let agent = &agents[entry.agent];
    let queue = TEAMS[agent.team].queue;
    let traits = agent.traits(entry.week);
    let customer = Customer::new(&mut entry.dice, queue == Queue::Business);
    let (mut best, mut miss) = (None, f64::MAX);
    // A conversation that must be short is played again until its length fits.
    for _ in 0..if entry.audio { 40 } else { 1 } {
        let played = play(&mut entry, agent, &customer, &traits, queue);
        let length = played.3.duration;
        let off = (SHORTEST - length).max(length - LONGEST).max(0.0);
        if off < miss {
            (best, miss) = (Some(played), off);
        }
        if miss == 0.0 {
            break;
        }
    }
    let (angry, form, mut transcript, facts) =
        best.unwrap_or_else(|| play(&mut entry, agent, &customer, &traits, queue));
    let dice = &mut entry.dice;
    let matched = dice.chance(if customer.company.is_some() { 0.8 } else { 0.22 });
    transcript.speakers = speakers(agent, &customer, matched, entry.channel, dice);
    let id = dice.uuid(entry.start.micros() / 1_000);
    let mut metadata = metadata(&customer, queue, &entry, angry, &form);
    if matched {
        metadata.insert("account_years".into(), json!(entry.dice.int(1, 14)));
    }
    let contact = Contact {
        id: id.as_str().into(),
        channel: entry.channel,
        direction: entry.reason.direction,
        agent_id: Some(agent.user.id.clone()),
        started_at: entry.start,
        duration: MediaTime::from_secs(facts.duration),
        state: None,
        original_path: (entry.channel == Channel::Call).then(|| {
            let date: String = entry.start.to_string().chars().take(10).collect();
            format!("recordings/{date}/{}-{}.wav", TEAMS[agent.team].id, &id[..8])
        }),
        metadata,
        crm_matches: if matched { vec![customer.crm(&mut entry.dice, entry.reason.key)] } else { Vec::new() },
    };
    let record = Record { agent: entry.agent, angry, form, facts };
    (DemoContact { contact, transcript, has_audio: entry.audio }, record)
}

fn play(
    entry: &mut Planned,
    agent: &Agent,
    customer: &Customer,
    traits: &Traits,
    queue: Queue,
) -> (bool, Form, Transcript, Facts) {
    let dice = &mut entry.dice;
    let shaken = TEAMS[agent.team].id == SHAKEN_TEAM && entry.week >= 4.0;
    let angry = dice.chance(entry.reason.anger + if shaken { 0.15 } else { 0.0 });
    let repeat = dice.chance(if shaken { 0.3 } else { 0.16 });
    let long = !entry.audio && dice.chance(0.88);
    let mood = Mood {
        long,
        deep: long && dice.chance(0.38),
        angry,
        chatty: !angry && dice.chance(0.22),
        anxious: !angry && dice.chance(0.12),
        repeat,
    };
    let form = Form::roll(traits, angry, repeat, dice);
    let clock = entry.start.to_string();
    let part =
        |range: std::ops::Range<usize>| clock.get(range).and_then(|text| text.parse().ok()).unwrap_or(1);
    let moment =
        slots::Moment { weekday: weekday(entry.start), month: part(5..7) as usize, hour: part(11..13) };
    let names = (agent.first_name(), agent.user.last_name.as_str());
    let mut values = slots::slots(customer, names, queue.name(), moment, dice);
    let recap = expand(entry.reason.recap, dice, &|name| values.get(name).cloned().unwrap_or_default());
    let recap: String = match recap.starts_with("I'") {
        true => recap,
        false => recap[..1].to_lowercase() + &recap[1..],
    };
    values.insert("recap", recap);
    let turns = Player::play(&entry.reason.script(entry.channel), traits, mood, form, &values, dice);
    let pace = dice.range(0.86, 1.12) * if angry { 1.08 } else { 1.0 };
    let (transcript, facts) = match entry.channel {
        Channel::Call => timing::spoken(&turns, traits, pace, dice),
        Channel::Chat => timing::written(&turns, traits, false, dice),
        Channel::Mail => timing::written(&turns, traits, true, dice),
    };
    (angry, form, transcript, facts)
}

fn metadata(
    customer: &Customer,
    queue: Queue,
    entry: &Planned,
    angry: bool,
    form: &Form,
) -> Map<String, Value> {
    let mut dice = entry.dice.clone();
    let mut metadata = Map::new();
    metadata.insert("queue".into(), json!(queue.name()));
    metadata.insert("reason".into(), json!(entry.reason.label));
    metadata.insert("customer_id".into(), json!(format!("LM-{}", customer.number)));
    metadata.insert("product".into(), json!(customer.product));
    metadata.insert("resolved".into(), json!(form.resolved));
    if let Some(company) = customer.company {
        metadata.insert("company".into(), json!(company));
    }
    // About a third answer the survey; those who are cross or helped well do so more often.
    if dice.chance(0.26 + if angry { 0.1 } else { 0.0 } + if form.warm { 0.08 } else { 0.0 }) {
        let points = 2.6 + if form.resolved { 1.3 } else { -0.7 } + if form.warm { 0.7 } else { -0.5 }
            - if angry { 0.6 } else { 0.0 }
            + 0.6 * dice.normal();
        metadata.insert("csat".into(), json!(points.round().clamp(1.0, 5.0) as i64));
    }
    metadata
}

fn speakers(
    agent: &Agent,
    customer: &Customer,
    matched: bool,
    channel: Channel,
    dice: &mut Dice,
) -> Vec<Speaker> {
    let user = &agent.user;
    let mut ours = Speaker { number: 0, ..Speaker::default() };
    // Sources differ in what they say of a speaker; all of these lead to the agent.
    match dice.int(0, 19) {
        0..=11 => {
            ours.user_id = Some(user.id.clone());
            ours.email = Some(user.email.clone());
            ours.first_name = Some(user.first_name.clone());
            ours.last_name = Some(user.last_name.clone());
        }
        12..=15 => {
            ours.speaker_type = Some(SpeakerType::Internal);
            ours.user_id = Some(user.id.clone());
        }
        16 | 17 => ours.email = Some(user.email.clone()),
        18 => ours.phone_number = user.phone_numbers.first().cloned(),
        _ => ours.system_id = user.system_ids.first().cloned(),
    }
    let mut theirs = Speaker { number: 1, ..Speaker::default() };
    match channel {
        Channel::Call if matched || dice.chance(0.7) => theirs.phone_number = Some(customer.phone.clone()),
        Channel::Call => {}
        Channel::Chat | Channel::Mail => theirs.email = Some(customer.email.clone()),
    }
    if matched || dice.chance(0.15) {
        theirs.first_name = Some(customer.first.to_owned());
        theirs.last_name = Some(customer.last.to_owned());
    }
    // Most telephone systems know which side is which; a few do not, and those speakers stay unknown.
    if !matched && dice.chance(0.9) {
        theirs.speaker_type = Some(SpeakerType::External);
    }
    vec![ours, theirs]
}
