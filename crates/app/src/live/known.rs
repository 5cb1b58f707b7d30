//! What a switchboard knows of its organisation: numbers, telephones, people. Read from the store, kept in memory,
//! because telephones cannot wait for a database.

use super::{
    board::{Device, DeviceId, Reach, Settings, numbers::Plan},
    settings::{LiveSettings, TelephonySettings, Thresholds, in_force},
};
use crate::{App, AppError};
use std::collections::{BTreeMap, BTreeSet};
use touchline_model::{Ability, Caller, Group, GroupId, Role, TenantId, User, UserId};
use touchline_store::{DeviceRow, Store};

/// Rows of a list that are read at once.
const PAGE: usize = 1_000;

/// What is known of an organisation.
pub(crate) struct Known {
    /// Of the settings; 0 where there are none.
    pub(crate) version: i64,
    pub(crate) plan: Plan,
    pub(crate) settings: Settings,
    pub(crate) keep_whisper: bool,
    pub(crate) thresholds: Thresholds,
    /// Telephones of people who still work here, and of nobody.
    pub(crate) devices: BTreeMap<DeviceId, DeviceRow>,
    pub(crate) names: BTreeMap<UserId, String>,
    /// The groups of everybody who is in any: the own one first, then those above it.
    pub(crate) groups: BTreeMap<UserId, Vec<GroupId>>,
    pub(crate) group_names: BTreeMap<GroupId, String>,
    supervisors: BTreeSet<UserId>,
    /// Those who manage a group: whom they may watch.
    reach: BTreeMap<UserId, BTreeSet<UserId>>,
}

impl Known {
    pub(crate) async fn read(app: &App, server: &LiveSettings, tenant: &TenantId) -> Result<Self, AppError> {
        let stored = app.store.telephony(tenant).await?;
        let version = stored.as_ref().map_or(0, |it| it.0);
        let own = stored.map(|it| serde_json::from_value::<TelephonySettings>(it.1)).transpose();
        let own = own.map_err(|e| AppError::Internal(Box::new(e)))?.unwrap_or_default();
        let (settings, keep_whisper) = in_force(server, &own);
        let thresholds = own.thresholds;
        let plan = Plan::new(own.plan).map_err(|all| {
            AppError::Internal(format!("the stored plan of `{tenant}` is no good: {}", told(&all)).into())
        })?;
        let users = all::<User>(&app.store, tenant).await?;
        let groups = all::<Group>(&app.store, tenant).await?;
        let logins = app.store.logins(tenant).await?;
        let works: BTreeSet<&UserId> = users.iter().filter(|it| it.active).map(|it| &it.id).collect();
        let supervises = |role: Role| !role.own_only() && supervises(&role.abilities());
        let supervisors = logins.into_iter().filter(|it| supervises(it.role)).map(|it| it.user).collect();
        let above = above(&users, &groups);
        let devices = app.store.devices(tenant).await?.into_iter();
        let devices = devices.filter(|it| it.user.as_ref().is_none_or(|user| works.contains(user)));
        Ok(Self {
            version,
            plan,
            settings,
            keep_whisper,
            thresholds,
            devices: devices.map(|it| (DeviceId(it.id.clone()), it)).collect(),
            reach: reach(&above, &groups),
            groups: above,
            group_names: groups.iter().map(|it| (it.id.clone(), it.name.clone())).collect(),
            names: users.iter().map(|it| (it.id.clone(), name(it))).collect(),
            supervisors,
        })
    }

    /// The telephones at which people work, for the board.
    pub(crate) fn desks(&self) -> Vec<Device> {
        let desk = |(id, row): (&DeviceId, &DeviceRow)| {
            let user = row.user.clone()?;
            Some(Device {
                id: id.clone(),
                number: row.number.clone(),
                supervises: self.supervisors.contains(&user),
                public: row.public,
                user: Some(user),
            })
        };
        self.devices.iter().filter_map(desk).collect()
    }

    /// The telephone with a number.
    pub(crate) fn by_number(&self, number: &str) -> Option<(&DeviceId, &DeviceRow)> {
        self.devices.iter().find(|(_, row)| row.number == number)
    }

    /// Whose a telephone is.
    pub(crate) fn user_of(&self, device: &DeviceId) -> Option<&UserId> {
        self.devices.get(device)?.user.as_ref()
    }

    /// Whose a number is.
    pub(crate) fn user_at(&self, number: &str) -> Option<&UserId> {
        self.by_number(number)?.1.user.as_ref()
    }

    /// Whom somebody may watch: the people of the groups that one manages, and of those beneath; who manages none may
    /// watch everybody (contract genesys-voice OC-27).
    pub(crate) fn reach(&self, user: &UserId) -> Reach {
        self.reach.get(user).map_or(Reach::Everybody, |users| Reach::Only(users.clone()))
    }
}

/// Who may hear recordings and comment on others' work may listen to calls and coach in them.
pub(crate) fn supervises(abilities: &BTreeSet<Ability>) -> bool {
    abilities.contains(&Ability::ReadRecordings) && abilities.contains(&Ability::WriteCoaching)
}

/// The same of somebody who asks.
pub(crate) fn is_supervisor(caller: &Caller) -> bool {
    !caller.own_only && supervises(&caller.abilities)
}

/// All complaints about a plan in one sentence.
pub(crate) fn told(all: &[super::board::numbers::PlanError]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn name(user: &User) -> String {
    let name = format!("{} {}", user.first_name, user.last_name);
    match name.trim() {
        "" => user.email.clone(),
        name => name.to_owned(),
    }
}

/// The groups of people: the own one first, then those above it.
fn above(users: &[User], groups: &[Group]) -> BTreeMap<UserId, Vec<GroupId>> {
    let known: BTreeMap<&GroupId, &Group> = groups.iter().map(|it| (&it.id, it)).collect();
    let of = |user: &User| {
        let first = user.team_id.as_ref().or(user.department_id.as_ref());
        let all = std::iter::successors(first.and_then(|id| known.get(id)), |group| {
            group.parent_id.as_ref().and_then(|id| known.get(id))
        });
        // A tree that somebody has made into a ring must not hold us up.
        all.take(groups.len()).map(|group| group.id.clone()).collect::<Vec<_>>()
    };
    users.iter().map(|user| (user.id.clone(), of(user))).collect()
}

fn reach(of: &BTreeMap<UserId, Vec<GroupId>>, groups: &[Group]) -> BTreeMap<UserId, BTreeSet<UserId>> {
    let mut reach: BTreeMap<UserId, BTreeSet<UserId>> = BTreeMap::new();
    let known: BTreeMap<&GroupId, &Group> = groups.iter().map(|it| (&it.id, it)).collect();
    for (user, above) in of {
        let above = above.iter().filter_map(|id| known.get(id)).filter(|group| group.active);
        for manager in above.filter_map(|group| group.manager_id.as_ref()) {
            reach.entry(manager.clone()).or_default().insert(user.clone());
        }
    }
    // Who manages an empty group may watch nobody.
    for manager in groups.iter().filter(|it| it.active).filter_map(|it| it.manager_id.as_ref()) {
        reach.entry(manager.clone()).or_default();
    }
    reach
}

async fn all<T: touchline_store::Table>(store: &Store, tenant: &TenantId) -> Result<Vec<T>, AppError> {
    let mut all: Vec<T> = Vec::new();
    loop {
        let after = all.last().map(touchline_model::Record::id);
        let page = store.list::<T>(tenant, after.as_deref(), PAGE).await?;
        let last = page.len() < PAGE;
        all.extend(page.into_iter().map(|it| it.value));
        if last {
            return Ok(all);
        }
    }
}
