//! Which resources of a list, which of their fields, and what is embedded (contract §1.5).

use crate::{ApiError, answer, fields::Fields};
use axum::response::Response;
use serde_json::value::RawValue;
use touchline_http::Query;

/// All, or these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    All,
    Named(Vec<String>),
}

impl Choice {
    fn read(text: &str) -> Self {
        match text.trim() {
            "*" => Self::All,
            names => Self::Named(names.split(',').map(|it| it.trim().to_owned()).collect()),
        }
    }
}

/// What a query asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    fields: Option<Choice>,
    subresources: Option<Choice>,
    filters: Vec<(String, String)>,
}

impl Selection {
    /// Reads a query; the parameters beside `fields` and `subresources` must be names of `filters`.
    pub(crate) fn read(query: Option<&str>, filters: &[&str]) -> Result<Self, ApiError> {
        let bad =
            |error: touchline_http::QueryError| ApiError::new(answer::Code::BadValue, error.to_string());
        let query = Query::parse(query).map_err(bad)?;
        let mut selection = Self {
            fields: query.one("fields").map_err(bad)?.map(Choice::read),
            subresources: query.one("subresources").map_err(bad)?.map(Choice::read),
            filters: vec![],
        };
        for (name, value) in query.pairs().filter(|(name, _)| !matches!(*name, "fields" | "subresources")) {
            if !filters.contains(&name) {
                let message = format!("`{name}` is no field to filter by");
                return Err(ApiError::new(answer::Code::NotNow, message));
            }
            selection.filters.push((name.to_owned(), value.to_owned()));
        }
        Ok(selection)
    }

    /// The same, where whole objects are the default (R-11).
    pub(crate) fn with_fields(self, default: Choice) -> Self {
        Self { fields: self.fields.or(Some(default)), ..self }
    }

    /// Whether a sub-resource is to be embedded.
    pub(crate) fn embeds(&self, name: &str) -> bool {
        match &self.subresources {
            Some(Choice::All) => true,
            Some(Choice::Named(names)) => names.iter().any(|it| it == name),
            None => false,
        }
    }

    /// Whether a resource of a list passes the filters.
    pub(crate) fn admits(&self, resource: &Fields) -> bool {
        self.filters.iter().all(|(name, value)| resource.matches(name, value))
    }

    /// The fields of a resource that were asked for.
    pub(crate) fn trim(&self, mut resource: Fields) -> Fields {
        if let Some(Choice::Named(names)) = &self.fields {
            let embedded = match &self.subresources {
                Some(Choice::Named(names)) => names.as_slice(),
                _ => &[],
            };
            let names: Vec<&str> = names.iter().chain(embedded).map(String::as_str).collect();
            resource.keep(&names);
        }
        resource
    }

    /// A list: addresses, or under its plural name the resources (§1.3).
    pub(crate) fn list(&self, plural: &str, resources: Vec<Fields>) -> Response {
        let admitted = resources.into_iter().filter(|it| self.admits(it));
        if self.fields.is_none() && self.subresources.is_none() {
            let uri = |it: Fields| it.get("uri").and_then(|json| RawValue::from_string(json.to_owned()).ok());
            return answer::found("uris", &admitted.filter_map(uri).collect::<Vec<_>>());
        }
        answer::found(plural, &admitted.map(|it| self.trim(it)).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn resource() -> Fields {
        Fields::of(&json!({ "id": "1", "name": "n", "state": "on", "uri": "http://h/1" }))
    }

    // covers(genesys): S1.5, OC-06
    #[test]
    fn fields_are_chosen_unknown_ones_ignored_and_unknown_filters_refused() {
        let filters = ["state", "name"];
        let read = |query| Selection::read(Some(query), &filters);
        let text = |query| serde_json::to_string(&read(query).unwrap().trim(resource())).unwrap();
        assert_eq!(text("fields=name,nonsense"), r#"{"id":"1","name":"n"}"#);
        assert_eq!(text("fields=*"), serde_json::to_string(&resource()).unwrap());
        assert!(read("state=on&name=n").unwrap().admits(&resource()));
        assert!(!read("state=on&name=m").unwrap().admits(&resource()));
        assert_eq!(read("color=red").unwrap_err().code.number(), 2);
        assert_eq!(read("fields=a&fields=b").unwrap_err().code.number(), 10);
        let selection = read("subresources=devices,nonsense").unwrap();
        assert!(selection.embeds("devices") && !selection.embeds("calls"));
        assert!(read("subresources=*").unwrap().embeds("calls"));
    }
}
