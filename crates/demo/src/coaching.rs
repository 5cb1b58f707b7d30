//! Feedback, shares, listening, plans and one-to-one sessions.

use crate::contacts::{Record, first_moment};
use crate::dice::{Dice, mix};
use crate::people::{ANALYST, COACHED, Course, Focus, HEAD, TEAMS, user_id};
use crate::quality::{agent_team, coach_of};
use crate::script::Tag;
use crate::{DemoContact, Options, remarks};
use touchline_model::{
    CallReview, CoachingSession, Evaluation, Feedback, FeedbackKind, Listen, MediaTime, Plan, PlanId,
    RawAnswer, ReviewQuestion, SessionId, Share, Timestamp, UserId,
};

const DAY: i64 = 86_400;

fn dice_for(options: &Options, kind: u64, at: usize) -> Dice {
    Dice::new(mix(options.seed, kind * 1_000_000 + at as u64))
}

pub(crate) fn feedback(
    options: &Options,
    contacts: &[DemoContact],
    records: &[Record],
    names: &[String],
) -> Vec<Feedback> {
    let mut list = Vec::new();
    for (at, (made, record)) in contacts.iter().zip(records).enumerate() {
        let mut dice = dice_for(options, 3, at);
        if made.transcript.words.is_empty() || !dice.chance(if made.has_audio { 0.7 } else { 0.055 }) {
            continue;
        }
        let given = made.contact.started_at.plus_secs(dice.int(4 * 3_600, 3 * DAY));
        let name = &names[record.agent];
        let team = agent_team(name);
        let author = dice.pick(&[coach_of(team), coach_of(team), TEAMS[team].manager, ANALYST]);
        let first_name = name.split(' ').next().unwrap_or_default();
        let mut noted = record.facts.noted.clone();
        let wanted = dice.int(1, 3);
        let mut tags = Vec::new();
        for number in 0..wanted {
            if noted.is_empty() {
                break;
            }
            let moment = noted.swap_remove(dice.index(noted.len()));
            let given_at = given.plus_secs(number * dice.int(40, 240));
            if tags.contains(&moment.tag) || given_at >= options.today {
                continue;
            }
            tags.push(moment.tag);
            let Some(text) = remarks::feedback(&moment, first_name, &mut dice) else { continue };
            let highlight = moment.end - moment.start > 2.0 && dice.chance(0.5);
            list.push(Feedback {
                id: format!("fb-{}", dice.uuid(given_at.micros() / 1_000)).into(),
                contact_id: made.contact.id.clone(),
                author_id: user_id(author),
                given_at,
                kind: if highlight { FeedbackKind::Highlight } else { FeedbackKind::Comment },
                text: Some(text),
                start: MediaTime::from_secs((moment.start * 100.0).round() / 100.0),
                end: highlight.then(|| MediaTime::from_secs((moment.end * 100.0).round() / 100.0)),
            });
        }
    }
    list
}

pub(crate) fn shares(
    options: &Options,
    contacts: &[DemoContact],
    records: &[Record],
    agents: &[UserId],
    names: &[String],
) -> Vec<Share> {
    let mut list = Vec::new();
    for (at, (made, record)) in contacts.iter().zip(records).enumerate() {
        let mut dice = dice_for(options, 4, at);
        // What is shared is what is worth hearing: very good calls, and those that went wrong.
        let worth = record.facts.has(Tag::Supervisor) || record.facts.count(Tag::Empathy) > 2;
        if made.transcript.words.is_empty() || !dice.chance(if worth { 0.08 } else { 0.014 }) {
            continue;
        }
        let shared_at = made.contact.started_at.plus_secs(dice.int(3_600, 2 * DAY));
        if shared_at >= options.today {
            continue;
        }
        let team = agent_team(&names[record.agent]);
        let author = dice.pick(&[coach_of(team), TEAMS[team].manager, ANALYST]);
        let outside = dice.chance(0.25);
        let mut recipients: Vec<UserId> = Vec::new();
        if !outside || dice.chance(0.4) {
            recipients = agents.iter().filter(|_| dice.chance(0.06)).take(5).cloned().collect();
            if recipients.is_empty() || dice.chance(0.3) {
                recipients.push(user_id(if author == TEAMS[team].manager {
                    HEAD
                } else {
                    TEAMS[team].manager
                }));
            }
        }
        let address = dice.pick(&[
            "training@northgate-learning.example.com",
            "complaints@ombud.example.com",
            "jo.harker@fieldwork.example.com",
        ]);
        list.push(Share {
            id: format!("sh-{}", dice.uuid(shared_at.micros() / 1_000)).into(),
            contact_id: made.contact.id.clone(),
            author_id: user_id(author),
            shared_at,
            recipient_ids: recipients,
            recipient_emails: if outside { vec![address.to_owned()] } else { Vec::new() },
        });
    }
    list
}

