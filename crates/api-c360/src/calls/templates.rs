//! Call cards: templates filled in with the metadata of a call (contract X-9, R-17).

use serde_json::{Value, value::RawValue};
use std::collections::BTreeMap;

/// The key that rendered templates stand under.
pub(super) const KEY: &str = "callCardTemplates";

/// Metadata with its values as they are stored.
pub(super) type Fields<'a> = BTreeMap<String, &'a RawValue>;

/// A metadata object with all templates rendered into it.
pub(super) fn with_cards(
    metadata: &str,
    templates: &BTreeMap<String, String>,
) -> Result<Box<RawValue>, serde_json::Error> {
    let mut fields: Fields<'_> = serde_json::from_str(metadata)?;
    let cards: BTreeMap<&str, String> =
        templates.iter().map(|(name, template)| (name.as_str(), render(template, &fields))).collect();
    let cards = serde_json::value::to_raw_value(&cards)?;
    fields.insert(KEY.to_owned(), &cards);
    serde_json::value::to_raw_value(&fields)
}

/// Replaces every `{{field}}` by the field's value; a field that is missing or null is empty. What is put in is not
/// looked at again, and `{{` without an end stays.
fn render(template: &str, fields: &Fields<'_>) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, after)) = after.split_once("}}") else { break };
        out.push_str(before);
        if let Some(value) = fields.get(name.trim()) {
            out.push_str(&text(value));
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// A value for people: texts as they are, numbers and booleans as in JSON, lists with commas.
fn text(value: &RawValue) -> String {
    match serde_json::from_str(value.get()) {
        Ok(Value::String(text)) => text,
        Ok(Value::Null) => String::new(),
        Ok(Value::Array(list)) => {
            let texts =
                list.iter().map(|entry| entry.as_str().map_or_else(|| entry.to_string(), str::to_owned));
            texts.collect::<Vec<_>>().join(", ")
        }
        _ => value.get().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: &str = r#"{"company":"A & <b>","count":50000,"rate":1.50,"open":true,"gone":null,
        "tags":["x",2],"callCardTemplates":"own","quote":"\"{{count}}\""}"#;

    fn rendered(template: &str) -> String {
        let templates = BTreeMap::from([("card".to_owned(), template.to_owned())]);
        let metadata = with_cards(METADATA, &templates).unwrap();
        let metadata: Value = serde_json::from_str(metadata.get()).unwrap();
        metadata[KEY]["card"].as_str().unwrap().to_owned()
    }

    // covers(c360): X-9, R-17
    #[test]
    fn placeholders_become_values_as_they_are() {
        assert_eq!(rendered("{{company}}: {{count}}/{{ rate }} {{open}}"), "A & <b>: 50000/1.50 true");
        assert_eq!(rendered("[{{missing}}{{gone}}] {{tags}}"), "[] x, 2");
    }

    // covers(c360): X-9, R-17
    #[test]
    fn what_is_put_in_is_not_rendered_again_and_half_placeholders_stay() {
        assert_eq!(rendered("{{quote}}"), "\"{{count}}\"");
        assert_eq!(rendered("a {{count"), "a {{count");
        assert_eq!(rendered("}} {count} {{}}"), "}} {count} ");
    }

    // covers(c360): X-9, R-6
    #[test]
    fn other_metadata_stays_as_it_is_and_without_templates_there_are_no_cards() {
        let metadata = with_cards(METADATA, &BTreeMap::new()).unwrap();
        assert!(metadata.get().contains(r#""rate":1.50"#), "{metadata}");
        assert!(metadata.get().contains(r#""callCardTemplates":{}"#), "{metadata}");
    }
}
