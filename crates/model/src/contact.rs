//! One interaction with a customer.

use crate::{ContactId, Invalid, MediaTime, Timestamp, UserId, Validate, text_record, validate as v};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// How the customer reached us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A telephone call.
    #[default]
    Call,
    /// A chat.
    Chat,
    /// E-mail.
    Mail,
}

/// Who began it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Direction {
    /// The customer.
    #[default]
    Inbound,
    /// The agent.
    Outbound,
    /// A shared screen, counted as a direction by Coach360 (contract c360 §4.3).
    Screenshare,
}

macro_rules! named {
    ($type:ident { $($variant:ident = $name:literal),+ $(,)? }) => {
        impl $type {
            /// The name on the wire and in the store.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
        impl FromStr for $type {
            type Err = ();
            fn from_str(text: &str) -> Result<Self, ()> {
                match text { $($name => Ok(Self::$variant),)+ _ => Err(()) }
            }
        }
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(self.name()) }
        }
    };
}
named!(Channel { Call = "call", Chat = "chat", Mail = "mail" });
named!(Direction { Inbound = "INBOUND", Outbound = "OUTBOUND", Screenshare = "SCREENSHARE" });

/// Where a contact stands in the pipeline. Free text, because other systems have states of their own
/// (contract c360 X-6); the ones that Touchline itself sets are constants.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ContactState(pub String);

impl ContactState {
    /// Data has arrived, nothing was done yet.
    pub const UPLOADED: &'static str = "UPLOADED";
    /// The recording is being read.
    pub const CONVERTING: &'static str = "CONVERTING";
    /// The recording could not be read.
    pub const CONVERTER_REJECTED: &'static str = "CONVERTER_REJECTED";
    /// Speech is being turned into words.
    pub const TRANSCRIBING: &'static str = "TRANSCRIBING";
    /// Speech could not be turned into words.
    pub const TRANSCRIPTION_FAILED: &'static str = "TRANSCRIPTION_FAILED";
    /// Words are being analysed.
    pub const ANALYZING: &'static str = "ANALYZING";
    /// All done.
    pub const COMPLETE: &'static str = "COMPLETE";

    /// One of the constants above, or any other token.
    pub fn new(token: &str) -> Self {
        Self(token.to_owned())
    }
    /// Whether this is the state `token`.
    pub fn is(&self, token: &str) -> bool {
        self.0 == token
    }
}
impl Default for ContactState {
    fn default() -> Self {
        Self::new(Self::UPLOADED)
    }
}

/// A record in a CRM: an account, a person, a deal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CrmEntity {
    /// Its id there.
    pub crm_id: String,
    /// Its name there.
    pub name: String,
    /// E-mail address; lets a speaker be recognised (contract c360 R-14).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Telephone number; lets a speaker be recognised (contract c360 R-14).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
}

/// What a CRM knows of a contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CrmMatch {
    /// Name of the CRM, such as Salesforce.
    pub crm_name: String,
    /// Id of the logged activity.
    pub activity_crm_id: String,
    /// The customer's company.
    #[serde(default)]
    pub account: Option<CrmEntity>,
    /// The customer's people.
    #[serde(default)]
    pub contacts: Vec<CrmEntity>,
    /// A deal or ticket.
    #[serde(default)]
    pub engagement: Option<CrmEntity>,
}

/// The recording of a contact, as kept. Set by the server, never by a caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    /// SHA-256 of the bytes, 64 hex digits; the name of the blob.
    pub sha256: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Media type found by content, such as `audio/wav`.
    pub media_type: String,
}

/// One interaction: a call, a chat, a mail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Id; made when absent.
    #[serde(default)]
    pub id: ContactId,
    /// Call, chat or mail.
    #[serde(default)]
    pub channel: Channel,
    /// Who began it.
    #[serde(default)]
    pub direction: Direction,
    /// The agent; Coach360 calls this person the caller.
    #[serde(default)]
    pub agent_id: Option<UserId>,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it lasted, in seconds.
    #[serde(default)]
    pub duration: MediaTime,
    /// Where it stands in the pipeline. When a caller gives none, the server keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<ContactState>,
    /// Name or path of the recording as uploaded.
    #[serde(default)]
    pub original_path: Option<String>,
    /// Fields of the caller's own: JSON scalars, or arrays of scalars (contract c360 R-6).
    #[serde(default)]
    pub metadata: serde_json::Map<String, serde_json::Value>,
    /// What CRMs know of it.
    #[serde(default)]
    pub crm_matches: Vec<CrmMatch>,
}
text_record!(Contact, Contact);

impl Validate for Contact {
    fn validate(&self) -> Result<(), Invalid> {
        v::id("id", &self.id.0)?;
        v::maybe_id("agent_id", self.agent_id.as_ref().map(UserId::as_str))?;
        v::maybe_text("original_path", self.original_path.as_deref())?;
        if let Some(state) = &self.state {
            let ok = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
            if state.0.is_empty() || state.0.len() > 64 || !state.0.chars().all(ok) {
                return Err(Invalid::new("state", "must be an upper-case token such as COMPLETE"));
            }
        }
        if self.metadata.len() > 500 {
            return Err(Invalid::new("metadata", "has more than 500 fields"));
        }
        for (key, value) in &self.metadata {
            v::name("metadata", key)?;
            metadata_value(key, value)?;
        }
        within("metadata", &self.metadata)?;
        v::at_most("crm_matches", &self.crm_matches, 100)?;
        within("crm_matches", &self.crm_matches)?;
        for (at, found) in self.crm_matches.iter().enumerate() {
            crm_match(found).map_err(|e| e.under(format_args!("crm_matches[{at}]")))?;
        }
        Ok(())
    }
}

/// Lists of contacts hold hundreds of these at once, so each is bounded as a whole.
const MAX_EXTRAS: usize = 1 << 20;

fn within<T: Serialize>(field: &str, value: &T) -> Result<(), Invalid> {
    let bytes = serde_json::to_string(value).map_or(usize::MAX, |text| text.len());
    match bytes <= MAX_EXTRAS {
        true => Ok(()),
        false => Err(Invalid::new(field, format!("is {bytes} bytes of JSON, at most {MAX_EXTRAS} are kept"))),
    }
}

fn metadata_value(key: &str, value: &serde_json::Value) -> Result<(), Invalid> {
    use serde_json::Value;
    let field = || format!("metadata.{key}");
    match value {
        Value::String(text) => v::bounded(&field(), text, v::MAX_TEXT),
        Value::Array(list) => {
            v::at_most(&field(), list, 1_000)?;
            match list.iter().find(|entry| entry.is_array() || entry.is_object()) {
                Some(_) => Err(Invalid::new(field(), "must be a JSON scalar or an array of scalars")),
                None => list.iter().try_for_each(|entry| metadata_value(key, entry)),
            }
        }
        Value::Object(_) => Err(Invalid::new(field(), "must be a JSON scalar or an array of scalars")),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn crm_match(found: &CrmMatch) -> Result<(), Invalid> {
    v::name("crm_name", &found.crm_name)?;
    v::name("activity_crm_id", &found.activity_crm_id)?;
    v::at_most("contacts", &found.contacts, 200)?;
    for entity in found.contacts.iter().chain(&found.account).chain(&found.engagement) {
        v::name("crm_id", &entity.crm_id)?;
        v::name("name", &entity.name)?;
        v::maybe_text("email", entity.email.as_deref())?;
        v::maybe_text("phone_number", entity.phone_number.as_deref())?;
    }
    Ok(())
}