/// Whoever scored or commented on a call has listened to it; managers and agents listen to some others.
pub(crate) fn listens(
    options: &Options,
    contacts: &[DemoContact],
    records: &[Record],
    names: &[String],
    evaluations: &[Evaluation],
) -> Vec<Listen> {
    let mut list = Vec::new();
    for (at, (made, record)) in contacts.iter().zip(records).enumerate() {
        let mut dice = dice_for(options, 5, at);
        if made.contact.channel != touchline_model::Channel::Call || made.transcript.words.is_empty() {
            continue;
        }
        let mut heard: Vec<(UserId, Timestamp)> = evaluations
            .iter()
            .filter(|evaluation| evaluation.contact_id == made.contact.id)
            .map(|evaluation| {
                (evaluation.reviewer_id.clone(), evaluation.scored_at.plus_secs(-dice.int(300, 900)))
            })
            .collect();
        let team = agent_team(&names[record.agent]);
        for (who, odds) in [
            (user_id(TEAMS[team].manager), 0.04),
            (user_id(coach_of(team)), 0.03),
            (user_id(&names[record.agent]), 0.03),
        ] {
            if dice.chance(odds) {
                heard.push((who, made.contact.started_at.plus_secs(dice.int(3_600, 5 * DAY))));
            }
        }
        for (listener_id, started_at) in heard {
            if started_at >= options.today || started_at < made.contact.started_at {
                continue;
            }
            let share = if dice.chance(0.6) { 1.0 } else { dice.range(0.15, 0.9) };
            list.push(Listen {
                id: format!("li-{}", dice.uuid(started_at.micros() / 1_000)).into(),
                contact_id: made.contact.id.clone(),
                listener_id,
                started_at,
                duration: MediaTime::from_secs((record.facts.duration * share).round()),
            });
        }
    }
    list
}

fn words(focus: Focus, first_name: &str) -> (String, String, Vec<&'static str>) {
    let (title, objective, skills): (&str, &str, &[&str]) = match focus {
        Focus::Empathy => (
            "Hearing the person behind the problem",
            "acknowledge the customer's situation before explaining anything, in at least nine of ten calls",
            &["Empathy", "Complaint handling"],
        ),
        Focus::Knowledge => (
            "Line faults from A to B",
            "explain the three most common faults without notes and without jargon",
            &["Product knowledge"],
        ),
        Focus::Identity => (
            "Two details, every time",
            "complete the identity check on every call before any account detail is discussed",
            &["Data protection"],
        ),
        Focus::Listening => (
            "Letting customers finish",
            "halve the number of interruptions and pick up what the customer said",
            &["Active listening", "Communication"],
        ),
        Focus::Flow => (
            "No silence without a word",
            "say what is being looked up, and stay below ten seconds of silence",
            &["Call control"],
        ),
        Focus::Ownership => (
            "What happens next, and when",
            "end every call with a next step and a day, and keep the promise",
            &["Ownership", "Communication"],
        ),
    };
    (format!("{title} ({first_name})"), format!("{first_name} will {objective}."), skills.to_vec())
}

pub(crate) fn plans(options: &Options) -> Vec<Plan> {
    let first = first_moment(options.today);
    COACHED
        .iter()
        .enumerate()
        .map(|(at, (name, focus, week, course))| {
            let first_name = name.split(' ').next().unwrap_or_default();
            let (title, objective, skills) = words(*focus, first_name);
            // Plans begin at nine in the morning.
            let start = first.plus_secs((week * 7.0) as i64 * DAY);
            let start = Timestamp::from_micros(start.micros() - start.micros().rem_euclid(DAY * 1_000_000))
                .plus_secs(9 * 3_600);
            let weeks = match course {
                Course::Complete => 5,
                Course::Open => 8,
                Course::Behind => 6,
            };
            let ends_at = start.plus_secs(weeks * 7 * DAY);
            // A plan that is due within the last days is not complete before now.
            let done = ends_at.plus_secs(-DAY).min(options.today.plus_secs(-(at as i64 + 1) * DAY));
            Plan {
                id: PlanId(at as i64 + 1),
                name: title,
                objective,
                coach_id: user_id(coach_of(agent_team(name))),
                recipient_id: user_id(name),
                starts_at: start,
                ends_at,
                completed_at: (*course == Course::Complete).then_some(done),
                planned_sessions: if *course == Course::Open { 6 } else { 5 },
                skills: skills.into_iter().map(str::to_owned).collect(),
            }
        })
        .collect()
}

