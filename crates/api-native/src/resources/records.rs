//! The kinds of records whose wire shape is the record itself.

use super::{Names, Resource, collection, names};
use crate::mount::Mount;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use std::marker::PhantomData;
use touchline_app::{
    App, AppError,
    records::{Put, PutResults, Ruled},
};
use touchline_http::Gate;
use touchline_model::{
    Ability, Caller, CoachingSession, Evaluation, Feedback, Group, Inbox, Kind, Kpi, Listen, Observation,
    Plan, Scorecard, Share, Stored, Topic, User,
};

/// A record with its names.
trait Named: Ruled + DeserializeOwned + JsonSchema {
    const NAMES: Names;
}

macro_rules! kinds {
    ($($type:ty: $many:literal, $one:literal;)+) => {
        $(impl Named for $type {
            const NAMES: Names = names!($many, $one);
        })+
        /// The names of a kind, if it is one of these.
        pub(super) fn names_of(kind: Kind) -> Option<Names> {
            $(if kind == <$type as touchline_model::Record>::KIND {
                return Some(<$type as Named>::NAMES);
            })+
            None
        }
        pub(super) fn mount<G: Gate>(mount: &mut Mount<G>) {
            $(collection::mount::<Records<$type>, G>(mount);)+
        }
    };
}
kinds! {
    User: "users", "user";
    Group: "groups", "group";
    Inbox: "inboxes", "inbox";
    Topic: "topics", "topic";
    Scorecard: "scorecards", "scorecard";
    Evaluation: "evaluations", "evaluation";
    Feedback: "feedback", "feedback";
    Share: "shares", "share";
    Listen: "listens", "listen";
    Plan: "plans", "plan";
    CoachingSession: "sessions", "session";
    Kpi: "kpis", "kpi";
    Observation: "observations", "observation";
}

/// Records of one type.
struct Records<T>(PhantomData<fn() -> T>);

impl<T: Named> Resource for Records<T> {
    type In = T;
    type Out = Stored<T>;

    const NAMES: Names = T::NAMES;
    const KIND: Kind = T::KIND;
    const NUMERIC: bool = T::NUMERIC;
    const READ: &'static [Ability] = &[T::READ];
    const WRITE: &'static [Ability] = &[T::WRITE];
    const DELETE: &'static [Ability] = &[T::WRITE];

    fn id(item: &T) -> String {
        item.id()
    }
    fn set_id(item: &mut T, id: &str) {
        item.set_id(id);
    }
    fn shown_id(item: &Stored<T>) -> String {
        item.value.id()
    }

    async fn list(
        app: &App,
        caller: &Caller,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Stored<T>>, AppError> {
        app.list(caller, after, limit).await
    }
    async fn get(app: &App, caller: &Caller, id: &str) -> Result<Stored<T>, AppError> {
        app.get(caller, id).await
    }
    async fn put(app: &App, caller: &Caller, items: Vec<T>) -> Result<PutResults, AppError> {
        app.put_many(caller, items).await
    }
    async fn create(app: &App, caller: &Caller, key: Option<&str>, item: T) -> Result<Put, AppError> {
        app.create(caller, key, item).await
    }
    async fn delete(app: &App, caller: &Caller, id: &str) -> Result<(), AppError> {
        app.delete::<T>(caller, id).await
    }
}
