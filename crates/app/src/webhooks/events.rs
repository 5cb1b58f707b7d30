//! Event types and bodies.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};
use touchline_model::Kind;
use touchline_store::ChangeRow;

/// Sent when somebody asks for it, whatever event types an address wants.
pub(super) const TEST: &str = "webhook.test";
/// A contact is through the pipeline.
pub(super) const COMPLETED: &str = "contact.completed";
/// An export at a fixed time has brought something new.
pub(crate) const EXPORT_PUBLISHED: &str = "export.published";
/// An export at a fixed time could not be made.
pub(crate) const EXPORT_FAILED: &str = "export.failed";
/// Stands for every event type.
pub(super) const EVERYTHING: &str = "*";

/// A sort of event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct EventType {
    /// Its name, the `type` of its bodies.
    pub name: String,
    /// When it is sent.
    pub about: String,
}

/// Every event type that an address can want: `KIND.put` and `KIND.delete` for each kind of the change feed,
/// `contact.completed`, and those of exports.
pub fn event_types() -> Vec<EventType> {
    let of = |kind: Kind| {
        let name = match kind {
            Kind::Kpi => "KPI",
            kind => kind.name(),
        };
        let article = if name.starts_with(['a', 'e', 'i', 'o']) { "An" } else { "A" };
        let about = |what: &str| format!("{article} {name} was {what}.");
        [
            EventType { name: format!("{kind}.put"), about: about("made or changed") },
            EventType { name: format!("{kind}.delete"), about: about("deleted") },
        ]
    };
    let mut all: Vec<_> = Kind::ALL.into_iter().flat_map(of).collect();
    all.push(EventType {
        name: COMPLETED.to_owned(),
        about: "A contact was changed and is complete: analysed, with its topics and summary. Comes again when a \
                complete contact changes."
            .to_owned(),
    });
    all.extend([
        EventType {
            name: EXPORT_PUBLISHED.to_owned(),
            about: "A scheduled export has published something new; `data` says where its manifest lies."
                .to_owned(),
        },
        EventType {
            name: EXPORT_FAILED.to_owned(),
            about: "A scheduled export could not be made; `data` says why.".to_owned(),
        },
    ]);
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// Whether an address that wants `wanted` is to hear of `event`.
pub(super) fn wants(wanted: &[String], event: &str) -> bool {
    wanted.iter().any(|it| it == EVERYTHING || it == event)
}

/// The body of an event about a change.
pub(super) fn body(event: &str, change: &ChangeRow, link: Option<String>) -> String {
    let mut data = Map::new();
    data.insert("kind".to_owned(), change.kind.name().into());
    data.insert("id".to_owned(), change.id.as_str().into());
    data.insert("seq".to_owned(), change.seq.into());
    data.insert("modified".to_owned(), change.at.to_string().into());
    // What was deleted is nowhere.
    if let Some(link) = link.filter(|_| change.op != "delete") {
        data.insert("link".to_owned(), link.into());
    }
    envelope(event, change.at, Value::Object(data))
}

/// The envelope that Standard Webhooks recommends.
pub(super) fn envelope(event: &str, at: touchline_model::Timestamp, data: Value) -> String {
    json!({ "type": event, "timestamp": at.to_string(), "data": data }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(op: &str) -> ChangeRow {
        let at = "2026-03-01T09:30:00.5Z".parse().unwrap();
        ChangeRow { seq: 7, kind: Kind::Contact, id: "a \"b\"".to_owned(), op: op.to_owned(), at }
    }

    #[test]
    fn a_body_is_thin_and_says_where_the_record_is() {
        let link = || Some("/api/touchline/v1/contacts/a".to_owned());
        let body: Value = serde_json::from_str(&body("contact.put", &change("put"), link())).unwrap();
        let expected = json!({ "type": "contact.put", "timestamp": "2026-03-01T09:30:00.5Z", "data": {
            "kind": "contact", "id": "a \"b\"", "seq": 7, "modified": "2026-03-01T09:30:00.5Z",
            "link": "/api/touchline/v1/contacts/a" } });
        assert_eq!(body, expected);
        let gone: Value =
            serde_json::from_str(&super::body("contact.delete", &change("delete"), link())).unwrap();
        assert_eq!(gone["data"].get("link"), None, "what was deleted is nowhere");
    }

    #[test]
    fn names_of_events_are_those_that_standard_webhooks_recommends() {
        let all = event_types();
        assert!(
            all.iter().any(|it| it.name == "evaluation.put") && all.iter().any(|it| it.name == COMPLETED)
        );
        for it in &all {
            let good = |c: char| c.is_ascii_lowercase() || c == '.' || c == '_';
            assert!(it.name.chars().all(good) && it.name.split('.').count() == 2, "{}", it.name);
        }
        let names: std::collections::HashSet<_> = all.iter().map(|it| &it.name).collect();
        assert_eq!(names.len(), all.len());
    }

    #[test]
    fn an_address_hears_what_it_wants() {
        let wanted = ["contact.put".to_owned()];
        assert!(wants(&wanted, "contact.put") && !wants(&wanted, "contact.delete"));
        assert!(wants(&["*".to_owned()], "kpi.delete") && !wants(&[], "contact.put"));
    }
}
