//! Where the rows of a day come from.

use super::{
    column::Tabular,
    rows::{ContactLine, Deletion, EvaluationLine, EventLine},
};
use crate::{
    App, AppError,
    reports::{
        AgentSummaryQuery, AgentSummaryRow, ContactExportQuery, ContactRow, Level, Rows, Window,
        WorkSessionQuery, WorkSessionRow,
    },
};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::tz::TimeZone;
use std::{collections::HashMap, sync::Arc};
use touchline_model::{
    Caller, Contact, Evaluation, Group, Inbox, Scorecard, ScorecardId, Seq, Stored, TenantId, Timestamp, User,
};
use touchline_store::{Store, StoreError, Table};

/// Rows that are read together.
const PAGE: usize = 500;

/// A day that is asked for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) window: Window,
    pub(super) zone: TimeZone,
    pub(super) horizon: Timestamp,
}

/// Rows that a data set is made of.
pub(super) trait Source: Tabular {
    /// The rows of a day, in the order of the data set.
    fn rows(
        app: &App,
        caller: &Caller,
        asked: Asked,
    ) -> impl Future<Output = Result<Rows<Self>, AppError>> + Send;

    /// Whether the row is of a contact that has not ended.
    fn is_open(&self) -> bool {
        false
    }
}

/// A stream of pages: `next` reads the page after a place, and says where it ended.
fn pages<P, R, F>(first: P, next: impl Fn(P) -> F + Send + Sync + 'static) -> Rows<R>
where
    P: Send + 'static,
    R: Send + 'static,
    F: Future<Output = Result<(Vec<R>, Option<P>), AppError>> + Send + 'static,
{
    let next = Arc::new(next);
    let pages = stream::try_unfold(Some(first), move |place| {
        let next = next.clone();
        async move {
            let Some(place) = place else { return Ok(None) };
            Ok::<_, AppError>(Some(next(place).await?))
        }
    });
    pages.map_ok(|rows| stream::iter(rows.into_iter().map(Ok))).try_flatten().boxed()
}

/// Records that were last changed in a window, in the order of their changes.
fn changed<T: Table>(app: &App, caller: &Caller, window: Window) -> Rows<Stored<T>> {
    let (store, tenant) = (app.store().clone(), caller.tenant.clone());
    // After everything that was changed before the window.
    let first = (Timestamp::from_micros(window.start.micros() - 1), Seq::MAX);
    pages(first, move |after| {
        let (store, tenant) = (store.clone(), tenant.clone());
        async move {
            let mut rows = store.feed::<T>(&tenant, after, PAGE).await?;
            let read = rows.len();
            rows.retain(|it| it.modified < window.end);
            let more = read == PAGE && rows.len() == read;
            let last = rows.last().map(|it| (it.modified, it.seq)).filter(|_| more);
            Ok((rows, last))
        }
    })
}

/// The numbers of the changes of a window: after the first, before the second.
async fn changes_of(store: &Store, tenant: &TenantId, window: Window) -> Result<(Seq, Seq), StoreError> {
    let first = store.first_change_at(tenant, window.start).await?;
    let end = store.first_change_at(tenant, window.end).await?;
    Ok((first.map_or(Seq::MAX, |it| it - 1), end.unwrap_or(Seq::MAX)))
}

impl Source for ContactLine {
    async fn rows(app: &App, caller: &Caller, asked: Asked) -> Result<Rows<Self>, AppError> {
        let (store, tenant) = (app.store().clone(), caller.tenant.clone());
        let chunks = changed::<Contact>(app, caller, asked.window).try_chunks(PAGE);
        let with = chunks.map_err(|error| error.1).and_then(move |contacts| {
            let (store, tenant) = (store.clone(), tenant.clone());
            async move {
                let ids: Vec<String> = contacts.iter().map(|it| it.value.id.0.clone()).collect();
                let mut known = store.analyses(&tenant, &ids).await?;
                let lines: Vec<Self> = contacts
                    .into_iter()
                    .map(|contact| Self {
                        stats: known.remove(contact.value.id.as_str()).map(|it| it.stats),
                        contact,
                    })
                    .collect();
                Ok(stream::iter(lines.into_iter().map(Ok)))
            }
        });
        Ok(with.try_flatten().boxed())
    }
}

impl Source for EvaluationLine {
    async fn rows(app: &App, caller: &Caller, asked: Asked) -> Result<Rows<Self>, AppError> {
        let (store, tenant) = (app.store().clone(), caller.tenant.clone());
        let chunks = changed::<Evaluation>(app, caller, asked.window).try_chunks(PAGE);
        let with = chunks.map_err(|error| error.1).and_then(move |evaluations| {
            let (store, tenant) = (store.clone(), tenant.clone());
            async move {
                let mut ids: Vec<String> =
                    evaluations.iter().map(|it| it.value.scorecard_id.0.clone()).collect();
                ids.sort_unstable();
                ids.dedup();
                let cards = store.get_many::<Scorecard>(&tenant, &ids).await?;
                let cards: HashMap<ScorecardId, Arc<Scorecard>> =
                    cards.into_iter().map(|it| (it.value.id.clone(), Arc::new(it.value))).collect();
                let lines: Vec<Self> = evaluations
                    .into_iter()
                    .map(|evaluation| Self {
                        scorecard: cards.get(&evaluation.value.scorecard_id).cloned(),
                        evaluation,
                    })
                    .collect();
                Ok(stream::iter(lines.into_iter().map(Ok)))
            }
        });
        Ok(with.try_flatten().boxed())
    }
}

macro_rules! of_the_directory {
    ($($record:ty),+) => {$(
        impl Source for Stored<$record> {
            async fn rows(app: &App, caller: &Caller, asked: Asked) -> Result<Rows<Self>, AppError> {
                Ok(changed(app, caller, asked.window))
            }
        }
    )+};
}
of_the_directory!(User, Group, Inbox);

impl Source for EventLine {
    async fn rows(app: &App, caller: &Caller, asked: Asked) -> Result<Rows<Self>, AppError> {
        let (store, tenant) = (app.store().clone(), caller.tenant.clone());
        let (after, before) = changes_of(&store, &tenant, asked.window).await?;
        Ok(pages((after, i64::MAX), move |after| {
            let (store, tenant) = (store.clone(), tenant.clone());
            async move {
                let events = store.arrived_events(&tenant, after, before, PAGE).await?;
                let last = events.last().map(|it| (it.seq, it.part)).filter(|_| events.len() == PAGE);
                Ok((events.into_iter().map(Self::from).collect(), last))
            }
        }))
    }
}

impl Source for Deletion {
    async fn rows(app: &App, caller: &Caller, asked: Asked) -> Result<Rows<Self>, AppError> {
        let (store, tenant) = (app.store().clone(), caller.tenant.clone());
        let (after, before) = changes_of(&store, &tenant, asked.window).await?;
        Ok(pages(after, move |after| {
            let (store, tenant) = (store.clone(), tenant.clone());
            async move {
                let found = store.deletions(&tenant, after, before, PAGE).await?;
                let last = found.last().map(|it| it.seq).filter(|_| found.len() == PAGE);
                Ok((found.into_iter().map(Self).collect(), last))
            }
        }))
    }
}

impl Source for WorkSessionRow {
    async fn rows(app: &App, caller: &Caller, asked: Asked) -> Result<Rows<Self>, AppError> {
        let query = WorkSessionQuery {
            window: asked.window,
            channels: vec![],
            inboxes: vec![],
            teams: vec![],
            horizon: Some(asked.horizon),
            at_most: None,
        };
        app.work_sessions(caller, query).await
    }
    fn is_open(&self) -> bool {
        self.ended_at.is_none()
    }
}

impl Source for ContactRow {
    async fn rows(app: &App, caller: &Caller, asked: Asked) -> Result<Rows<Self>, AppError> {
        let query = ContactExportQuery {
            window: asked.window,
            channels: vec![],
            inboxes: vec![],
            horizon: Some(asked.horizon),
            at_most: None,
        };
        app.contact_export(caller, query).await
    }
    fn is_open(&self) -> bool {
        self.facts.ended.is_none()
    }
}

impl Source for AgentSummaryRow {
    async fn rows(app: &App, caller: &Caller, asked: Asked) -> Result<Rows<Self>, AppError> {
        let query = AgentSummaryQuery {
            window: asked.window,
            zone: asked.zone,
            level: Level::Daily,
            teams: vec![],
            horizon: Some(asked.horizon),
        };
        app.agent_summary(caller, query).await
    }
}
