//! People, teams and inboxes as reports name them.

use super::{AgentInfo, TeamInfo};
use crate::{App, AppError, events::OWN_INBOX, require};
use std::collections::{BTreeSet, HashMap};
use touchline_model::{
    Ability, Caller, Group, GroupId, GroupKind, Inbox, InboxId, Kind, TenantId, User, UserId,
};

/// The name of the inbox of contacts that came without events, unless the directory has one for it.
const OWN_INBOX_NAME: &str = "Touchline";

impl App {
    /// Every inbox, by id; with the one of contacts that came without events, if there are such.
    pub async fn inboxes(&self, caller: &Caller) -> Result<Vec<Inbox>, AppError> {
        require(caller, Ability::ReadDirectory)?;
        let mut all = self.everything::<Inbox>(&caller.tenant).await?;
        let own = InboxId::from(OWN_INBOX);
        if let Err(at) = all.binary_search_by(|inbox| inbox.id.cmp(&own))
            && !self.store.contact_ids(&caller.tenant, "", 1).await?.is_empty()
        {
            all.insert(at, Inbox { id: own, name: OWN_INBOX_NAME.to_owned(), ..Inbox::default() });
        }
        Ok(all)
    }

    /// Every team (the leaves of the tree of people), by id.
    pub async fn teams(&self, caller: &Caller) -> Result<Vec<TeamInfo>, AppError> {
        require(caller, Ability::ReadDirectory)?;
        let groups = self.everything::<Group>(&caller.tenant).await?;
        let users = self.everything::<User>(&caller.tenant).await?;
        let mut members: HashMap<GroupId, Vec<UserId>> = HashMap::new();
        for user in users {
            if let Some(team) = user.team_id {
                members.entry(team).or_default().push(user.id);
            }
        }
        let teams = groups.into_iter().filter(|group| group.kind == GroupKind::Team);
        Ok(teams
            .map(|Group { id, name, .. }| TeamInfo {
                agent_ids: members.remove(&id).unwrap_or_default(),
                id,
                name,
            })
            .collect())
    }

    /// Every user, by id, with teams, inboxes and role.
    pub async fn agents(&self, caller: &Caller) -> Result<Vec<AgentInfo>, AppError> {
        require(caller, Ability::ReadDirectory)?;
        self.agents_in(&caller.tenant).await
    }

    pub(super) async fn agents_in(&self, tenant: &TenantId) -> Result<Vec<AgentInfo>, AppError> {
        let users = self.everything::<User>(tenant).await?;
        let groups = self.everything::<Group>(tenant).await?;
        let groups: HashMap<GroupId, String> = groups.into_iter().map(|it| (it.id, it.name)).collect();
        let mut inboxes: HashMap<UserId, Vec<String>> = HashMap::new();
        for inbox in self.everything::<Inbox>(tenant).await? {
            for agent in inbox.agent_ids {
                inboxes.entry(agent).or_default().push(inbox.name.clone());
            }
        }
        let logins = self.store.logins(tenant).await?;
        let mut roles: HashMap<UserId, String> =
            logins.into_iter().map(|it| (it.user, it.role.to_string())).collect();
        Ok(users
            .into_iter()
            .map(|user| {
                let mut inboxes = inboxes.remove(&user.id).unwrap_or_default();
                inboxes.sort_unstable();
                inboxes.dedup();
                let team = user.team_id.as_ref().and_then(|team| groups.get(team));
                AgentInfo {
                    name: name_of(&user),
                    roles: roles.remove(&user.id).into_iter().collect(),
                    teams: team.into_iter().cloned().collect(),
                    inboxes,
                    id: user.id,
                    email: user.email,
                    active: user.active,
                }
            })
            .collect())
    }

    /// Who is in these teams now; `None` when none is asked for.
    pub(super) async fn members_of(
        &self,
        tenant: &TenantId,
        teams: &[GroupId],
    ) -> Result<Option<BTreeSet<UserId>>, AppError> {
        if teams.is_empty() {
            return Ok(None);
        }
        let ids: Vec<String> = teams.iter().map(|id| id.0.clone()).collect();
        let known = self.store.get_many::<Group>(tenant, &ids).await?;
        let is_team =
            |id: &GroupId| known.iter().any(|it| it.value.id == *id && it.value.kind == GroupKind::Team);
        if let Some(unknown) = teams.iter().find(|id| !is_team(id)) {
            return Err(AppError::NotFound { kind: Kind::Group, id: unknown.0.clone() });
        }
        let users = self.everything::<User>(tenant).await?;
        let inside = |user: &User| user.team_id.as_ref().is_some_and(|team| teams.contains(team));
        Ok(Some(users.into_iter().filter(inside).map(|user| user.id).collect()))
    }

    /// The names of all inboxes. Those that are asked for must exist.
    pub(super) async fn inbox_names(
        &self,
        tenant: &TenantId,
        asked: &[InboxId],
    ) -> Result<HashMap<InboxId, String>, AppError> {
        let mut names: HashMap<InboxId, String> =
            self.everything::<Inbox>(tenant).await?.into_iter().map(|it| (it.id, it.name)).collect();
        names.entry(OWN_INBOX.into()).or_insert_with(|| OWN_INBOX_NAME.to_owned());
        match asked.iter().find(|id| !names.contains_key(*id)) {
            Some(unknown) => Err(AppError::NotFound { kind: Kind::Inbox, id: unknown.0.clone() }),
            None => Ok(names),
        }
    }
}

/// Given and family name; the e-mail address of somebody without any.
fn name_of(user: &User) -> String {
    let name = format!("{} {}", user.first_name, user.last_name);
    match name.trim() {
        "" => user.email.clone(),
        name => name.to_owned(),
    }
}
