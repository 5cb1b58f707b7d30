//! Scorecards, and what the reviewers made of the contacts.

use crate::contacts::Record;
use crate::dice::{Dice, mix};
use crate::people::{ANALYST, COACHED, COACHES, TEAMS, user_id};
use crate::script::Tag;
use crate::{DemoContact, Options, remarks};
use touchline_model::{Answer, Channel, Evaluation, Question, Scheme, Scorecard};

/// What a question looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    Greeting,
    Empathy,
    Listening,
    Knowledge,
    Flow,
    Ownership,
    Identity,
    Hold,
    Clarity,
    Resolution,
    Courtesy,
}

type Ask = (&'static str, &'static str, Measure, &'static [&'static str]);
struct Form {
    id: &'static str,
    name: &'static str,
    scheme: Scheme,
    active: bool,
    asks: &'static [Ask],
}

const FORMS: [Form; 6] = [
    Form {
        id: "sc-call-quality",
        name: "Call quality",
        scheme: Scheme::OneToFive,
        active: true,
        asks: &[
            (
                "cq-greeting",
                "How welcoming and clear was the opening?",
                Measure::Greeting,
                &["Communication"],
            ),
            (
                "cq-empathy",
                "Did the agent acknowledge how the customer felt?",
                Measure::Empathy,
                &["Empathy"],
            ),
            (
                "cq-listening",
                "Did the agent let the customer finish and pick up what was said?",
                Measure::Listening,
                &["Active listening", "Communication"],
            ),
            (
                "cq-knowledge",
                "Was the explanation correct and easy to follow?",
                Measure::Knowledge,
                &["Product knowledge"],
            ),
            (
                "cq-flow",
                "Was the call kept moving, without unexplained silence?",
                Measure::Flow,
                &["Call control"],
            ),
            (
                "cq-ownership",
                "Did the customer leave knowing what happens next, and by when?",
                Measure::Ownership,
                &["Ownership", "Communication"],
            ),
        ],
    },
    Form {
        id: "sc-written",
        name: "Written contacts",
        scheme: Scheme::OneToThree,
        active: true,
        asks: &[
            ("wr-tone", "Does the reply sound like a person who cares?", Measure::Empathy, &["Empathy"]),
            ("wr-answer", "Is the question really answered?", Measure::Knowledge, &["Product knowledge"]),
            ("wr-next", "Is the next step named, with a day?", Measure::Ownership, &["Ownership"]),
        ],
    },
    Form {
        id: "sc-complaints",
        name: "Handling of complaints",
        scheme: Scheme::OneTwo,
        active: true,
        asks: &[
            (
                "co-acknowledge",
                "Was the complaint acknowledged before it was explained?",
                Measure::Empathy,
                &["Empathy", "Complaint handling"],
            ),
            (
                "co-calm",
                "Did the agent stay calm and let the customer speak?",
                Measure::Listening,
                &["Active listening", "Complaint handling"],
            ),
            (
                "co-remedy",
                "Was a remedy offered that was in the agent's power?",
                Measure::Resolution,
                &["Complaint handling", "Ownership"],
            ),
            ("co-owner", "Did the agent take the case on?", Measure::Ownership, &["Ownership"]),
        ],
    },
    Form {
        id: "sc-essentials",
        name: "Essentials checklist",
        scheme: Scheme::YesNo,
        active: true,
        asks: &[
            (
                "es-identity",
                "Was the customer identified before account details were discussed?",
                Measure::Identity,
                &["Data protection"],
            ),
            (
                "es-hold",
                "Was permission asked before a hold or a long search?",
                Measure::Hold,
                &["Call control"],
            ),
            ("es-next", "Was a next step with a date given?", Measure::Ownership, &["Ownership"]),
            (
                "es-courtesy",
                "Was the customer asked whether anything else was needed?",
                Measure::Courtesy,
                &["Communication"],
            ),
        ],
    },
    Form {
        id: "sc-compliance",
        name: "Compliance",
        scheme: Scheme::PassFail,
        active: true,
        asks: &[
            ("cm-identity", "Data protection check complete", Measure::Identity, &["Data protection"]),
            (
                "cm-information",
                "Information on price and contract correct and complete",
                Measure::Knowledge,
                &["Product knowledge", "Compliance"],
            ),
            ("cm-fair", "Customer treated fairly, no dead end", Measure::Resolution, &["Compliance"]),
        ],
    },
    Form {
        id: "sc-call-quality-2019",
        name: "Call quality (old form)",
        scheme: Scheme::OneToFive,
        active: false,
        asks: &[
            ("cq19-tone", "Tone of voice", Measure::Greeting, &["Communication"]),
            ("cq19-script", "Kept to the script", Measure::Clarity, &["Compliance"]),
        ],
    },
];

pub(crate) fn scorecards() -> Vec<Scorecard> {
    let question = |(id, text, _, skills): &Ask| Question {
        id: (*id).into(),
        text: (*text).to_owned(),
        skills: skills.iter().map(|skill| (*skill).to_owned()).collect(),
    };
    FORMS
        .iter()
        .map(|form| Scorecard {
            id: form.id.into(),
            name: form.name.to_owned(),
            scheme: form.scheme,
            questions: form.asks.iter().map(question).collect(),
            active: form.active,
        })
        .collect()
}

