//! The sample organisation as its users will see it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests, and helpers of tests")]

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;
use touchline_demo::{DemoContact, Options, Organisation, organisation};
use touchline_model::{
    Channel, ContactState, Evaluation, EventKind, FeedbackKind, Frequency, Record, Scheme, Timestamp,
    Validate,
};

fn options(seed: u64) -> Options {
    Options::new(seed, "2026-03-02T06:30:00Z".parse().unwrap())
}

static DEMO: LazyLock<Organisation> = LazyLock::new(|| organisation(&options(1)));

fn everything(demo: &Organisation) -> String {
    let mut text = String::new();
    let mut add = |value: serde_json::Value| text.push_str(&value.to_string());
    add(serde_json::to_value((&demo.groups, &demo.users, &demo.topics, &demo.scorecards)).unwrap());
    add(serde_json::to_value((&demo.inboxes, &demo.events)).unwrap());
    add(serde_json::to_value((&demo.evaluations, &demo.feedback, &demo.shares, &demo.listens)).unwrap());
    add(serde_json::to_value((&demo.kpis, &demo.observations, &demo.plans, &demo.sessions)).unwrap());
    for made in &demo.contacts {
        add(serde_json::to_value((&made.contact, &made.transcript, made.has_audio)).unwrap());
    }
    text
}

fn text(made: &DemoContact) -> String {
    let mut lines = String::new();
    for segment in made.transcript.segments() {
        let who = if segment.speaker == 0 { "A" } else { "C" };
        let at = segment.start_time.secs();
        lines += &format!("{:>6.1} {who}: {}\n", at, made.transcript.text(segment.first, segment.end));
    }
    lines
}

#[test]
fn the_same_seed_gives_the_same_organisation_and_another_seed_another() {
    let small = |seed| Options { contacts: 300, audio: 12, ..options(seed) };
    let one = everything(&organisation(&small(5)));
    assert!(one == everything(&organisation(&small(5))));
    assert!(one != everything(&organisation(&small(6))));
    assert!(
        one != everything(&organisation(&Options { today: small(5).today.plus_secs(86_400), ..small(5) }))
    );
}

#[test]
fn everything_is_valid_and_ids_are_unique() {
    fn check<T: Record>(list: impl Iterator<Item = T>) -> usize {
        let mut seen = BTreeSet::new();
        for record in list {
            let id = record.id();
            record.validate().unwrap_or_else(|e| panic!("{:?} {id}: {e}", T::KIND));
            assert!(seen.insert(id.clone()), "{:?} {id} is there twice", T::KIND);
        }
        assert!(!seen.is_empty());
        seen.len()
    }
    let demo = &*DEMO;
    assert_eq!(check(demo.contacts.iter().map(|made| made.contact.clone())), 3_000);
    check(demo.groups.iter().cloned());
    check(demo.users.iter().cloned());
    check(demo.topics.iter().cloned());
    check(demo.scorecards.iter().cloned());
    check(demo.evaluations.iter().cloned());
    check(demo.feedback.iter().cloned());
    check(demo.shares.iter().cloned());
    check(demo.listens.iter().cloned());
    check(demo.kpis.iter().cloned());
    check(demo.observations.iter().cloned());
    check(demo.plans.iter().cloned());
    check(demo.sessions.iter().cloned());
    demo.contacts.iter().for_each(|made| made.transcript.validate().unwrap());
}

