//! How the last weeks went: calls a day, talk ratio and topics a week.

use super::{DAY, Scope, Whose, days_of};
use crate::{App, AppError, require_own};
use std::collections::HashMap;
use touchline_model::{Ability, Caller, MediaTime, Timestamp, Topic, TopicId};
use touchline_store::DayCount;

/// A change this many standard errors from none is told as one (5 % of steady topics will seem to move).
const NOTABLE: f64 = 1.96;

/// How the last eight weeks went that end with the newest call. Days and weeks are those of UTC.
#[derive(Clone, Debug, PartialEq)]
pub struct Trends {
    /// Whose calls.
    pub whose: Whose,
    /// Midnight of each day, and how much there was on it; the last is today, or the end of the last week.
    pub days: Vec<(Timestamp, DayCount)>,
    /// The weeks.
    pub weeks: Vec<WeekTalk>,
    /// What the calls of everybody were about, what moved most first; empty for a reader who sees only the own calls.
    pub topics: Vec<TopicMove>,
}

/// How a week was talked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WeekTalk {
    /// The Monday on which it begins.
    pub monday: Timestamp,
    /// Calls with results of the analysis, of those whom the page is about.
    pub calls: i64,
    /// Internal share of their talk time, 0 to 1; none when nobody spoke.
    pub ratio: Option<f64>,
    /// Calls of everybody with results.
    pub all_calls: i64,
    /// The same share for everybody, for comparison; none for a reader who sees only the own calls.
    pub all_ratio: Option<f64>,
}

/// How often a topic came up.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicMove {
    /// The topic.
    pub topic: TopicId,
    /// Its name.
    pub name: String,
    /// Calls in which it was found, by week.
    pub calls: Vec<i64>,
    /// Share of the calls of the first and of the second half of the weeks, 0 to 1.
    pub before: f64,
    /// See `before`.
    pub after: f64,
    /// The change in standard errors; beyond ±1.96 it is more than chance.
    pub z: f64,
}

impl TopicMove {
    /// Whether it came up more often, beyond chance.
    pub fn rises(&self) -> bool {
        self.z > NOTABLE
    }
    /// Whether it came up less often, beyond chance.
    pub fn falls(&self) -> bool {
        self.z < -NOTABLE
    }

    /// What was found by week, out of so many calls by week.
    fn new(topic: &Topic, calls: Vec<i64>, all: &[i64]) -> Self {
        let half = all.len() / 2;
        let halves =
            |of: &[i64]| (of[..half].iter().sum::<i64>() as f64, of[half..].iter().sum::<i64>() as f64);
        let ((found_1, found_2), (all_1, all_2)) = (halves(&calls), halves(all));
        let share = |found: f64, all: f64| if all > 0.0 { found / all } else { 0.0 };
        let (before, after) = (share(found_1, all_1), share(found_2, all_2));
        Self {
            topic: topic.id,
            name: topic.name.clone(),
            z: standard_errors((found_1, all_1), (found_2, all_2)),
            calls,
            before,
            after,
        }
    }
}

/// How many standard errors lie between two shares, by the pooled share of both; 0 where nothing can be said.
fn standard_errors((found_1, all_1): (f64, f64), (found_2, all_2): (f64, f64)) -> f64 {
    if all_1 <= 0.0 || all_2 <= 0.0 {
        return 0.0;
    }
    let pooled = (found_1 + found_2) / (all_1 + all_2);
    let error = (pooled * (1.0 - pooled) * (1.0 / all_1 + 1.0 / all_2)).sqrt();
    if error > 0.0 { (found_2 / all_2 - found_1 / all_1) / error } else { 0.0 }
}

/// Sums of some days.
#[derive(Clone, Copy, Default)]
struct Talk {
    calls: i64,
    internal: i64,
    external: i64,
}

impl Talk {
    fn add(&mut self, day: &DayCount) {
        self.calls += day.analysed;
        self.internal += day.internal.micros();
        self.external += day.external.micros();
    }
    fn ratio(self) -> Option<f64> {
        let all = self.internal + self.external;
        (all > 0).then(|| self.internal as f64 / all as f64)
    }
}

/// Days by week, the first of which is week `first`.
fn by_week(days: &[DayCount], weeks: (i64, i64)) -> Vec<Talk> {
    let mut sums = vec![Talk::default(); usize::try_from(weeks.1 - weeks.0 + 1).unwrap_or_default()];
    for day in days {
        let at = usize::try_from((day.day + 3).div_euclid(7) - weeks.0);
        if let Some(sum) = at.ok().and_then(|at| sums.get_mut(at)) {
            sum.add(day);
        }
    }
    sums
}

fn midnight(day: i64) -> Timestamp {
    Timestamp::from_micros(day.saturating_mul(DAY))
}