/// How well it went, 0 to 1, by what can be heard.
pub(crate) fn level(measure: Measure, record: &Record) -> f64 {
    let facts = &record.facts;
    let count = |tag| facts.count(tag) as f64;
    let heard = match measure {
        Measure::Greeting => {
            if facts.has(Tag::Greeting) {
                0.55 + if record.form.warm { 0.4 } else { 0.0 }
            } else {
                0.3
            }
        }
        Measure::Empathy => {
            let wanted = if record.angry { 2.5 } else { 1.5 };
            (0.2 + 0.8 * (count(Tag::Empathy) / wanted).min(1.0) - 0.15 * count(Tag::DeadEnd)).max(0.0)
        }
        Measure::Listening => (0.97 - 0.22 * count(Tag::Interruption)).max(0.05),
        Measure::Knowledge => {
            (if record.form.know { 0.92 } else { 0.34 }) - 0.15 * count(Tag::DeadEnd).min(2.0)
        }
        Measure::Flow => (0.96 - facts.dead_air / 45.0).max(0.08),
        Measure::Ownership => {
            let promised = if facts.has(Tag::Promise) { 0.62 } else { 0.15 };
            promised
                + if facts.has(Tag::Recap) { 0.2 } else { 0.0 }
                + if record.form.resolved { 0.15 } else { 0.0 }
        }
        Measure::Identity => {
            if facts.has(Tag::NoIdentity) {
                0.0
            } else {
                1.0
            }
        }
        Measure::Hold => {
            if facts.dead_air > 14.0 {
                0.1
            } else {
                0.95
            }
        }
        Measure::Clarity => 1.0 - 12.0 * facts.fillers as f64 / facts.agent_words.max(20) as f64,
        Measure::Resolution => {
            (if record.form.resolved { 0.95 } else { 0.45 }) - 0.4 * count(Tag::DeadEnd).min(1.0)
        }
        Measure::Courtesy => {
            if facts.has(Tag::AnythingElse) {
                1.0
            } else {
                0.0
            }
        }
    };
    heard.clamp(0.0, 1.0)
}

/// Which of the eight weeks of evaluations look at whom: the coached are listened to more often.
fn odds(record: &Record, name: &str) -> f64 {
    let coached = COACHED.iter().any(|row| row.0 == name);
    let base = if coached { 0.2 } else { 0.095 };
    base * if record.angry { 1.15 } else { 1.0 }
}

pub(crate) fn evaluations(
    options: &Options,
    contacts: &[DemoContact],
    records: &[Record],
    names: &[String],
) -> Vec<Evaluation> {
    let mut list = Vec::new();
    for (at, (made, record)) in contacts.iter().zip(records).enumerate() {
        let mut dice = Dice::new(mix(options.seed, 2_000_000 + at as u64));
        let name = &names[record.agent];
        let odds = if made.has_audio { 0.5 } else { odds(record, name) };
        if made.transcript.words.is_empty() || !dice.chance(odds) {
            continue;
        }
        // Between half a day and four days later, in working hours' distance.
        let after = dice.int(6 * 3_600, 4 * 86_400);
        let scored_at = made.contact.started_at.plus_secs(after);
        if scored_at >= options.today {
            continue;
        }
        let form = match made.contact.channel {
            Channel::Call if record.angry && dice.chance(0.3) => &FORMS[2],
            Channel::Call => &FORMS[[0, 3, 4][dice.weighted([0.68, 0.2, 0.12].into_iter())]],
            Channel::Chat | Channel::Mail => &FORMS[1],
        };
        let team = agent_team(name);
        let reviewer = match dice.weighted([0.5, 0.25, 0.25].into_iter()) {
            0 => ANALYST,
            1 => TEAMS[team].manager,
            _ => coach_of(team),
        };
        let answers = form.asks.iter().map(|ask| answer(ask, form.scheme, record, &mut dice)).collect();
        list.push(Evaluation {
            id: format!("ev-{}", dice.uuid(scored_at.micros() / 1_000)).into(),
            contact_id: made.contact.id.clone(),
            scorecard_id: form.id.into(),
            reviewer_id: user_id(reviewer),
            agent_id: made.contact.agent_id.clone(),
            scored_at,
            answers,
        });
    }
    list
}

fn answer(ask: &Ask, scheme: Scheme, record: &Record, dice: &mut Dice) -> Answer {
    let level = level(ask.2, record);
    let binary = scheme.max() == 1;
    let noise = if binary { 0.0 } else { 0.07 * dice.normal() };
    let answer = ((level + noise).clamp(0.0, 1.0) * f64::from(scheme.max())).round() as u8;
    let share = f64::from(answer) / f64::from(scheme.max());
    let (mut reason, mut comment) = (None, None);
    // Reviewers explain poor answers nearly always and good ones now and then.
    if dice.chance(if share < 0.5 { 0.85 } else { 0.22 }) {
        reason = Some(remarks::reason(ask.2, share, dice));
    }
    if dice.chance(if share < 0.5 { 0.55 } else { 0.12 }) {
        comment = remarks::comment(ask.2, share, record, dice);
    }
    Answer { question_id: ask.0.into(), answer, reason, comment }
}

/// The team of an agent by name.
pub(crate) fn agent_team(name: &str) -> usize {
    TEAMS.iter().position(|team| team.members().contains(&name)).unwrap_or(0)
}

/// Every department has its coach.
pub(crate) fn coach_of(team: usize) -> &'static str {
    match TEAMS[team].department() {
        "d-care" => COACHES[0],
        "d-tech" => COACHES[1],
        _ => COACHES[2],
    }
}
