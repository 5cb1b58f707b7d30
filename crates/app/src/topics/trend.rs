//! How often topics were found, week by week.

use crate::{App, AppError, require};
use std::collections::HashMap;
use touchline_model::{Ability, Caller, Timestamp, TopicId};
use touchline_store::{CallKey, CallStream};

/// Weeks that are shown, the newest with calls as the last.
const WEEKS: i64 = 8;
const DAY: i64 = 86_400_000_000;

/// How often topics were found in the last weeks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicTrends {
    /// The Mondays (UTC) on which the weeks begin, oldest first.
    pub weeks: Vec<Timestamp>,
    /// Calls that were analysed, by week.
    pub calls: Vec<i64>,
    /// What was found, by topic. Topics that were not found at all are left out.
    pub topics: HashMap<TopicId, TopicTrend>,
}

/// How often one topic was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicTrend {
    /// Calls in which it was found, by week.
    pub calls: Vec<i64>,
}

impl TopicTrends {
    /// Calls of all weeks.
    pub fn all_calls(&self) -> i64 {
        self.calls.iter().sum()
    }
    /// Calls of a topic in all weeks.
    pub fn calls_of(&self, topic: TopicId) -> i64 {
        self.topics.get(&topic).map_or(0, |trend| trend.calls.iter().sum())
    }
    /// Share of the calls of all weeks in which a topic was found, 0 to 1; none without calls.
    pub fn share_of(&self, topic: TopicId) -> Option<f64> {
        let all = self.all_calls();
        (all > 0).then(|| self.calls_of(topic) as f64 / all as f64)
    }
}

impl App {
    /// How often each topic was found in the last eight weeks that end with the newest call, from counts that follow
    /// every change.
    ///
    /// # Errors
    /// [`AppError::NotAllowed`] without [`Ability::ReadQuality`].
    pub async fn topics_by_week(&self, caller: &Caller) -> Result<TopicTrends, AppError> {
        require(caller, Ability::ReadQuality)?;
        let tenant = &caller.tenant;
        let since = Timestamp::from_micros(i64::MIN);
        let now = self.clock.now();
        let newest = self.store.newest(tenant, &CallStream::All, &CallKey::before(now), since, 1).await?;
        let end = newest.keys.first().map_or(now, |key| key.started_at);
        // Weeks begin on Monday 1969-12-29, three days before day 0.
        let last = (end.micros().div_euclid(DAY) + 3).div_euclid(7);
        let first = last - WEEKS + 1;
        let place = |week: i64| usize::try_from(week - first).ok().filter(|at| *at < WEEKS as usize);
        let mut calls = vec![0; WEEKS as usize];
        let days = (first * 7 - 3, last * 7 + 3);
        for day in self.store.day_counts(tenant, None, days).await? {
            if let Some(at) = place((day.day + 3).div_euclid(7)) {
                calls[at] += day.analysed;
            }
        }
        let mut topics: HashMap<TopicId, TopicTrend> = HashMap::new();
        if let Some(generation) = self.store.visible_topics(tenant).await? {
            for found in self.store.topic_weeks(tenant, generation, (first, last)).await? {
                let trend = topics.entry(found.topic);
                let trend = trend.or_insert_with(|| TopicTrend { calls: vec![0; WEEKS as usize] });
                if let Some(at) = place(found.week) {
                    trend.calls[at] += found.contacts;
                }
            }
        }
        let weeks = (first..=last).map(|week| Timestamp::from_micros((week * 7 - 3) * DAY)).collect();
        Ok(TopicTrends { weeks, calls, topics })
    }
}