impl App {
    /// How the last weeks went.
    ///
    /// # Errors
    /// [`AppError::NotAllowed`] without [`Ability::ReadContacts`].
    pub async fn trends(&self, caller: &Caller) -> Result<Trends, AppError> {
        require_own(caller, Ability::ReadContacts)?;
        let weeks = self.shown_weeks(self.newest_call(caller).await?);
        let Scope { whose, agents } = self.scope(caller, weeks).await?;
        let (first, last) = days_of(weeks);
        let counted = self.store.day_counts(&caller.tenant, agents.as_deref(), (first, last)).await?;
        let everybody = match (&whose, caller.own_only) {
            (_, true) => Vec::new(),
            (Whose::Everybody, _) => counted.clone(),
            _ => self.store.day_counts(&caller.tenant, None, (first, last)).await?,
        };
        let talk = by_week(&counted, weeks);
        let all = by_week(&everybody, weeks);
        let monday = |at: usize| midnight((weeks.0 + at as i64) * 7 - 3);
        let week_talk = talk.iter().zip(&all).enumerate().map(|(at, (talk, all))| WeekTalk {
            monday: monday(at),
            calls: talk.calls,
            ratio: talk.ratio(),
            all_calls: all.calls,
            all_ratio: all.ratio(),
        });
        let today = self.clock.now().micros().div_euclid(DAY);
        let by_day: HashMap<i64, DayCount> = counted.into_iter().map(|day| (day.day, day)).collect();
        let day = |day| {
            let none = DayCount {
                day,
                contacts: 0,
                analysed: 0,
                internal: MediaTime::default(),
                external: MediaTime::default(),
            };
            (midnight(day), by_day.get(&day).copied().unwrap_or(none))
        };
        let all_calls: Vec<i64> = all.iter().map(|week| week.calls).collect();
        let topics = match caller.own_only || !caller.may(Ability::ReadQuality) {
            true => Vec::new(),
            false => self.topic_moves(caller, weeks, &all_calls).await?,
        };
        Ok(Trends {
            whose,
            days: (first..=last.min(today)).map(day).collect(),
            weeks: week_talk.collect(),
            topics,
        })
    }

    async fn topic_moves(
        &self,
        caller: &Caller,
        weeks: (i64, i64),
        all: &[i64],
    ) -> Result<Vec<TopicMove>, AppError> {
        let tenant = &caller.tenant;
        let Some(generation) = self.store.visible_topics(tenant).await? else { return Ok(Vec::new()) };
        let mut found: HashMap<TopicId, Vec<i64>> = HashMap::new();
        for week in self.store.topic_weeks(tenant, generation, weeks).await? {
            let calls = found.entry(week.topic).or_insert_with(|| vec![0; all.len()]);
            if let Some(calls) = usize::try_from(week.week - weeks.0).ok().and_then(|at| calls.get_mut(at)) {
                *calls += week.contacts;
            }
        }
        let ids: Vec<String> = found.keys().map(TopicId::to_string).collect();
        let topics = self.store.get_many::<Topic>(tenant, &ids).await?;
        let moved = |topic: Topic| Some(TopicMove::new(&topic, found.remove(&topic.id)?, all));
        let mut moves: Vec<TopicMove> =
            topics.into_iter().map(|topic| topic.value).filter_map(moved).collect();
        moves.sort_by(|a, b| b.z.abs().total_cmp(&a.z.abs()).then_with(|| a.topic.cmp(&b.topic)));
        Ok(moves)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use touchline_model::TopicScope;

    #[test]
    fn a_change_is_measured_against_chance() {
        // By hand: 30 of 100, then 50 of 100; pooled 0.4, error sqrt(0.24 * 0.02) = 0.0693, z = 2.887.
        let z = standard_errors((30.0, 100.0), (50.0, 100.0));
        assert!((z - 2.886_75).abs() < 1e-4, "{z}");
        assert!((standard_errors((50.0, 100.0), (30.0, 100.0)) + z).abs() < 1e-12);
        for nothing in [
            standard_errors((0.0, 0.0), (5.0, 10.0)),
            standard_errors((0.0, 10.0), (0.0, 10.0)),
            standard_errors((10.0, 10.0), (5.0, 5.0)),
        ] {
            assert_eq!(nothing, 0.0);
        }
    }

    #[test]
    fn a_topic_is_compared_between_the_halves_of_the_weeks() {
        let topic = Topic {
            id: TopicId(7),
            name: "price".to_owned(),
            phrases: vec![],
            scope: TopicScope::Any,
            canonical_questions: false,
            active: true,
        };
        let it = TopicMove::new(&topic, vec![10, 20, 20, 30], &[50, 50, 50, 50]);
        assert_eq!((it.before, it.after), (0.3, 0.5));
        assert!(it.rises() && !it.falls());
        let it = TopicMove::new(&topic, vec![1, 0, 1, 1], &[50, 50, 50, 50]);
        assert!(!it.rises() && !it.falls(), "one call more is chance: {}", it.z);
    }

    #[test]
    fn days_are_summed_by_the_weeks_that_begin_on_monday() {
        let day = |day, internal| DayCount {
            day,
            contacts: 2,
            analysed: 1,
            internal: MediaTime::from_micros(internal),
            external: MediaTime::from_micros(100),
        };
        // Day -3 was a Monday, day 4 the next; days outside of the weeks do not count.
        let weeks = by_week(&[day(-4, 9), day(-3, 100), day(3, 200), day(4, 0), day(11, 9)], (0, 1));
        assert_eq!(weeks.iter().map(|week| week.calls).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(weeks[0].ratio(), Some(0.6));
        assert_eq!(weeks[1].ratio(), Some(0.0));
        assert_eq!(Talk::default().ratio(), None);
    }
}