#[test]
fn every_reference_leads_somewhere() {
    let demo = &*DEMO;
    let users: BTreeSet<&str> = demo.users.iter().map(|user| user.id.as_str()).collect();
    let groups: BTreeSet<&str> = demo.groups.iter().map(|group| group.id.as_str()).collect();
    let contacts: HashMap<&str, &DemoContact> =
        demo.contacts.iter().map(|m| (m.contact.id.as_str(), m)).collect();
    let evaluations: BTreeMap<&str, &Evaluation> =
        demo.evaluations.iter().map(|e| (e.id.as_str(), e)).collect();
    for group in &demo.groups {
        assert!(group.parent_id.as_ref().is_none_or(|id| groups.contains(id.as_str())));
        assert!(users.contains(group.manager_id.as_ref().unwrap().as_str()));
    }
    for user in &demo.users {
        assert!(user.team_id.iter().chain(&user.department_id).all(|id| groups.contains(id.as_str())));
    }
    for made in &demo.contacts {
        let agent = made.contact.agent_id.as_ref().unwrap();
        assert!(users.contains(agent.as_str()));
        let named = made.transcript.speakers.iter().filter_map(|speaker| speaker.user_id.as_ref());
        assert!(named.clone().all(|id| id == agent));
        for speaker in made.transcript.speakers.iter().filter(|speaker| speaker.number == 1) {
            let known: Vec<_> = made.contact.crm_matches.iter().flat_map(|found| &found.contacts).collect();
            let matches = known.iter().any(|person| {
                (person.phone_number.is_some() && person.phone_number == speaker.phone_number)
                    || (person.email.is_some() && person.email == speaker.email)
            });
            assert_eq!(matches, !known.is_empty());
        }
    }
    for evaluation in &demo.evaluations {
        let made = contacts[evaluation.contact_id.as_str()];
        assert_eq!(made.contact.agent_id, evaluation.agent_id);
        assert!(users.contains(evaluation.reviewer_id.as_str()));
        let card = demo.scorecards.iter().find(|card| card.id == evaluation.scorecard_id).unwrap();
        evaluation.fits(card).unwrap();
        assert_eq!(card.questions.len(), evaluation.answers.len());
        assert!(evaluation.scored_at > made.contact.started_at);
    }
    for feedback in &demo.feedback {
        let made = contacts[feedback.contact_id.as_str()];
        assert!(users.contains(feedback.author_id.as_str()));
        let end = feedback.end.unwrap_or(feedback.start);
        assert!(end <= made.contact.duration);
        let heard = made.transcript.words.iter().any(|word| word.end > feedback.start);
        assert!(heard, "nothing is said after the feedback at {}", feedback.start);
    }
    for share in &demo.shares {
        assert!(contacts.contains_key(share.contact_id.as_str()) && users.contains(share.author_id.as_str()));
        assert!(share.recipient_ids.iter().all(|id| users.contains(id.as_str())));
        assert!(!share.recipient_ids.is_empty() || !share.recipient_emails.is_empty());
    }
    for listen in &demo.listens {
        let made = contacts[listen.contact_id.as_str()];
        assert!(
            users.contains(listen.listener_id.as_str())
                && listen.duration.secs() <= made.contact.duration.secs() + 1.0
        );
    }
    for observation in &demo.observations {
        assert!(demo.kpis.iter().any(|kpi| kpi.id == observation.kpi_id));
        assert!(
            users.contains(observation.observer_id.as_str())
                && users.contains(observation.observed_id.as_str())
        );
    }
    for plan in &demo.plans {
        assert!(users.contains(plan.coach_id.as_str()) && users.contains(plan.recipient_id.as_str()));
    }
    for session in &demo.sessions {
        let plan = demo.plans.iter().find(|plan| plan.id == session.plan_id).unwrap();
        assert_eq!((&plan.coach_id, &plan.recipient_id), (&session.coach_id, &session.recipient_id));
        for review in &session.call_reviews {
            assert!(contacts.contains_key(review.contact_id.as_str()));
            if let Some(id) = &review.evaluation_id {
                assert_eq!(evaluations[id.as_str()].contact_id, review.contact_id);
            }
        }
    }
}

