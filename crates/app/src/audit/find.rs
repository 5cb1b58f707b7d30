//! Finding entries of the audit trail.

use crate::{App, AppError, require};
use touchline_model::{Ability, Caller, Timestamp, User};
use touchline_store::{AuditBy, AuditEntry, AuditSpan};

/// Entries read at once when several conditions must hold.
const CHUNK: usize = 1_000;
/// Chunks read at most by one search: 50,000 entries, so that no question takes longer than a moment.
const CHUNKS: usize = 50;
/// Credentials that are looked through by name at most.
const MOST_CREDENTIALS: usize = 10_000;
/// Actions that are listed at most.
const ACTIONS: usize = 200;

/// Which entries; what is left out may be anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditSearch {
    /// Who: one of these, such as `user:ID`, `credential:ID`, `job:KIND`, `cli` ([`App::audit_actors`]). None: anybody.
    pub actors: Vec<String>,
    /// What, such as `contact.delete`.
    pub action: Option<String>,
    /// To what: its id.
    pub object: Option<String>,
    /// At this instant or later.
    pub from: Option<Timestamp>,
    /// Before this instant.
    pub to: Option<Timestamp>,
    /// By number upwards; otherwise the newest first.
    pub oldest_first: bool,
    /// Goes on behind the entry with this number.
    pub beyond: Option<i64>,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditFound {
    /// The entries, in the order asked for.
    pub entries: Vec<AuditEntry>,
    /// Where a next search goes on; `None` at the end. It may be there although few entries are: a search with several
    /// conditions looks at a bounded part of the trail.
    pub next: Option<i64>,
}

impl AuditSearch {
    /// What the store looks entries up by: the condition that leaves the fewest, as a rule.
    fn by(&self) -> AuditBy<'_> {
        match self {
            Self { object: Some(object), .. } => AuditBy::Object(object),
            Self { actors, .. } if actors.len() == 1 => AuditBy::Actor(&actors[0]),
            Self { action: Some(action), .. } => AuditBy::Action(action),
            _ => AuditBy::Number,
        }
    }
    fn fits(&self, entry: &AuditEntry) -> bool {
        let same = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|it| it == found);
        (self.actors.is_empty() || self.actors.contains(&entry.actor))
            && same(&self.action, &entry.action)
            && same(&self.object, &entry.object)
    }
    fn conditions(&self) -> usize {
        self.actors.len() + [&self.action, &self.object].into_iter().flatten().count()
    }
}

impl App {
    /// Entries of the audit trail that a search finds, at most `limit`.
    pub async fn audit_find(
        &self,
        caller: &Caller,
        search: &AuditSearch,
        limit: usize,
    ) -> Result<AuditFound, AppError> {
        require(caller, Ability::Administer)?;
        let tenant = &caller.tenant;
        let mut span = AuditSpan { above: 0, below: i64::MAX };
        if let Some(from) = search.from {
            span.above = self.store.audit_number_at(tenant, from).await? - 1;
        }
        if let Some(to) = search.to {
            span.below = self.store.audit_number_at(tenant, to).await?;
        }
        let chunk = if search.conditions() > 1 { CHUNK.max(limit + 1) } else { limit + 1 };
        let mut at = search.beyond;
        let mut entries: Vec<AuditEntry> = Vec::new();
        for _ in 0..CHUNKS {
            match (at, search.oldest_first) {
                (Some(at), true) => span.above = span.above.max(at),
                (Some(at), false) => span.below = span.below.min(at),
                (None, _) => {}
            }
            let rows = self.store.audit_rows(tenant, search.by(), span, !search.oldest_first, chunk).await?;
            let ended = rows.len() < chunk;
            for row in rows {
                if entries.len() == limit && search.fits(&row) {
                    return Ok(AuditFound { next: entries.last().map(|it| it.n), entries });
                }
                at = Some(row.n);
                if search.fits(&row) {
                    entries.push(row);
                }
            }
            if ended {
                return Ok(AuditFound { entries, next: None });
            }
        }
        Ok(AuditFound { entries, next: at })
    }

    /// Who is meant by a text, as actors of the trail: an actor as it stands there; else whoever has this id, e-mail
    /// address or whole name; else everybody whose name or address has it in it. Credentials go by name, user id and
    /// id. The text itself when it means nobody.
    pub async fn audit_actors(&self, caller: &Caller, text: &str) -> Result<Vec<String>, AppError> {
        require(caller, Ability::Administer)?;
        let whole = AuditSpan { above: 0, below: i64::MAX };
        let literal = self.store.audit_rows(&caller.tenant, AuditBy::Actor(text), whole, true, 1).await?;
        if !literal.is_empty() {
            return Ok(vec![text.to_owned()]);
        }
        let wanted = text.to_lowercase();
        let (mut same, mut like) = (Vec::new(), Vec::new());
        let mut hold = |actor: String, names: &[&str]| {
            let mut names = names.iter().map(|it| it.trim().to_lowercase());
            if names.clone().any(|it| it == wanted) {
                same.push(actor);
            } else if names.any(|it| it.contains(&wanted)) {
                like.push(actor);
            }
        };
        for it in self.everything::<User>(&caller.tenant).await? {
            let name = format!("{} {}", it.first_name, it.last_name);
            hold(format!("user:{}", it.id), &[it.id.as_str(), &it.email, &name]);
        }
        for it in self.store.credentials(&caller.tenant, "", MOST_CREDENTIALS).await? {
            hold(format!("credential:{}", it.id), &[it.id.as_str(), &it.login, &it.name]);
        }
        Ok(match (same.is_empty(), like.is_empty()) {
            (false, _) => same,
            (true, false) => like,
            (true, true) => vec![text.to_owned()],
        })
    }

    /// The actions that occur in the trail, in alphabetical order.
    pub async fn audit_actions(&self, caller: &Caller) -> Result<Vec<String>, AppError> {
        require(caller, Ability::Administer)?;
        Ok(self.store.audit_actions(&caller.tenant, ACTIONS).await?)
    }

    /// Writes down that somebody takes the entries which a search finds out of the server. Called before they are
    /// handed out.
    pub async fn audit_export(&self, caller: &Caller, about: &str) -> Result<(), AppError> {
        require(caller, Ability::Administer)?;
        self.note(caller, "audit.export", "", about).await
    }
}
