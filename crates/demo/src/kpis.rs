//! KPIs, worked out from the contacts and evaluations of the sample itself.

use crate::contacts::{Record, first_moment};
use crate::people::{ANALYST, TEAMS, user_id};
use crate::quality::agent_team;
use crate::{DemoContact, Options};
use std::collections::BTreeMap;
use touchline_model::{
    Channel, Evaluation, Frequency, Kpi, KpiId, Observation, Scorecard, Timestamp, UserId,
};

const DAY: i64 = 86_400 * 1_000_000;

pub(crate) fn kpis() -> Vec<Kpi> {
    [
        ("Average handling time of calls (seconds)", Frequency::Daily, 270.0),
        ("Resolved at first contact (%)", Frequency::Weekly, 75.0),
        ("Customer satisfaction (1 to 5)", Frequency::Monthly, 4.0),
        ("Quality score (%)", Frequency::Quarterly, 80.0),
    ]
    .into_iter()
    .enumerate()
    .map(|(at, (description, frequency, target))| Kpi {
        id: KpiId(at as i64 + 1),
        description: description.to_owned(),
        frequency,
        target,
    })
    .collect()
}

/// Sum and count by agent and period; a period is named by the moment at which it was observed.
type Sums = BTreeMap<(usize, Timestamp), (f64, f64)>;

pub(crate) fn observations(
    options: &Options,
    contacts: &[DemoContact],
    records: &[Record],
    names: &[String],
    evaluations: &[Evaluation],
    scorecards: &[Scorecard],
) -> Vec<Observation> {
    let first = first_moment(options.today).micros();
    // The end of the period that holds a moment, counted from the first; unfinished ones are not observed yet.
    let end = |at: Timestamp, length: i64, from: i64| {
        let end = Timestamp::from_micros(from + ((at.micros() - from).div_euclid(length) + 1) * length);
        (end <= options.today).then_some(end)
    };
    let midnight = first - first.rem_euclid(DAY);
    let mut sums: [Sums; 4] = Default::default();
    let mut add = |kpi: usize, agent: usize, at: Option<Timestamp>, value: f64| {
        if let Some(at) = at {
            let sum = sums[kpi].entry((agent, at)).or_default();
            *sum = (sum.0 + value, sum.1 + 1.0);
        }
    };
    for (made, record) in contacts.iter().zip(records) {
        let at = made.contact.started_at;
        if made.contact.channel == Channel::Call && record.facts.duration > 0.0 {
            // Observed at eight in the evening of the day.
            let day = end(at, DAY, midnight).map(|end| end.plus_secs(-4 * 3_600));
            add(0, record.agent, day, record.facts.duration);
        }
        if let Some(resolved) = made.contact.metadata.get("resolved").and_then(serde_json::Value::as_bool) {
            add(1, record.agent, end(at, 7 * DAY, first), if resolved { 100.0 } else { 0.0 });
        }
        if let Some(csat) = made.contact.metadata.get("csat").and_then(serde_json::Value::as_f64) {
            add(2, record.agent, end(at, 28 * DAY, first), csat);
        }
    }
    for evaluation in evaluations {
        let agent = names.iter().position(|name| Some(&user_id(name)) == evaluation.agent_id.as_ref());
        if let (Some(agent), Some(percent)) = (agent, percentage(evaluation, scorecards)) {
            // The quarter is still open: its value so far, as of the last midnight.
            let today =
                Timestamp::from_micros(options.today.micros() - options.today.micros().rem_euclid(DAY));
            add(3, agent, Some(today), percent);
        }
    }
    let mut list = Vec::new();
    for (kpi, sums) in sums.iter().enumerate() {
        for ((agent, at), (sum, count)) in sums {
            let name = &names[*agent];
            let observer = if kpi == 3 { ANALYST } else { TEAMS[agent_team(name)].manager };
            list.push(Observation {
                id: format!(
                    "ob-{}-{}-{}",
                    kpi + 1,
                    name.to_lowercase().replace(' ', "-"),
                    &at.to_string()[..10]
                )
                .into(),
                kpi_id: KpiId(kpi as i64 + 1),
                observer_id: user_id(observer),
                observed_id: user_id(name) as UserId,
                observed_at: *at,
                value: (sum / count * 10.0).round() / 10.0,
            });
        }
    }
    list
}

/// Mean percentage of an evaluation's answers.
pub(crate) fn percentage(evaluation: &Evaluation, scorecards: &[Scorecard]) -> Option<f64> {
    let scheme = scorecards.iter().find(|card| card.id == evaluation.scorecard_id)?.scheme;
    let values: Vec<f64> = evaluation
        .answers
        .iter()
        .filter_map(|answer| scheme.percentage(answer.answer))
        .map(f64::from)
        .collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
