//! Comments and highlights that people leave on a contact, and showing it to others.

use crate::{App, AppError, entropy, require, require_own};
use std::collections::HashSet;
use touchline_model::{
    Ability, Caller, Feedback, FeedbackKind, Invalid, Kind, MediaTime, Share, User, UserId, Validate,
};
use touchline_store::{AuditNote, Batch};

/// Longest e-mail address (RFC 5321 §4.5.3.1.3, less the brackets).
const ADDRESS: usize = 254;
/// Simple HTML that other systems send: blocks, all of it, and what is written inside of them.
const BLOCKS: [&str; 5] = ["p", "div", "ul", "ol", "blockquote"];
const INLINE: [&str; 9] = ["li", "span", "b", "strong", "i", "em", "u", "a", "br"];
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
    /// Where it ends. A comment with an end is kept as a highlight that says something: of other systems only
    /// highlights have an end (contract c360 §4.12).
    pub end: Option<MediaTime>,
}

/// What a remark says, as plain text. Other systems send some remarks as HTML: a text that is nothing but closed blocks
/// (`<p>…</p>`) of simple tags is read as such. Anything else is shown as it is written, so that nothing is lost.
pub fn remark_text(text: &str) -> String {
    from_html(text).unwrap_or_else(|| text.trim().to_owned())
}

/// A text as it is kept, so that [`remark_text`] gives it back.
fn kept(text: &str) -> String {
    match from_html(text) {
        None => text.to_owned(),
        Some(_) => {
            format!("<p>{}</p>", text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
        }
    }
}

/// The words of simple HTML; `None` for a text that is none.
fn from_html(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let (mut rest, mut open) = (text.trim(), Vec::<&str>::new());
    while let Some((before, after)) = rest.split_once('<') {
        let (tag, after) = after.split_once('>').filter(|(tag, _)| !tag.contains('<'))?;
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        let name = BLOCKS.into_iter().chain(INLINE).find(|known| known.eq_ignore_ascii_case(name))?;
        // Words between blocks are none of HTML's.
        if open.is_empty() && !(before.trim().is_empty() && BLOCKS.contains(&name)) {
            return None;
        }
        out.push_str(if open.is_empty() { "" } else { before });
        match tag.starts_with('/') {
            false if name == "br" => {}
            false => open.push(name),
            true => {
                open.pop().filter(|last| *last == name)?;
            }
        }
        let ends_line = name == "br" || (tag.starts_with('/') && (name == "li" || BLOCKS.contains(&name)));
        if ends_line && !out.ends_with('\n') {
            out.push('\n');
        }
        rest = after;
    }
    if out.is_empty() || !open.is_empty() || !rest.trim().is_empty() {
        return None;
    }
    for (entity, plain) in
        [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
    {
        out = out.replace(entity, plain);
    }
    Some(out.trim().to_owned())
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
        let text = Some(new.text.trim()).filter(|text| !text.is_empty()).map(kept);
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
            kind: if new.end.is_some() { FeedbackKind::Highlight } else { new.kind },
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

    /// Notes that a contact is shown to others, in the caller's name: people of the directory by e-mail address,
    /// whole name or id, others by e-mail address. Nothing is sent to anybody. Returns the id.
    ///
    /// # Errors
    /// [`AppError::Invalid`] naming `to`; [`AppError::NotAllowed`] for a caller who is no person.
    pub async fn share_call(&self, caller: &Caller, contact: &str, to: &[&str]) -> Result<String, AppError> {
        require(caller, Ability::WriteCoaching)?;
        let author = caller.user.clone().ok_or(AppError::NotAllowed(Ability::WriteCoaching))?;
        self.contact_row(caller, contact).await?;
        let users = self.everything::<User>(&caller.tenant).await?;
        let logins = self.store.logins(&caller.tenant).await?;
        let logins: HashSet<&str> = logins.iter().map(|it| it.user.as_str()).collect();
        let mut share = Share {
            id: entropy::new_id(&*self.entropy, self.clock.now()).into(),
            contact_id: contact.into(),
            author_id: author,
            shared_at: self.clock.now(),
            recipient_ids: vec![],
            recipient_emails: vec![],
        };
        for name in to.iter().map(|it| it.trim()).filter(|it| !it.is_empty()) {
            match recipient(&users, &logins, name)? {
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

/// Who is meant by an e-mail address, a whole name or an id. Of several with one address, whoever can sign in.
fn recipient(users: &[User], logins: &HashSet<&str>, name: &str) -> Result<Recipient, Invalid> {
    let wanted = name.to_lowercase();
    let such = |fits: &dyn Fn(&User) -> bool| -> Vec<&User> {
        users.iter().filter(|user| user.active && fits(user)).collect()
    };
    let by_address = such(&|user| user.email.trim().to_lowercase() == wanted);
    let sign_in: Vec<&User> =
        by_address.iter().filter(|user| logins.contains(user.id.as_str())).copied().collect();
    let by_name = such(&|user| full_name(user).to_lowercase() == wanted);
    let by_id = such(&|user| user.id.as_str() == name);
    for here in [&by_address, &sign_in, &by_id, &by_name] {
        if let [one] = here[..] {
            return Ok(Recipient::User(one.id.clone()));
        }
    }
    if !by_address.is_empty() {
        let ids: Vec<String> = by_address.iter().map(|user| format!("`{}`", user.id)).collect();
        let reason = format!("several people have the address `{name}`: write an id, {}", ids.join(" or "));
        return Err(Invalid::new("to", reason));
    }
    if !by_name.is_empty() {
        let reason = format!("several people are called `{name}`: write the e-mail address");
        return Err(Invalid::new("to", reason));
    }
    let fits = name.len() <= ADDRESS
        && !name.contains(|c: char| c.is_whitespace() || c.is_control() || "<>,;".contains(c))
        && name
            .split_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !domain.contains('@'));
    match fits {
        true => Ok(Recipient::Address(name.to_owned())),
        false => Err(Invalid::new(
            "to",
            format!("`{name}` is neither the name of somebody here nor an e-mail address"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remark_is_shown_without_the_simple_tags_that_other_systems_send() {
        assert_eq!(
            remark_text("<p>Real apology &amp; no <B class=x>excuses</b>.</p><p>Good</p>"),
            "Real apology & no excuses.\nGood"
        );
        assert_eq!(remark_text("<div>one<br/>two</div>\n<ul><li>&gt; 5</li></ul> "), "one\ntwo\n> 5");
    }

    #[test]
    fn what_somebody_writes_is_shown_exactly() {
        for text in [
            "score <10% and a<b then 5 > 3",
            "<b>Coach</b>",
            "<script>alert(1)</script>\"'&amp;",
            "a < b, b > c, <",
            "<p <script>x",
            "<p>said</p> and more",
            "<p>never closed",
            "<p><b>crossed</p></b>",
            "</p>",
            "one<br/>two",
        ] {
            assert_eq!(remark_text(text), text);
            assert_eq!(kept(text), text);
        }
        // Even what looks like another system's: it is kept so that it comes back.
        for text in ["<p>Write <b>p</b> &lt; here &amp; there</p>", "<p>a</p>\n<div>b</div>"] {
            assert_ne!(remark_text(text), text);
            assert_eq!(remark_text(&kept(text)), text);
        }
    }
}
