//! What forms offer to choose from: people, and numbers of the plan.

use super::super::{
    choice::{Choice, choices},
    people,
};
use crate::{Web, format, texts, visit::Visit};
use touchline_app::{
    AppError,
    live::{TelephonyView, board::numbers::NumberPlan},
};
use touchline_model::{User, UserId};

/// The settings, and the people of the organisation.
pub(super) struct Known {
    pub(super) telephony: TelephonyView,
    /// Everybody, by name: id, name, whether they still work here.
    people: Vec<(UserId, String, bool)>,
}

impl Known {
    pub(super) async fn read(web: &Web, visit: &Visit) -> Result<Self, AppError> {
        let telephony = web.app.telephony(&visit.caller).await?;
        let people = web.app.all::<User>(&visit.caller).await?;
        let mut people: Vec<_> =
            people.into_iter().map(|it| (it.id.clone(), people::name(&it), it.active)).collect();
        people.sort_by_cached_key(|it| it.1.to_lowercase());
        Ok(Self { telephony, people })
    }

    pub(super) fn plan(&self) -> &NumberPlan {
        &self.telephony.settings.plan
    }

    /// A person's name; the id of somebody unknown.
    pub(super) fn name(&self, id: &UserId) -> String {
        let known = self.people.iter().find(|it| it.0 == *id);
        known.map_or_else(|| id.to_string(), |it| it.1.clone())
    }

    /// Everybody who works here, to choose one from.
    pub(super) fn everybody(&self, chosen: &str) -> Vec<Choice> {
        let shown = self.people.iter().filter(|it| it.2 || it.0.as_str() == chosen);
        let all = shown.map(|it| (it.0.to_string(), format::middle(&it.1, 60)));
        choices(all, Some(chosen).filter(|it| !it.is_empty()))
    }

    /// Those who have a number, by name, with those who are ticked already.
    pub(super) fn with_numbers(&self, ticked: &[String]) -> Vec<Choice> {
        let number = |id: &UserId| self.plan().users.iter().find(|it| it.user == *id).map(|it| &it.number);
        let choice = |(id, name, _): &(UserId, String, bool)| {
            let is_ticked = ticked.iter().any(|it| it == id.as_str());
            let name = format::middle(name, 60);
            let label = match number(id) {
                Some(number) => format!("{name} ({number})"),
                None if is_ticked => name,
                None => return None,
            };
            Some(Choice { id: id.to_string(), label, chosen: is_ticked })
        };
        self.people.iter().filter_map(choice).collect()
    }

    /// Numbers of people, with those that are ticked already; their order is that of the plan.
    pub(super) fn numbers(&self, ticked: &[String]) -> Vec<Choice> {
        let is_ticked = |number: &str| ticked.iter().any(|it| it == number);
        let unknown = ticked.iter().filter(|it| self.plan().users.iter().all(|user| user.number != **it));
        let unknown = unknown.map(|it| Choice { id: it.clone(), label: it.clone(), chosen: true });
        let users = self.plan().users.iter().map(|it| Choice {
            chosen: is_ticked(&it.number),
            label: format!("{} {}", it.number, format::middle(&self.name(&it.user), 60)),
            id: it.number.clone(),
        });
        users.chain(unknown).collect()
    }

    /// Every inside number, to choose one from; not `but`, which is the number of what is edited.
    pub(super) fn inside(&self, chosen: &str, but: &str) -> Vec<Choice> {
        let label = |number: &str, name: &str, kind: &str| {
            (number.to_owned(), format!("{number} {}, {}", format::middle(name, 40), texts::t(kind)))
        };
        let plan = self.plan();
        let users =
            plan.users.iter().map(|it| label(&it.number, &self.name(&it.user), "admin_telephony.a_person"));
        let groups = plan.groups.iter().map(|it| label(&it.number, &it.name, "admin_telephony.a_group"));
        let queues = plan.queues.iter().map(|it| label(&it.number, &it.name, "admin_telephony.a_queue"));
        let all = queues.chain(groups).chain(users).filter(|it| it.0 != but);
        choices(all, Some(chosen).filter(|it| !it.is_empty()))
    }
}
