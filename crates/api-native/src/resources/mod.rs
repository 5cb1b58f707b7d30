//! Records of every kind: one shape of operations for all of them.

mod audio;
mod bulk;
mod collection;
mod contacts;
mod events;
mod fields;
mod records;
mod search;

pub(crate) use bulk::ReportLine;

use crate::mount::Mount;
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use touchline_app::App;
use touchline_app::{AppError, records::Put, records::PutResults};
use touchline_http::Gate;
use touchline_model::{Ability, Caller, Kind};

/// How a kind of record is called in paths and in the document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names {
    /// In the plural; also the name of its cursors.
    pub(crate) many: &'static str,
    pub(crate) list_path: &'static str,
    pub(crate) item_path: &'static str,
    pub(crate) list_id: &'static str,
    pub(crate) get_id: &'static str,
    pub(crate) put_id: &'static str,
    pub(crate) create_id: &'static str,
    pub(crate) delete_id: &'static str,
}

/// The names made of a plural and a singular.
macro_rules! names {
    ($many:literal, $one:literal) => {
        $crate::resources::Names {
            many: $many,
            list_path: concat!("/", $many),
            item_path: concat!("/", $many, "/{id}"),
            list_id: concat!("list_", $many),
            get_id: concat!("get_", $one),
            put_id: concat!("put_", $one),
            create_id: concat!("create_", $many),
            delete_id: concat!("delete_", $one),
        }
    };
}
pub(crate) use names;

/// A kind of record that can be listed, read, put, created and deleted.
pub(crate) trait Resource: Send + Sync + 'static {
    /// What is sent.
    type In: DeserializeOwned + JsonSchema + Send + 'static;
    /// What is answered.
    type Out: Serialize + JsonSchema + Send;

    const NAMES: Names;
    const KIND: Kind;
    /// Whether ids are numbers.
    const NUMERIC: bool = false;
    /// Chunks of a long upload that are put at a time. More than one where their order does not matter.
    const AT_ONCE: usize = 1;
    /// Needed to read, to write, to delete.
    const READ: &'static [Ability];
    const WRITE: &'static [Ability];
    const DELETE: &'static [Ability];

    fn id(item: &Self::In) -> String;
    fn set_id(item: &mut Self::In, id: &str);
    fn shown_id(item: &Self::Out) -> String;

    fn list(
        app: &App,
        caller: &Caller,
        after: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Self::Out>, AppError>> + Send;
    fn get(app: &App, caller: &Caller, id: &str) -> impl Future<Output = Result<Self::Out, AppError>> + Send;
    fn put(
        app: &App,
        caller: &Caller,
        items: Vec<Self::In>,
    ) -> impl Future<Output = Result<PutResults, AppError>> + Send;
    fn create(
        app: &App,
        caller: &Caller,
        key: Option<&str>,
        item: Self::In,
    ) -> impl Future<Output = Result<Put, AppError>> + Send;
    fn delete(app: &App, caller: &Caller, id: &str) -> impl Future<Output = Result<(), AppError>> + Send;
}

/// Where a record is read, as a path.
pub(crate) fn address_of(kind: Kind, id: &str) -> Option<String> {
    let names = match kind {
        Kind::Contact => Some(contacts::Contacts::NAMES),
        Kind::Event => Some(events::Events::NAMES),
        _ => records::names_of(kind),
    };
    names.map(|names| collection::address(names, id))
}

pub(crate) fn mount<G: Gate>(mount: &mut Mount<G>) {
    records::mount(mount);
    collection::mount::<contacts::Contacts, G>(mount);
    events::mount(mount);
    fields::mount(mount);
    audio::mount(mount);
    search::mount(mount);
}
