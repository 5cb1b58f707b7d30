//! People and their groups.

use super::Table;
use crate::{BadRow, Row, Value, sql::json};
use touchline_model::{Group, GroupKind, Inbox, User};

table!(
    User,
    "users",
    text,
    [email, first_name, last_name, team, department, system_ids, phone_numbers, active],
    |u| [
        (&u.email).into(),
        (&u.first_name).into(),
        (&u.last_name).into(),
        as_text!(u.team_id),
        as_text!(u.department_id),
        json(&u.system_ids),
        json(&u.phone_numbers),
        u.active.into(),
    ],
    |row| User {
        id: row.string(0)?.into(),
        email: row.string(1)?,
        first_name: row.string(2)?,
        last_name: row.string(3)?,
        team_id: row.maybe_string(4)?.map(Into::into),
        department_id: row.maybe_string(5)?.map(Into::into),
        system_ids: row.json(6)?,
        phone_numbers: row.json(7)?,
        active: row.flag(8)?,
    }
);

table!(
    Group,
    "groups_",
    text,
    [name, kind, parent, manager, active],
    |g| [
        (&g.name).into(),
        group_kind(g.kind).into(),
        as_text!(g.parent_id),
        as_text!(g.manager_id),
        g.active.into(),
    ],
    |row| Group {
        id: row.string(0)?.into(),
        name: row.string(1)?,
        kind: if row.text(2)? == "department" { GroupKind::Department } else { GroupKind::Team },
        parent_id: row.maybe_string(3)?.map(Into::into),
        manager_id: row.maybe_string(4)?.map(Into::into),
        active: row.flag(5)?,
    }
);

table!(
    Inbox,
    "inboxes",
    text,
    [name, disabled, agents],
    |i| [(&i.name).into(), i.disabled.into(), json(&i.agent_ids)],
    |row| Inbox {
        id: row.string(0)?.into(),
        name: row.string(1)?,
        disabled: row.flag(2)?,
        agent_ids: row.json(3)?,
    }
);

const fn group_kind(kind: GroupKind) -> &'static str {
    match kind {
        GroupKind::Team => "team",
        GroupKind::Department => "department",
    }
}
