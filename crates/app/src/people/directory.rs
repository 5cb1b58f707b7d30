//! People as an administrator adds and changes them by hand.
//!
//! A directory that comes from elsewhere may name an address twice, and is taken as it is. Whoever types one in is told:
//! two people with one address can neither both sign in nor be told apart when a call is shown to them.

use super::email_key;
use crate::{App, AppError, records::Put, require};
use touchline_model::{Ability, Caller, Invalid, User};

impl App {
    /// Adds a person who must be new.
    ///
    /// # Errors
    /// [`AppError::Invalid`] naming `email` when somebody who works here has the address.
    pub async fn add_person(&self, caller: &Caller, person: User) -> Result<Put, AppError> {
        require(caller, Ability::WriteDirectory)?;
        self.own_address(caller, &person).await?;
        self.create(caller, None, person).await
    }

    /// Changes a person. An address that was there twice before may stay.
    ///
    /// # Errors
    /// As of [`App::add_person`]; [`AppError::NotFound`] when there is no such person.
    pub async fn change_person(&self, caller: &Caller, person: User) -> Result<Put, AppError> {
        require(caller, Ability::WriteDirectory)?;
        let before = self.get::<User>(caller, person.id.as_str()).await?.value;
        if !before.active || email_key(&before.email) != email_key(&person.email) {
            self.own_address(caller, &person).await?;
        }
        self.put_one(caller, person).await
    }

    /// Refuses an address that somebody else who works here has.
    async fn own_address(&self, caller: &Caller, person: &User) -> Result<(), AppError> {
        let address = email_key(&person.email);
        if !person.active || address.is_empty() {
            return Ok(());
        }
        let people = self.everything::<User>(&caller.tenant).await?;
        let other =
            people.into_iter().find(|it| it.active && it.id != person.id && email_key(&it.email) == address);
        match other {
            None => Ok(()),
            Some(other) => Err(Invalid::new("email", format!("{} has this address", called(&other))).into()),
        }
    }
}

/// A person's name with the id, by which people of one name are told apart.
pub(super) fn called(user: &User) -> String {
    let name = format!("{} {}", user.first_name, user.last_name);
    match name.trim() {
        "" => format!("`{}`", user.id),
        name => format!("{name} (`{}`)", user.id),
    }
}