pub(crate) fn sessions(
    options: &Options,
    plans: &[Plan],
    evaluations: &[Evaluation],
) -> Vec<CoachingSession> {
    let mut list: Vec<CoachingSession> = Vec::new();
    for (at, (plan, row)) in plans.iter().zip(COACHED).enumerate() {
        let mut dice = dice_for(options, 6, at);
        let length = plan.ends_at.micros() - plan.starts_at.micros();
        let end = plan.completed_at.unwrap_or(plan.ends_at).micros();
        let span = length.min(end - plan.starts_at.micros());
        for number in 0..i64::from(plan.planned_sessions) {
            let due = Timestamp::from_micros(
                plan.starts_at.micros() + span * (number * 2 + 1) / (2 * i64::from(plan.planned_sessions)),
            );
            let midnight = due.micros() - due.micros().rem_euclid(DAY * 1_000_000);
            let mut scheduled = Timestamp::from_micros(midnight).plus_secs(9 * 3_600 + dice.int(0, 28) * 900);
            // Nobody meets on a Sunday or Saturday.
            while matches!(crate::contacts::weekday(scheduled), 0 | 6) {
                scheduled = scheduled.plus_secs(-DAY);
            }
            let past = scheduled.plus_secs(3_600) < options.today;
            let missed = match row.3 {
                Course::Behind => number > 0,
                Course::Open => number == 2 && at % 3 == 0,
                Course::Complete => false,
            };
            let held = past && !missed;
            let started = scheduled.plus_secs(dice.int(-3, 9) * 60);
            let mut session = CoachingSession {
                id: SessionId(list.len() as i64 + 1),
                plan_id: plan.id,
                coach_id: plan.coach_id.clone(),
                recipient_id: plan.recipient_id.clone(),
                scheduled_at: Some(scheduled),
                started_at: held.then_some(started),
                ended_at: held.then(|| started.plus_secs(dice.int(22, 48) * 60)),
                scores: std::collections::BTreeMap::new(),
                call_reviews: Vec::new(),
                questions: Vec::new(),
                comments: None,
            };
            if held {
                fill(&mut session, plan, number, evaluations, &mut dice);
            } else if past {
                session.comments = dice.chance(0.5).then(|| {
                    dice.pick(&[
                        "Cancelled, high call volume.",
                        "Did not take place: off sick.",
                        "Moved at short notice, new date to be found.",
                    ])
                    .to_owned()
                });
            }
            list.push(session);
        }
    }
    list
}

fn fill(
    session: &mut CoachingSession,
    plan: &Plan,
    number: i64,
    evaluations: &[Evaluation],
    dice: &mut Dice,
) {
    let when = session.scheduled_at.unwrap_or_default();
    let mut recent: Vec<&Evaluation> = evaluations
        .iter()
        .filter(|e| e.agent_id.as_ref() == Some(&plan.recipient_id) && e.scored_at < when)
        .collect();
    recent.sort_by_key(|evaluation| evaluation.scored_at);
    for evaluation in recent.iter().rev().take(2) {
        session.call_reviews.push(CallReview {
            contact_id: evaluation.contact_id.clone(),
            evaluation_id: Some(evaluation.id.clone()),
            questions: Vec::new(),
        });
    }
    // Now and then a call is discussed that nobody has scored.
    if let (Some(first), true) = (recent.first(), dice.chance(0.2)) {
        let score = dice.int(2, 5) as f64;
        session.call_reviews.push(CallReview {
            contact_id: first.contact_id.clone(),
            evaluation_id: None,
            questions: vec![RawAnswer {
                question: "How did this call feel to you, looking back?".into(),
                score,
            }],
        });
    }
    let grown = 2.0 + number as f64 * 0.6;
    let scored = |question: &str, weight: f64, dice: &mut Dice| ReviewQuestion {
        question: question.to_owned(),
        possible_score: Some(5.0),
        actual_score: Some((grown + dice.range(-0.5, 1.0)).round().clamp(1.0, 5.0)),
        weight,
    };
    let told = |question: &str| ReviewQuestion {
        question: question.to_owned(),
        possible_score: None,
        actual_score: None,
        weight: 0.0,
    };
    session.questions.push(scored("How confident do you feel about this skill?", 1.0, dice));
    session.questions.push(scored("Were the actions from last time carried out?", 2.0, dice));
    session.questions.push(told(dice.pick(&[
        "What went well since we last met?",
        "Which call are you proud of, and why?",
        "What got in the way this week?",
    ])));
    session.questions.push(told("What will you try before the next session?"));
    session.comments = Some(
        dice.pick(&[
            "Good session. Agreed to listen to one own call a day and note one thing.",
            "Practised the opening three times, it sounds natural now.",
            "Clear progress. Next time we take a difficult call.",
            "A bit tired today, short session. Kept to one topic.",
            "We wrote two sentences to use while the system loads; they are on the desk now.",
            "Role play went well. Still hard when the customer is cross.",
        ])
        .to_owned(),
    );
}
