//! NDJSON of the native shapes: one record a line.

use crate::{
    lines::{About, Given, Lines, utf8},
    people::People,
    values::typed,
};
use serde::{Deserialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::{collections::HashMap, fmt::Write, io};
use touchline_app::{
    App, AppError,
    contacts::ContactUpload,
    records::{PutResults, Ruled},
};
use touchline_model::Caller;

/// A contact on its way in, from whichever format.
#[derive(Debug)]
pub(crate) struct GivenContact {
    /// The contact.
    pub(crate) upload: ContactUpload,
    /// The agent's e-mail address, when that is how the agent is named.
    pub(crate) agent_email: Option<String>,
    /// A column that names the agent in whatever way, and what it holds.
    pub(crate) agent: Option<(String, String)>,
    /// The file with its recording, as written.
    pub(crate) recording: Option<String>,
}

impl GivenContact {
    /// Says who the agent is. An address that is nobody's is a fault; a name that is nobody's a warning, which is given
    /// back, and the name is kept as a field.
    pub(crate) fn set_agent(&mut self, people: &People) -> Result<Option<String>, String> {
        if let Some(email) = &self.agent_email {
            self.upload.agent_id = Some(people.with_email(email)?);
        }
        let Some((column, value)) = self.agent.take() else { return Ok(None) };
        match people.called(&value) {
            Ok(id) => {
                self.upload.agent_id = Some(id);
                Ok(None)
            }
            Err(warning) => {
                self.upload.metadata.insert(column, typed(&value));
                Ok(Some(warning))
            }
        }
    }
}

/// The next line that is not blank, read as one record.
pub(crate) fn next<T: DeserializeOwned>(lines: &mut Lines) -> io::Result<Option<Given<T>>> {
    loop {
        let Some(line) = lines.next()? else { return Ok(None) };
        let given = match line.content {
            Err(length) => Given {
                line: line.number,
                raw: vec![],
                item: Err(lines.too_long(length)),
                about: About::default(),
            },
            Ok(raw) if raw.iter().all(u8::is_ascii_whitespace) => continue,
            Ok(raw) => {
                let item = utf8(&raw).and_then(parse);
                let about = if item.is_err() { about(&raw) } else { About::default() };
                Given { line: line.number, item, raw, about }
            }
        };
        return Ok(Some(given));
    }
}

/// What a record that is refused says of itself, where that can be read.
fn about(raw: &[u8]) -> About {
    #[derive(Deserialize)]
    struct Some {
        #[serde(default)]
        id: String,
        original_path: Option<String>,
    }
    let read = serde_json::from_slice::<Some>(raw);
    read.map(|it| About { id: it.id, recording: it.original_path }).unwrap_or_default()
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    // serde would take an array for a record whose fields have lost their names.
    if text.trim_ascii_start().starts_with('[') {
        return Err("is a JSON array: write one record a line, each in braces".to_owned());
    }
    serde_json::from_str(text).map_err(|error| {
        // The line is told already, and by its number in the file.
        let (reason, column) = (error.to_string(), error.column());
        let reason = reason.split(" at line 1 column ").next().unwrap_or(&reason);
        format!("{reason} (column {column})")
    })
}

/// An id for a record that was given none: the same line always gets the same, so that a second run changes nothing.
pub(crate) fn id_of_line(raw: &[u8]) -> String {
    let digest = Sha256::digest(raw.trim_ascii());
    digest.iter().take(16).fold("import-".to_owned(), |mut id, byte| {
        let _ = write!(id, "{byte:02x}");
        id
    })
}

/// Gives ids to records that have none. A record whose ids are counted takes the id of the one that is there already
/// with the same content, if there is one.
pub(crate) async fn give_ids<T: Ruled>(
    app: &App,
    caller: &Caller,
    items: &mut [(T, String)],
) -> Result<(), AppError> {
    let unnamed = |item: &T| matches!(item.id().as_str(), "" | "0");
    if !T::NUMERIC {
        for (item, id) in items.iter_mut().filter(|(item, _)| unnamed(item)) {
            item.set_id(id);
        }
        return Ok(());
    }
    if !items.iter().any(|(item, _)| unnamed(item)) {
        return Ok(());
    }
    let nameless = |item: &T| {
        let mut item = item.clone().settled();
        item.set_id("0");
        serde_json::to_string(&item).map_err(|e| AppError::Internal(Box::new(e)))
    };
    let mut known = HashMap::new();
    for item in app.all::<T>(caller).await? {
        known.insert(nameless(&item)?, item.id());
    }
    for (item, _) in items.iter_mut().filter(|(item, _)| unnamed(item)) {
        if let Some(id) = known.get(&nameless(item)?) {
            item.set_id(id);
        }
    }
    Ok(())
}

/// Writes records together.
pub(crate) async fn put<T: Ruled>(app: &App, caller: &Caller, items: Vec<T>) -> Result<PutResults, AppError> {
    if items.is_empty() {
        return Ok(vec![]);
    }
    app.put_many(caller, items).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use touchline_model::User;

    #[test]
    fn a_fault_is_told_with_its_column_and_without_a_second_line_number() {
        let fault = |text: &str| parse::<User>(text).unwrap_err();
        assert_eq!(fault(r#"{"email": 3}"#), "invalid type: integer `3`, expected a string (column 11)");
        assert!(fault(r#"{"email": "a", "e": 1}"#).starts_with("unknown field `e`"));
        assert!(fault(r#"{"email": "\ud800"}"#).contains("hex escape"));
        assert!(fault(r#"["u", "a@x.example"]"#).contains("one record a line"));
        assert!(fault(r#"{"email": "a"#).starts_with("EOF while parsing a string"));
    }

    #[test]
    fn the_same_line_has_the_same_id() {
        assert_eq!(id_of_line(b"{} "), id_of_line(b" {}"));
        assert_ne!(id_of_line(b"{}"), id_of_line(b"[]"));
        assert_eq!(id_of_line(b"{}").len(), "import-".len() + 32);
    }
}
