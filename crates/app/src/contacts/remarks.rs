//! Comments and highlights that people leave on a contact, and showing it to others.

use crate::{App, AppError, entropy, require, require_own};
use touchline_model::{
    Ability, Caller, Feedback, FeedbackKind, Invalid, Kind, MediaTime, Share, User, UserId, Validate,
};
use touchline_store::{AuditNote, Batch};

/// Longest e-mail address (RFC 5321 §4.5.3.1.3, less the brackets).
const ADDRESS: usize = 254;
/// People that are proposed at once.
const PROPOSED: usize = 8;

/// A comment or highlight that somebody leaves.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRemark {
    /// Comment or highlight.
    pub kind: FeedbackKind,
    /// What is said; a highlight may go without.
    pub text: String,
    /// Where it begins.
    pub start: MediaTime,
    /// Where a highlight ends.
    pub end: Option<MediaTime>,
}

impl App {
    /// Leaves a comment or highlight on a contact, in the caller's name. Returns its id.
    ///
    /// # Errors
    /// [`AppError::Invalid`] naming `text`, `start` or `end`; [`AppError::NotAllowed`] for a caller who is no person.
    pub async fn remark(&self, caller: &Caller, contact: &str, new: NewRemark) -> Result<String, AppError> {
        require_own(caller, Ability::WriteCoaching)?;
        let author = caller.user.clone().ok_or(AppError::NotAllowed(Ability::WriteCoaching))?;
        let row = self.contact_row(caller, contact).await?;
        let text = Some(new.text.trim()).filter(|text| !text.is_empty()).map(str::to_owned);
        if new.kind == FeedbackKind::Comment && text.is_none() {
            return Err(Invalid::new("text", "must not be empty").into());
        }
        let length = row.contact.value.duration;
        if length > MediaTime::default() && new.start > length {
            return Err(Invalid::new("start", "lies after the end of the contact").into());
        }
        let remark = Feedback {
            id: entropy::new_id(&*self.entropy, self.clock.now()).into(),
            contact_id: contact.into(),
            author_id: author,
            given_at: self.clock.now(),
            kind: new.kind,
            text,
            start: new.start,
            end: new.end,
        };
        remark.validate()?;
        let mut batch = Batch::new(&caller.tenant);
        batch.insert(&remark).audit(AuditNote::new(caller, "feedback.put", remark.id.as_str(), contact));
        self.store.apply(batch).await?;
        Ok(remark.id.0)
    }

    /// Takes back a comment or highlight that the caller has left on a contact.
    ///
    /// # Errors
    /// [`AppError::NotAllowed`] for somebody else's.
    pub async fn take_back_remark(&self, caller: &Caller, contact: &str, id: &str) -> Result<(), AppError> {
        require_own(caller, Ability::WriteCoaching)?;
        self.contact_row(caller, contact).await?;
        let missing = || AppError::NotFound { kind: Kind::Feedback, id: id.to_owned() };
        let found = match id.contains('\0') {
            true => None,
            false => self.store.get::<Feedback>(&caller.tenant, id).await?,
        };
        let remark = found.filter(|it| it.value.contact_id.as_str() == contact).ok_or_else(missing)?.value;
        if Some(&remark.author_id) != caller.user.as_ref() {
            return Err(AppError::NotAllowed(Ability::WriteCoaching));
        }
        let mut batch = Batch::new(&caller.tenant);
        batch.delete::<Feedback>(id).audit(AuditNote::new(caller, "feedback.delete", id, contact));
        self.store.apply(batch).await?;
        Ok(())
    }

    /// Notes that a contact is shown to others, in the caller's name: people of the directory by e-mail address or
    /// whole name, others by e-mail address. Nothing is sent to anybody. Returns the id.
    ///
    /// # Errors
    /// [`AppError::Invalid`] naming `to`; [`AppError::NotAllowed`] for a caller who is no person.
    pub async fn share_call(&self, caller: &Caller, contact: &str, to: &[&str]) -> Result<String, AppError> {
        require(caller, Ability::WriteCoaching)?;
        let author = caller.user.clone().ok_or(AppError::NotAllowed(Ability::WriteCoaching))?;
        self.contact_row(caller, contact).await?;
        let users = self.everything::<User>(&caller.tenant).await?;
        let mut share = Share {
            id: entropy::new_id(&*self.entropy, self.clock.now()).into(),
            contact_id: contact.into(),
            author_id: author,
            shared_at: self.clock.now(),
            recipient_ids: vec![],
            recipient_emails: vec![],
        };
        for name in to.iter().map(|it| it.trim()).filter(|it| !it.is_empty()) {
            match recipient(&users, name)? {
                Recipient::User(id) if !share.recipient_ids.contains(&id) => share.recipient_ids.push(id),
                Recipient::Address(address) if !share.recipient_emails.contains(&address) => {
                    share.recipient_emails.push(address);
                }
                Recipient::User(_) | Recipient::Address(_) => {}
            }
        }
        if share.recipient_ids.is_empty() && share.recipient_emails.is_empty() {
            return Err(Invalid::new("to", "must name somebody").into());
        }
        share.validate().map_err(|invalid| Invalid::new("to", invalid.reason))?;
        let count = share.recipient_ids.len() + share.recipient_emails.len();
        let mut batch = Batch::new(&caller.tenant);
        batch.insert(&share).audit(AuditNote::new(
            caller,
            "share.put",
            share.id.as_str(),
            format!("{contact}, to {count}"),
        ));
        self.store.apply(batch).await?;
        Ok(share.id.0)
    }

    /// People of the directory whose name or e-mail address has such a text in it, for somebody who is typing it; at
    /// most eight, and none for less than two characters.
    pub async fn propose_people(&self, caller: &Caller, text: &str) -> Result<Vec<User>, AppError> {
        require(caller, Ability::ReadDirectory)?;
        let text = text.trim().to_lowercase();
        if text.chars().count() < 2 {
            return Ok(vec![]);
        }
        let mut found: Vec<User> = self.everything::<User>(&caller.tenant).await?;
        found.retain(|user| {
            user.active && format!("{} {}", full_name(user), user.email).to_lowercase().contains(&text)
        });
        found.sort_by_cached_key(full_name);
        found.truncate(PROPOSED);
        Ok(found)
    }
}

enum Recipient {
    User(UserId),
    Address(String),
}

fn full_name(user: &User) -> String {
    format!("{} {}", user.first_name, user.last_name).trim().to_owned()
}

/// Who is meant by an e-mail address or a whole name.
fn recipient(users: &[User], name: &str) -> Result<Recipient, Invalid> {
    let wanted = name.to_lowercase();
    let here: Vec<&User> = users
        .iter()
        .filter(|user| {
            user.active && (user.email.to_lowercase() == wanted || full_name(user).to_lowercase() == wanted)
        })
        .collect();
    match here.as_slice() {
        [one] => return Ok(Recipient::User(one.id.clone())),
        [] => {}
        _ => {
            let reason = format!("several people are called `{name}`: write the e-mail address");
            return Err(Invalid::new("to", reason));
        }
    }
    let fits = name.len() <= ADDRESS
        && !name.contains(|c: char| c.is_whitespace() || c.is_control() || "<>,;".contains(c))
        && name
            .split_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !domain.contains('@'));
    match fits {
        true => Ok(Recipient::Address(name.to_owned())),
        false => Err(Invalid::new("to", format!("`{name}` is nobody here and no e-mail address"))),
    }
}
