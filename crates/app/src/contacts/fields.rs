//! By which fields a contact can be found: equality of the whole lower-cased value (contract c360 ).

use serde_json::Value;
use std::collections::BTreeSet;
use touchline_model::Contact;
use touchline_store::{Batch, SearchKey, search_key};

/// The texts that a metadata value is found by, in lower case. Null is never found.
pub(crate) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Null | Value::Object(_) => vec![],
        Value::String(text) => vec![text.to_lowercase()],
        Value::Array(list) => list.iter().flat_map(texts).collect(),
        Value::Bool(_) | Value::Number(_) => vec![value.to_string().to_lowercase()],
    }
}

/// The search keys of a contact.
pub(crate) fn keys(contact: &Contact) -> BTreeSet<SearchKey> {
    let metadata = contact.metadata.iter().flat_map(|(name, value)| {
        let field = format!("metadata.{name}");
        texts(value).into_iter().map(move |text| search_key(&field, &text))
    });
    let path = contact.original_path.iter().map(|path| search_key("originalPath", &path.to_lowercase()));
    // An id in lower case is found by itself.
    let lower = contact.id.as_str().to_lowercase();
    let id = (lower != contact.id.as_str()).then(|| search_key("id", &lower));
    metadata.chain(path).chain(id).collect()
}

/// Makes a contact findable by what it is now, and no longer by what it was.
pub(crate) fn change(batch: &mut Batch, before: Option<&Contact>, now: &Contact) {
    let id = now.id.as_str();
    let (old, new) = (before.map(keys).unwrap_or_default(), keys(now));
    let moved = before.is_some_and(|it| it.started_at != now.started_at);
    if let Some(before) = before {
        for key in old.iter().filter(|key| moved || !new.contains(key)) {
            batch.delete_field(*key, before.started_at, id);
        }
    }
    for key in new.iter().filter(|key| moved || !old.contains(key)) {
        batch.put_field(*key, now.started_at, id);
    }
}