#[test]
fn everything_lies_in_the_eight_weeks_and_words_in_their_contact() {
    let (demo, today) = (&*DEMO, options(1).today);
    let first = today.plus_secs(-8 * 7 * 86_400);
    let past = |at: Timestamp| assert!(at >= first && at <= today, "{at}");
    for made in &demo.contacts {
        past(made.contact.started_at);
        past(made.contact.started_at.plus_secs(made.contact.duration.secs() as i64));
        let words = &made.transcript.words;
        assert!(words.is_sorted_by_key(|word| (word.start, word.end, word.speaker)));
        assert!(words.iter().all(|word| word.start < word.end && word.end <= made.contact.duration));
        for speaker in [0, 1] {
            let own: Vec<_> = words.iter().filter(|word| word.speaker == speaker).collect();
            assert!(
                own.windows(2).all(|two| two[0].end <= two[1].start),
                "one person says two words at once"
            );
        }
        assert!(words.iter().all(|word| !word.text.contains(['<', '{', '(', '|'])), "{}", text(made));
        let unread = made.contact.state.is_some();
        assert_eq!(words.is_empty(), unread);
    }
    demo.evaluations.iter().for_each(|evaluation| past(evaluation.scored_at));
    demo.feedback.iter().for_each(|feedback| past(feedback.given_at));
    demo.shares.iter().for_each(|share| past(share.shared_at));
    demo.listens.iter().for_each(|listen| past(listen.started_at));
    demo.observations.iter().for_each(|observation| past(observation.observed_at));
    demo.plans.iter().filter_map(|plan| plan.completed_at).for_each(past);
    demo.sessions.iter().filter_map(|session| session.ended_at).for_each(past);
}

#[test]
fn all_that_was_asked_for_is_there() {
    let demo = &*DEMO;
    let agents: BTreeSet<_> = demo.contacts.iter().filter_map(|made| made.contact.agent_id.clone()).collect();
    assert_eq!(agents.len(), 40);
    for scheme in Scheme::ALL {
        let cards: Vec<_> =
            demo.scorecards.iter().filter(|card| card.scheme == scheme && card.active).collect();
        assert!(
            cards.iter().any(|card| demo.evaluations.iter().any(|e| e.scorecard_id == card.id)),
            "{scheme}"
        );
    }
    for frequency in [Frequency::Daily, Frequency::Weekly, Frequency::Monthly, Frequency::Quarterly] {
        let kpi = demo.kpis.iter().find(|kpi| kpi.frequency == frequency).unwrap();
        assert!(demo.observations.iter().any(|observation| observation.kpi_id == kpi.id));
    }
    let share = |count: usize| count as f64 / demo.contacts.len() as f64;
    assert!((0.09..0.16).contains(&share(demo.evaluations.len())), "{}", demo.evaluations.len());
    let matched = demo.contacts.iter().filter(|made| !made.contact.crm_matches.is_empty()).count();
    assert!((0.24..0.36).contains(&share(matched)), "{matched}");
    for kind in [FeedbackKind::Comment, FeedbackKind::Highlight] {
        assert!(demo.feedback.iter().filter(|feedback| feedback.kind == kind).count() > 30);
    }
    for state in [ContactState::CONVERTER_REJECTED, ContactState::TRANSCRIPTION_FAILED] {
        let count =
            demo.contacts.iter().filter(|m| m.contact.state.as_ref().is_some_and(|s| s.is(state))).count();
        assert!((2..20).contains(&count), "{state}: {count}");
    }
    assert!(demo.shares.iter().any(|share| !share.recipient_emails.is_empty()));
    assert!(demo.sessions.iter().any(|s| s.ended_at.is_none() && s.scheduled_at > Some(options(1).today)));
    assert!(demo.sessions.iter().any(|s| s.ended_at.is_none() && s.scheduled_at < Some(options(1).today)));
    assert!(demo.plans.iter().any(|plan| plan.completed_at.is_some()));
    assert_eq!(demo.topics.iter().filter(|topic| topic.canonical_questions).count(), 1);
}

