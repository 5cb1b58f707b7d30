//! The stories that are meant to be found in the sample, and its statistics (`--nocapture` prints them).

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests, and helpers of tests")]

use std::collections::BTreeMap;
use touchline_demo::{Options, Organisation, organisation};
use touchline_model::{Channel, Evaluation, UserId};

fn demo(seed: u64) -> (Organisation, Options) {
    let options = Options::new(seed, "2026-03-02T06:30:00Z".parse().unwrap());
    (organisation(&options), options)
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.collect();
    assert!(!values.is_empty());
    values.iter().sum::<f64>() / values.len() as f64
}

fn percentage(demo: &Organisation, evaluation: &Evaluation) -> f64 {
    let card = demo.scorecards.iter().find(|card| card.id == evaluation.scorecard_id).unwrap();
    mean(evaluation.answers.iter().map(|answer| f64::from(card.scheme.percentage(answer.answer).unwrap())))
}

#[test]
fn coached_agents_become_better_and_the_others_stay() {
    for seed in [1, 2, 3] {
        let (demo, options) = demo(seed);
        let coached: BTreeMap<&UserId, _> =
            demo.plans.iter().map(|plan| (&plan.recipient_id, plan)).collect();
        let agent = |evaluation: &Evaluation| evaluation.agent_id.clone().unwrap();
        let contact_start: BTreeMap<_, _> =
            demo.contacts.iter().map(|m| (&m.contact.id, m.contact.started_at)).collect();
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for evaluation in &demo.evaluations {
            if let Some(plan) = coached.get(&agent(evaluation)) {
                let at = contact_start[&evaluation.contact_id];
                // Two weeks after its start a plan should show.
                let behind = plan.completed_at.is_none() && plan.planned_sessions == 5;
                if at < plan.starts_at {
                    before.push(percentage(&demo, evaluation));
                } else if !behind && at > plan.starts_at.plus_secs(14 * 86_400) {
                    after.push(percentage(&demo, evaluation));
                }
            }
        }
        let half = options.today.plus_secs(-28 * 86_400);
        let others: Vec<_> = demo
            .evaluations
            .iter()
            .filter(|evaluation| {
                let demo_agent = agent(evaluation);
                let team = &demo.users.iter().find(|user| user.id == demo_agent).unwrap().team_id;
                !coached.contains_key(&demo_agent) && team.as_ref().unwrap().as_str() != "t-billing-2"
            })
            .collect();
        let others_mean = |early: bool| {
            mean(
                others
                    .iter()
                    .filter(|e| (contact_start[&e.contact_id] < half) == early)
                    .map(|e| percentage(&demo, e)),
            )
        };
        let means = (mean(before.iter().copied()), mean(after.iter().copied()));
        println!(
            "seed {seed}: coached {:.1} -> {:.1} ({} and {} evaluations), others {:.1} -> {:.1}",
            means.0,
            means.1,
            before.len(),
            after.len(),
            others_mean(true),
            others_mean(false)
        );
        assert!(means.1 > means.0 + 8.0);
        assert!((others_mean(true) - others_mean(false)).abs() < 6.0);
    }
}

#[test]
fn the_price_letter_of_week_five_shows() {
    let (demo, options) = demo(1);
    let first = options.today.plus_secs(-56 * 86_400);
    let week =
        |at: touchline_model::Timestamp| ((at.micros() - first.micros()) / (7 * 86_400 * 1_000_000)) as usize;
    let mut prices = [0; 8];
    let mut all = [0; 8];
    let mut weekdays = [0; 7];
    let mut team: [Vec<f64>; 8] = Default::default();
    for made in &demo.contacts {
        let at = made.contact.started_at;
        all[week(at)] += 1;
        weekdays[(at.micros().div_euclid(86_400_000_000) + 4).rem_euclid(7) as usize] += 1;
        prices[week(at)] += usize::from(made.contact.metadata["reason"] == "price rise");
        let agent = demo.users.iter().find(|user| Some(&user.id) == made.contact.agent_id.as_ref()).unwrap();
        if agent.team_id.as_ref().unwrap().as_str() == "t-billing-2" {
            team[week(at)].push(f64::from(u8::from(made.contact.metadata["resolved"] == true)) * 100.0);
        }
        let hour: u32 = at.to_string()[11..13].parse().unwrap();
        assert!((8..21).contains(&hour), "{at}");
    }
    let resolved: Vec<f64> = team.iter().map(|week| mean(week.iter().copied())).collect();
    println!("contacts by week {all:?}, price rise {prices:?}, by weekday from Sunday {weekdays:?}");
    println!("resolved by Billing South by week {resolved:.0?}");
    assert!((0..8).all(|at| at == 4 || prices[at] < prices[4]));
    assert!(prices[4] > 3 * prices[..4].iter().max().unwrap());
    assert!(weekdays[0] == 0 && (2..7).all(|day| weekdays[day] < weekdays[1]));
    assert!(mean(resolved[..4].iter().copied()) > mean(resolved[4..].iter().copied()) + 12.0);
}

#[test]
fn sizes_are_those_of_real_contacts() {
    let started = std::time::Instant::now();
    let (demo, _) = demo(1);
    println!("made in {:?}", started.elapsed());
    for channel in [Channel::Call, Channel::Chat, Channel::Mail] {
        let list: Vec<_> = demo
            .contacts
            .iter()
            .filter(|made| made.contact.channel == channel && made.contact.state.is_none() && !made.has_audio)
            .collect();
        let mut words: Vec<_> = list.iter().map(|made| made.transcript.words.len()).collect();
        let mut secs: Vec<_> = list.iter().map(|made| made.contact.duration.secs()).collect();
        words.sort_unstable();
        secs.sort_by(f64::total_cmp);
        let at = |share: f64| ((words.len() - 1) as f64 * share) as usize;
        let spread = [0.02, 0.25, 0.5, 0.75, 0.98].map(at);
        println!(
            "{channel}: {} contacts, words {:?}, seconds {:.0?}",
            list.len(),
            spread.map(|at| words[at]),
            spread.map(|at| secs[at])
        );
        if channel == Channel::Call {
            let typical = words.iter().filter(|count| (220..=900).contains(*count)).count();
            assert!(typical * 10 > words.len() * 8, "{typical} of {}", words.len());
            assert!((120.0..400.0).contains(&secs[at(0.5)]));
        }
    }
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    demo.contacts
        .iter()
        .for_each(|made| *reasons.entry(made.contact.metadata["reason"].to_string()).or_default() += 1);
    println!("reasons {reasons:?}");
    println!(
        "{} users, {} groups, {} words, {} evaluations, {} feedback, {} shares, {} listens, {} observations, {} plans, {} sessions",
        demo.users.len(),
        demo.groups.len(),
        demo.contacts.iter().map(|made| made.transcript.words.len()).sum::<usize>(),
        demo.evaluations.len(),
        demo.feedback.len(),
        demo.shares.len(),
        demo.listens.len(),
        demo.observations.len(),
        demo.plans.len(),
        demo.sessions.len()
    );
    assert!(reasons.len() >= 10 && reasons.values().all(|count| *count >= 10));
}
