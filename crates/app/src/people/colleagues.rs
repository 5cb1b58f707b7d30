//! The telephone book: who works here, for whoever does.

use crate::{App, AppError};
use std::collections::HashMap;
use touchline_model::{Ability, Caller, Role, User, UserId};

/// Somebody who works here.
#[derive(Clone, Debug)]
pub struct Colleague {
    /// Who.
    pub user: User,
    /// The name with which the person logs in, and as what.
    pub login: Option<(String, Role)>,
    /// The number of the first telephone.
    pub number: Option<String>,
}

impl App {
    /// The people of the organisation who work there, by id. For those who are people of it themselves, whatever their
    /// role: somebody who may call colleagues must find them.
    ///
    /// # Errors
    /// [`AppError::NotAllowed`] for a caller who is nobody in particular and may not see the directory.
    pub async fn colleagues(&self, caller: &Caller) -> Result<Vec<Colleague>, AppError> {
        if caller.user.is_none() && !caller.may(Ability::ReadDirectory) {
            return Err(AppError::NotAllowed(Ability::ReadDirectory));
        }
        let people = self.everything::<User>(&caller.tenant).await?;
        let logins = self.store.logins(&caller.tenant).await?;
        let mut logins: HashMap<UserId, (String, Role)> =
            logins.into_iter().map(|it| (it.user, (it.email, it.role))).collect();
        let mut numbers: HashMap<UserId, String> = HashMap::new();
        for device in self.store.devices(&caller.tenant).await? {
            if let Some(user) = device.user {
                numbers.entry(user).or_insert(device.number);
            }
        }
        let works = people.into_iter().filter(|it| it.active);
        Ok(works
            .map(|user| Colleague { login: logins.remove(&user.id), number: numbers.remove(&user.id), user })
            .collect())
    }
}