#[test]
fn recorded_calls_are_short_recent_and_spread() {
    let demo = &*DEMO;
    let recorded: Vec<_> = demo.contacts.iter().filter(|made| made.has_audio).collect();
    assert_eq!(recorded.len(), 60);
    for made in &recorded {
        assert_eq!(made.contact.channel, Channel::Call);
        let secs = made.contact.duration.secs();
        assert!((45.0..=150.0).contains(&secs), "{secs}\n{}", text(made));
    }
    let agents: BTreeSet<_> = recorded.iter().map(|made| &made.contact.agent_id).collect();
    assert!(agents.len() >= 38, "{}", agents.len());
    let reasons: BTreeSet<_> =
        recorded.iter().map(|made| made.contact.metadata["reason"].to_string()).collect();
    assert!(reasons.len() >= 10, "{reasons:?}");
}

#[test]
fn topics_really_occur() {
    let demo = &*DEMO;
    let plain = |text: &str| {
        let words = text
            .split_whitespace()
            .map(|word| word.trim_matches(|c: char| c.is_ascii_punctuation()).to_lowercase());
        format!(" {} ", words.collect::<Vec<_>>().join(" "))
    };
    let texts: Vec<[String; 2]> = demo
        .contacts
        .iter()
        .map(|made| {
            [0, 1].map(|speaker| {
                let segments =
                    made.transcript.segments().into_iter().filter(|segment| segment.speaker == speaker);
                plain(&segments.map(|s| made.transcript.text(s.first, s.end) + " | ").collect::<String>())
            })
        })
        .collect();
    let mut wrong = Vec::new();
    for topic in &demo.topics {
        let sides: &[usize] = match topic.scope {
            touchline_model::TopicScope::Any => &[0, 1],
            touchline_model::TopicScope::Internal => &[0],
            touchline_model::TopicScope::External => &[1],
        };
        let found = |phrase: &String| {
            let phrase = plain(phrase);
            texts.iter().filter(|text| sides.iter().any(|side| text[*side].contains(&phrase))).count()
        };
        let counts: Vec<_> = topic.phrases.iter().map(|phrase| (phrase.as_str(), found(phrase))).collect();
        let any = texts
            .iter()
            .filter(|text| {
                topic.phrases.iter().any(|p| sides.iter().any(|side| text[*side].contains(&plain(p))))
            })
            .count();
        println!("{:<22} {any:>5}  {counts:?}", topic.name);
        if topic.active {
            assert!(any >= 20, "{} is found in {any} contacts", topic.name);
            wrong.extend(
                counts
                    .iter()
                    .filter(|count| count.1 == 0)
                    .map(|count| format!("{}: {}", topic.name, count.0)),
            );
        } else {
            assert_eq!(any, 0);
        }
    }
    assert_eq!(wrong, Vec::<String>::new(), "phrases that never occur");
}

#[test]
fn what_happened_fits_the_contacts_and_the_people() {
    let sample = &*DEMO;
    let today = options(1).today;
    let people: HashSet<&str> = sample.users.iter().map(|user| user.id.as_str()).collect();
    let ids: HashSet<&str> = sample.events.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(ids.len(), sample.events.len(), "no id twice");
    assert!(sample.events.is_sorted_by_key(|event| event.timestamp));
    assert!(sample.events.iter().all(|event| event.timestamp <= today));
    assert!(
        sample
            .events
            .iter()
            .filter_map(|event| event.agent_id())
            .all(|agent| people.contains(agent.as_str()))
    );
    let kind = |kind| sample.events.iter().filter(|event| event.kind() == kind).collect::<Vec<_>>();
    let started = kind(EventKind::ContactStarted);
    assert_eq!(started.len(), kind(EventKind::ContactEnded).len());
    for it in &sample.contacts {
        let own: Vec<_> = started.iter().filter(|event| event.contact_id() == Some(&it.contact.id)).collect();
        assert_eq!(own.len(), 1, "{}", it.contact.id);
        assert!(own[0].timestamp <= it.contact.started_at, "it waited before somebody had it");
    }
    assert!(started.len() > sample.contacts.len(), "some gave up");
    assert_eq!(kind(EventKind::AgentLoggedIn).len(), kind(EventKind::AgentLoggedOut).len());
}
