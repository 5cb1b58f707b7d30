//! The directory: people, groups, inboxes.

use crate::exports::column::{Cell, Column, ColumnType as T, Tabular};
use touchline_model::{Group, GroupKind, Inbox, Stored, User};

const USER: [Column<Stored<User>>; 11] = [
    Column::always("id", T::Text, "The person.", |it| it.value.id.as_str().into()),
    Column::always("email", T::Text, "E-mail address.", |it| (&it.value.email).into()),
    Column::always("first_name", T::Text, "Given name.", |it| (&it.value.first_name).into()),
    Column::always("last_name", T::Text, "Family name.", |it| (&it.value.last_name).into()),
    Column::maybe("team_id", T::Text, "The team.", |it| {
        it.value.team_id.as_ref().map(|id| id.as_str()).into()
    }),
    Column::maybe("department_id", T::Text, "The department.", |it| {
        it.value.department_id.as_ref().map(|id| id.as_str()).into()
    }),
    Column::always("system_ids", T::Json, "Ids in diallers and CRMs: a JSON list.", |it| {
        Cell::json(&it.value.system_ids)
    }),
    Column::always("phone_numbers", T::Json, "Telephone numbers: a JSON list.", |it| {
        Cell::json(&it.value.phone_numbers)
    }),
    Column::always("active", T::Boolean, "Whether the person still works here.", |it| it.value.active.into()),
    Column::always("modified", T::Timestamp, "When it last changed; decides about its day.", |it| {
        it.modified.into()
    }),
    Column::always("seq", T::Integer, "Number of that change.", |it| it.seq.into()),
];

const GROUP: [Column<Stored<Group>>; 8] = [
    Column::always("id", T::Text, "The group.", |it| it.value.id.as_str().into()),
    Column::always("name", T::Text, "Its name.", |it| (&it.value.name).into()),
    Column::always("kind", T::Text, "team or department.", |it| {
        match it.value.kind {
            GroupKind::Team => "team",
            GroupKind::Department => "department",
        }
        .into()
    }),
    Column::maybe("parent_id", T::Text, "The group above.", |it| {
        it.value.parent_id.as_ref().map(|id| id.as_str()).into()
    }),
    Column::maybe("manager_id", T::Text, "Who leads it.", |it| {
        it.value.manager_id.as_ref().map(|id| id.as_str()).into()
    }),
    Column::always("active", T::Boolean, "Whether it still exists.", |it| it.value.active.into()),
    Column::always("modified", T::Timestamp, "When it last changed; decides about its day.", |it| {
        it.modified.into()
    }),
    Column::always("seq", T::Integer, "Number of that change.", |it| it.seq.into()),
];

const INBOX: [Column<Stored<Inbox>>; 6] = [
    Column::always("id", T::Text, "The inbox.", |it| it.value.id.as_str().into()),
    Column::always("name", T::Text, "Its name.", |it| (&it.value.name).into()),
    Column::always("disabled", T::Boolean, "Whether nothing arrives in it any more.", |it| {
        it.value.disabled.into()
    }),
    Column::always("agent_ids", T::Json, "Who works in it: a JSON list.", |it| {
        Cell::json(&it.value.agent_ids)
    }),
    Column::always("modified", T::Timestamp, "When it last changed; decides about its day.", |it| {
        it.modified.into()
    }),
    Column::always("seq", T::Integer, "Number of that change.", |it| it.seq.into()),
];

impl Tabular for Stored<User> {
    fn columns() -> &'static [Column<Self>] {
        &USER
    }
}
impl Tabular for Stored<Group> {
    fn columns() -> &'static [Column<Self>] {
        &GROUP
    }
}
impl Tabular for Stored<Inbox> {
    fn columns() -> &'static [Column<Self>] {
        &INBOX
    }
}
