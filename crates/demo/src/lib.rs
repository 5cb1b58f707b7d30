//! A sample organisation: Larkmoor, a regional broadband company of our own invention, over eight weeks.
//!
//! Everything follows from [`Options`]: the same seed and anchor give the same organisation, byte for byte.
//! The stories in it are meant to be found: coached agents improve once their plan begins, one team struggles
//! after the price letter of week five, Mondays are busy. No I/O happens here.

mod audio;
mod coaching;
mod contacts;
mod customer;
mod dice;
mod events;
mod kpis;
mod people;
mod quality;
mod reason;
mod remarks;
mod script;
mod slots;
mod talk;
mod timing;
mod topics;

pub use audio::{recording, sides};
pub use dice::Dice;

use touchline_model::{
    CoachingSession, Contact, Evaluation, Event, Feedback, Group, Inbox, Kpi, Listen, Observation, Plan,
    Scorecard, Share, Timestamp, Topic, Transcript, User, UserId,
};

/// Name of the company.
pub const COMPANY: &str = "Larkmoor Broadband";

/// What to make.
#[derive(Clone, Debug)]
pub struct Options {
    /// Another seed gives another organisation of the same kind; the people keep their names.
    pub seed: u64,
    /// Number of contacts.
    pub contacts: usize,
    /// How many calls have a recording (see [`recording`]); these last 45 to 150 seconds.
    pub audio: usize,
    /// Everything that has happened lies in the eight weeks before this moment.
    pub today: Timestamp,
}

impl Options {
    /// 3,000 contacts, 60 of them with recordings.
    pub fn new(seed: u64, today: Timestamp) -> Self {
        Self { seed, contacts: 3_000, audio: 60, today }
    }
}

/// A contact with its words.
#[derive(Clone, Debug)]
pub struct DemoContact {
    /// The contact; its state is `None` except for a few that could not be read.
    pub contact: Contact,
    /// Its words; empty for those few.
    pub transcript: Transcript,
    /// Whether it should get a recording, made by [`recording`].
    pub has_audio: bool,
}

/// Who stands for which role in the sample, for the first logins.
#[derive(Clone, Debug)]
pub struct Cast {
    /// Head of service.
    pub head: UserId,
    /// Manager of a team.
    pub manager: UserId,
    /// A coach with several plans.
    pub coach: UserId,
    /// The quality analyst.
    pub analyst: UserId,
    /// An agent of the manager's team who is being coached by the coach.
    pub agent: UserId,
    /// Another agent of that team.
    pub colleague: UserId,
    /// A coach who leads no group, and so may watch every agent's calls (contract genesys-voice R-15).
    pub supervisor: UserId,
    /// Another one, who listens where calls are simulated.
    pub listener: UserId,
}

/// Who stands for which role.
pub fn cast() -> Cast {
    Cast {
        head: people::user_id(people::HEAD),
        manager: people::user_id(people::TEAMS[0].manager),
        coach: people::user_id(people::COACHES[0]),
        analyst: people::user_id(people::ANALYST),
        agent: people::user_id(people::COACHED[0].0),
        colleague: people::user_id(people::COLLEAGUE),
        supervisor: people::user_id(people::COACHES[1]),
        listener: people::user_id(people::COACHES[2]),
    }
}

/// Agents for whom nobody signs in at first: who is here takes simulated calls. One of each team, then the next of each.
pub fn floor() -> Vec<UserId> {
    let Cast { agent, colleague, .. } = cast();
    let all = (0..5).flat_map(|place| people::TEAMS.iter().filter_map(move |team| team.member(place)));
    all.map(people::user_id).filter(|user| *user != agent && *user != colleague).collect()
}

/// Everything there is. References between the lists always exist; lists are in an order fit for loading.
#[derive(Clone, Debug)]
pub struct Organisation {
    /// The tree: departments first, then teams.
    pub groups: Vec<Group>,
    /// Agents, team managers, coaches, the quality analyst and the head of service.
    pub users: Vec<User>,
    /// What is looked for in conversations; one topic is no longer active.
    pub topics: Vec<Topic>,
    /// At least one for each scheme; one is no longer active.
    pub scorecards: Vec<Scorecard>,
    /// One for each queue.
    pub inboxes: Vec<Inbox>,
    /// By start.
    pub contacts: Vec<DemoContact>,
    /// Of contacts, conversations and agents, as they were recorded. Some contacts occur here alone: callers who gave
    /// up waiting.
    pub events: Vec<Event>,
    /// By contact.
    pub evaluations: Vec<Evaluation>,
    /// Comments and highlights, by contact.
    pub feedback: Vec<Feedback>,
    /// By contact.
    pub shares: Vec<Share>,
    /// By contact.
    pub listens: Vec<Listen>,
    /// One for each frequency.
    pub kpis: Vec<Kpi>,
    /// By KPI, agent and time; worked out from the contacts and evaluations above.
    pub observations: Vec<Observation>,
    /// One for each coached agent.
    pub plans: Vec<Plan>,
    /// Held, missed, and planned ones, which may lie in the future.
    pub sessions: Vec<CoachingSession>,
}

/// Makes the organisation.
pub fn organisation(options: &Options) -> Organisation {
    let agents = people::agents(options.seed);
    let names: Vec<String> =
        agents.iter().map(|a| format!("{} {}", a.user.first_name, a.user.last_name)).collect();
    let ids: Vec<UserId> = agents.iter().map(|agent| agent.user.id.clone()).collect();
    let (contacts, records): (Vec<_>, Vec<_>) = contacts::contacts(options, &agents).into_iter().unzip();
    let scorecards = quality::scorecards();
    let evaluations = quality::evaluations(options, &contacts, &records, &names);
    let plans = coaching::plans(options);
    let inboxes = events::inboxes(&agents);
    let events = events::events(options, &contacts, &agents);
    let mut users = people::staff();
    users.extend(agents.into_iter().map(|agent| agent.user));
    Organisation {
        groups: people::groups(),
        users,
        inboxes,
        events,
        topics: topics::topics(),
        feedback: coaching::feedback(options, &contacts, &records, &names),
        shares: coaching::shares(options, &contacts, &records, &ids, &names),
        listens: coaching::listens(options, &contacts, &records, &names, &evaluations),
        kpis: kpis::kpis(),
        observations: kpis::observations(options, &contacts, &records, &names, &evaluations, &scorecards),
        sessions: coaching::sessions(options, &plans, &evaluations),
        plans,
        scorecards,
        evaluations,
        contacts,
    }
}
