//! What a search of calls is narrowed by, with names for people, and the topics of the calls on a page.

use crate::{App, AppError, contacts::find::name, require_own};
use std::collections::HashMap;
use touchline_model::{Ability, Caller, Group, GroupId, Topic, TopicId, User, UserId};

/// Agents that are offered at most; more are found by their calls.
const MOST_AGENTS: usize = 500;

/// People, groups and topics that calls can be narrowed to, each by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CallLists {
    /// People who are still here and have a team; none for a caller who sees only the own calls.
    pub agents: Vec<(UserId, String)>,
    /// Groups that still exist; none for such a caller.
    pub teams: Vec<(GroupId, String)>,
    /// Topics that are looked for.
    pub topics: Vec<(TopicId, String)>,
}

impl App {
    /// What calls can be narrowed to.
    ///
    /// # Errors
    /// [`AppError::NotAllowed`] without [`Ability::ReadContacts`].
    pub async fn call_lists(&self, caller: &Caller) -> Result<CallLists, AppError> {
        require_own(caller, Ability::ReadContacts)?;
        let mut lists = CallLists::default();
        if !caller.own_only {
            let users = self.everything::<User>(&caller.tenant).await?.into_iter();
            let agents = users.filter(|user| user.active && user.team_id.is_some());
            lists.agents = agents.map(|user| (user.id.clone(), name(&user))).collect();
            let groups = self.everything::<Group>(&caller.tenant).await?.into_iter();
            lists.teams = groups.filter(|group| group.active).map(|group| (group.id, group.name)).collect();
        }
        let topics = self.everything::<Topic>(&caller.tenant).await?.into_iter();
        lists.topics = topics.filter(|topic| topic.active).map(|topic| (topic.id, topic.name)).collect();
        lists.agents.sort_by(|a, b| (&a.1, &a.0).cmp(&(&b.1, &b.0)));
        lists.agents.truncate(MOST_AGENTS);
        lists.teams.sort_by(|a, b| (&a.1, &a.0).cmp(&(&b.1, &b.0)));
        lists.topics.sort_by(|a, b| (&a.1, &a.0).cmp(&(&b.1, &b.0)));
        Ok(lists)
    }

    /// The names of people, whether they are still here or not.
    ///
    /// # Errors
    /// [`AppError::NotAllowed`] without [`Ability::ReadContacts`].
    pub async fn people_called(
        &self,
        caller: &Caller,
        ids: &[UserId],
    ) -> Result<HashMap<UserId, String>, AppError> {
        require_own(caller, Ability::ReadContacts)?;
        let own = |id: &&UserId| !caller.own_only || caller.user.as_ref() == Some(*id);
        self.names_of(caller, ids.iter().filter(own).map(|id| id.0.clone()).collect()).await
    }

    /// The topics that were found in calls of a page, which the caller has just been shown.
    ///
    /// # Errors
    /// [`AppError::NotAllowed`] without [`Ability::ReadContacts`].
    pub async fn topics_of_page(
        &self,
        caller: &Caller,
        rows: &[crate::contacts::find::FoundCall],
    ) -> Result<HashMap<String, Vec<TopicId>>, AppError> {
        require_own(caller, Ability::ReadContacts)?;
        let tenant = &caller.tenant;
        let Some(generation) = self.store.visible_topics(tenant).await? else { return Ok(HashMap::new()) };
        let seen = |it: &&crate::contacts::find::FoundCall| {
            !caller.own_only || (caller.user.is_some() && it.contact.agent_id == caller.user)
        };
        let ids: Vec<String> = rows.iter().filter(seen).map(|it| it.contact.id.0.clone()).collect();
        let mut topics: HashMap<String, Vec<TopicId>> = HashMap::new();
        for (contact, topic) in self.store.topics_of(tenant, generation, &ids).await? {
            topics.entry(contact).or_default().push(topic);
        }
        Ok(topics)
    }
}
