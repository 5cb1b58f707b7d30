//! Contacts: sent with their transcript, answered with what was found in it.

use super::{Names, Resource, names};
use touchline_app::{
    App, AppError,
    contacts::{ContactUpload, ContactView},
    records::{Put, PutResults},
};
use touchline_model::{Ability, Caller, Kind};

pub(super) struct Contacts;

impl Resource for Contacts {
    type In = ContactUpload;
    type Out = ContactView;

    const NAMES: Names = names!("contacts", "contact");
    const KIND: Kind = Kind::Contact;
    const READ: &'static [Ability] = &[Ability::ReadContacts];
    const WRITE: &'static [Ability] = &[Ability::WriteContacts];
    const DELETE: &'static [Ability] = &[Ability::DeleteContacts];

    fn id(item: &ContactUpload) -> String {
        item.id.0.clone()
    }
    fn set_id(item: &mut ContactUpload, id: &str) {
        item.id = id.into();
    }
    fn shown_id(item: &ContactView) -> String {
        item.contact.id.0.clone()
    }

    async fn list(
        app: &App,
        caller: &Caller,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<ContactView>, AppError> {
        app.contacts(caller, after, limit).await
    }
    async fn get(app: &App, caller: &Caller, id: &str) -> Result<ContactView, AppError> {
        app.contact(caller, id).await
    }
    async fn put(app: &App, caller: &Caller, items: Vec<ContactUpload>) -> Result<PutResults, AppError> {
        app.put_contacts(caller, items).await
    }
    async fn create(
        app: &App,
        caller: &Caller,
        key: Option<&str>,
        item: ContactUpload,
    ) -> Result<Put, AppError> {
        app.create_contact(caller, key, item).await
    }
    async fn delete(app: &App, caller: &Caller, id: &str) -> Result<(), AppError> {
        app.erase_contact(caller, id, None).await
    }
}
