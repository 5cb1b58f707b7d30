//! The first page: what waits for whoever looks, and how the last weeks went. Reads counts that follow every change
//! and bounded lists, so that it costs the same with a thousand contacts and with millions.

mod lists;
mod trends;
mod waiting;

pub use lists::CallLists;
pub use trends::{TopicMove, Trends, WeekTalk};
pub use waiting::{Notice, Overview};

use crate::{
    App, AppError,
    contacts::find::{name, with_those_below},
};
use std::collections::HashMap;
use touchline_model::{Caller, Group, GroupId, Timestamp, User, UserId};
use touchline_store::{CallKey, CallStream};

/// Weeks that are shown, the one with the newest call as the last.
const WEEKS: i64 = 8;
const DAY: i64 = 86_400_000_000;

/// Whose calls the page is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The reader's.
    Own,
    /// Of the groups that the reader leads, or else of the own group.
    Team(Vec<Group>),
    /// Everybody's.
    Everybody,
}

/// Whose calls, and the agents that makes; `None`: all, and nobody's.
struct Scope {
    whose: Whose,
    agents: Option<Vec<String>>,
}

/// Weeks since Monday 1969-12-29 of an instant, UTC.
const fn week_of(at: Timestamp) -> i64 {
    (at.micros().div_euclid(DAY) + 3).div_euclid(7)
}

impl App {
    /// When the newest call began; `None` when nothing has begun until now.
    async fn newest_call(&self, caller: &Caller) -> Result<Option<Timestamp>, AppError> {
        let now = self.clock.now();
        let since = Timestamp::from_micros(i64::MIN);
        // Calls that begin later than now are mistakes, and must not empty the page.
        let newest =
            self.store.newest(&caller.tenant, &CallStream::All, &CallKey::before(now), since, 1).await?;
        Ok(newest.keys.first().map(|key| key.started_at))
    }

    /// The weeks that are shown.
    fn shown_weeks(&self, newest: Option<Timestamp>) -> (i64, i64) {
        let last = week_of(newest.unwrap_or_else(|| self.clock.now()));
        (last - WEEKS + 1, last)
    }

    /// A leader is about the team, unless it has had no calls: then, as for everybody without a team, it is about all.
    async fn scope(&self, caller: &Caller, weeks: (i64, i64)) -> Result<Scope, AppError> {
        let own = caller.user.as_ref();
        if caller.own_only {
            return Ok(Scope {
                whose: Whose::Own,
                agents: Some(own.iter().map(|id| id.0.clone()).collect()),
            });
        }
        let everybody = Scope { whose: Whose::Everybody, agents: None };
        let Some(own) = own else { return Ok(everybody) };
        let groups = self.everything::<Group>(&caller.tenant).await?;
        let leads = |group: &&Group| group.active && group.manager_id.as_ref() == Some(own);
        let mut mine: Vec<Group> = groups.iter().filter(leads).cloned().collect();
        if mine.is_empty() {
            let found = self.store.get_many::<User>(&caller.tenant, std::slice::from_ref(&own.0)).await?;
            let team = found.into_iter().next().and_then(|user| user.value.team_id);
            mine.extend(groups.iter().find(|group| Some(&group.id) == team.as_ref()).cloned());
        }
        if mine.is_empty() {
            return Ok(everybody);
        }
        let ids: Vec<GroupId> = mine.iter().map(|group| group.id.clone()).collect();
        let ids: Vec<String> = with_those_below(&ids, &groups).into_iter().collect();
        let agents = self.store.users_in(&caller.tenant, &ids).await?;
        let days = self.store.day_counts(&caller.tenant, Some(&agents), days_of(weeks)).await?;
        let all = self.store.day_counts(&caller.tenant, None, days_of(weeks)).await?;
        // A team that has all the calls is everybody.
        match days.is_empty() || days == all {
            true => Ok(everybody),
            false => Ok(Scope { whose: Whose::Team(mine), agents: Some(agents) }),
        }
    }

    /// Names of people, by id.
    async fn names_of(&self, caller: &Caller, ids: Vec<String>) -> Result<HashMap<UserId, String>, AppError> {
        let users = self.store.get_many::<User>(&caller.tenant, &ids).await?;
        Ok(users.into_iter().map(|user| (user.value.id.clone(), name(&user.value))).collect())
    }
}

/// First and last day of some weeks.
const fn days_of(weeks: (i64, i64)) -> (i64, i64) {
    (weeks.0 * 7 - 3, weeks.1 * 7 + 3)
}
