//! Query parameters, pages and cursors.

use crate::{Problem, problem};
use axum::{extract::FromRequestParts, http::request::Parts};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use schemars::JsonSchema;
use serde::Serialize;
use std::{fmt::Display, ops::RangeInclusive, str::FromStr};
use touchline_http::{Operation, Query, Shape};

/// Records on a page unless asked otherwise.
const DEFAULT_LIMIT: usize = 100;
/// Records on a page at most.
pub(crate) const MAX_LIMIT: usize = 1_000;

/// Query parameters, all of them known and none given twice that is no list.
#[derive(Clone, Debug)]
pub(crate) struct Params(Query);

impl Params {
    pub(crate) fn strict(raw: Option<&str>, known: &[&str], lists: &[&str]) -> Result<Self, Problem> {
        let query = Query::parse(raw).map_err(|e| Problem::malformed(e.to_string()))?;
        if let Some(name) = query.unknown(known) {
            let known = match known {
                [] => "it has none".to_owned(),
                known => format!("it has {}", known.join(", ")),
            };
            let detail = format!("this operation has no query parameter `{name}`; {known}");
            return Err(Problem::malformed(detail).at(name));
        }
        for name in known.iter().filter(|name| !lists.contains(name)) {
            query.one(name).map_err(|e| Problem::malformed(e.to_string()).at(*name))?;
        }
        Ok(Self(query))
    }

    /// All of them, in order.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.pairs()
    }

    fn one(&self, name: &str) -> Option<&str> {
        self.0.one(name).unwrap_or_default()
    }

    /// A text, if given.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.one(name)
    }

    /// A number inside a range.
    pub(crate) fn number<N>(&self, name: &str, default: N, range: RangeInclusive<N>) -> Result<N, Problem>
    where
        N: FromStr + PartialOrd + Display,
    {
        let Some(text) = self.one(name) else { return Ok(default) };
        text.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
            let detail = format!("`{name}` must be a whole number from {} to {}", range.start(), range.end());
            Problem::malformed(detail).at(name)
        })
    }

    /// How many entries to answer.
    pub(crate) fn limit(&self) -> Result<usize, Problem> {
        self.number("limit", DEFAULT_LIMIT, 1..=MAX_LIMIT)
    }

    /// Where to go on and how many, in the list `name`.
    pub(crate) fn page(&self, name: &'static str) -> Result<PageOf, Problem> {
        let after = match self.one("cursor") {
            None => None,
            Some(cursor) => Some(opened(name, cursor).ok_or_else(|| {
                let detail = "`cursor` is none of this list; give back `next_cursor` as it was answered";
                Problem::malformed(detail).at("cursor")
            })?),
        };
        Ok(PageOf { name, after, limit: self.limit()? })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let params = parts.extensions.get::<Self>().cloned();
        params.ok_or_else(|| Problem::new(problem::INTERNAL, "the parameters were not read"))
    }
}

/// Which page of which list.
#[derive(Debug)]
pub(crate) struct PageOf {
    name: &'static str,
    /// The id after which it begins.
    pub(crate) after: Option<String>,
    limit: usize,
}

impl PageOf {
    /// How many to fetch: one more than answered, to know whether there is a next page.
    pub(crate) fn fetch(&self) -> usize {
        self.limit + 1
    }

    /// How many to answer.
    pub(crate) fn shown(&self) -> usize {
        self.limit
    }

    /// The page of what was fetched.
    pub(crate) fn of<T>(&self, mut items: Vec<T>, id: impl Fn(&T) -> String) -> Page<T> {
        let more = items.len() > self.limit;
        items.truncate(self.limit);
        let last = items.last().filter(|_| more);
        let next_cursor = last.map(|last| cursor(self.name, &id(last)));
        Page { items, next_cursor }
    }
}

/// The cursor of a place in a list.
pub(crate) fn cursor(name: &str, place: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{name}\n{place}"))
}

impl<T> Page<T> {
    /// A page whose places are not its ids.
    pub(crate) const fn with_cursor(items: Vec<T>, next_cursor: Option<String>) -> Self {
        Self { items, next_cursor }
    }
}

fn opened(name: &str, cursor: &str) -> Option<String> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (of, id) = text.split_once('\n')?;
    (of == name && !id.contains('\0')).then(|| id.to_owned())
}

/// One page of a list, in the order of ids.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Page<T> {
    /// The entries.
    items: Vec<T>,
    /// Give it back as `cursor` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Documents `limit`.
pub(crate) fn limited(operation: Operation) -> Operation {
    let most = i64::try_from(MAX_LIMIT).unwrap_or(i64::MAX);
    operation.query("limit", Shape::integer(1, most), false, "Entries on a page; 100 unless given.")
}

/// Documents `limit` and `cursor`.
pub(crate) fn paged(operation: Operation) -> Operation {
    let text = "Where to go on: `next_cursor` of the page before. Absent: from the start.";
    limited(operation).query("cursor", Shape::Text, false, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_into_its_own_list_only() {
        let page = PageOf { name: "users", after: None, limit: 1 };
        let Page { items, next_cursor } = page.of(vec!["ä\nb", "c"], |id| (*id).to_owned());
        assert_eq!(items, ["ä\nb"]);
        let cursor = next_cursor.unwrap();
        assert_eq!(opened("users", &cursor).as_deref(), Some("ä\nb"));
        assert_eq!(opened("groups", &cursor), None);
        assert_eq!(opened("users", "%%%"), None);
        assert!(page.of(vec!["c"], |id| (*id).to_owned()).next_cursor.is_none());
    }
}
