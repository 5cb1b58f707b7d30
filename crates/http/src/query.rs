//! Strict query strings: order kept, repeated names detectable, nothing decoded twice.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use crate::gate::Refusal;

/// Why a query string is refused; names what and is safe to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryError {
    /// A name or value is not UTF-8 after percent-decoding; holds the raw pair.
    NotUtf8(String),
    /// The parameter of this name is given more than once.
    Repeated(String),
}

impl std::fmt::Display for QueryError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotUtf8(pair) => write!(f, "the query parameter `{pair}` is not valid UTF-8"),
            Self::Repeated(name) => write!(f, "the query parameter `{name}` is given more than once"),
        }
    }
}

impl std::error::Error for QueryError {}

impl From<QueryError> for Refusal {
    fn from(error: QueryError) -> Self {
        Self::Bad(error.to_string())
    }
}

/// A parsed query string. Names are compared exactly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Parses the part after `?`. `+` is a space, a name without `=` has an empty value, empty pairs (`&&`) are
    /// skipped. A `%` that starts no escape stands for itself, as browsers do.
    pub fn parse(raw: Option<&str>) -> Result<Self, QueryError> {
        let pairs = raw
            .unwrap_or("")
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                match (decode(name), decode(value)) {
                    (Some(name), Some(value)) => Ok((name, value)),
                    _ => Err(QueryError::NotUtf8(pair.to_owned())),
                }
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { pairs })
    }

    /// The value of a parameter that may be given once. `None` when absent.
    pub fn one(&self, name: &str) -> Result<Option<&str>, QueryError> {
        let mut values = self.all(name);
        let first = values.next();
        if values.next().is_some() {
            return Err(QueryError::Repeated(name.to_owned()));
        }
        Ok(first)
    }

    /// Every value of a parameter that may be repeated, in order.
    pub fn all<'s, 'n>(&'s self, name: &'n str) -> impl Iterator<Item = &'s str> + use<'s, 'n> {
        self.pairs.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// All pairs in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The first name that is not among the known ones.
    pub fn unknown(&self, known: &[&str]) -> Option<&str> {
        self.pairs.iter().map(|(name, _)| name.as_str()).find(|name| !known.contains(name))
    }
}

fn decode(text: &str) -> Option<String> {
    let bytes = if text.contains('+') {
        Cow::Owned(text.replace('+', " ").into_bytes())
    } else {
        Cow::Borrowed(text.as_bytes())
    };
    percent_decode(&bytes).decode_utf8().ok().map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_and_keeps_order() {
        let query = Query::parse(Some("b=1+2&a=%2B%26%3D&&c&b%20x=%E2%82%AC=&d=100%")).unwrap();
        let pairs: Vec<_> = query.pairs().collect();
        assert_eq!(pairs, [("b", "1 2"), ("a", "+&="), ("c", ""), ("b x", "€="), ("d", "100%")]);
        assert_eq!(query.one("a"), Ok(Some("+&=")));
        assert_eq!(query.one("c"), Ok(Some("")));
        assert_eq!(query.one("zz"), Ok(None));
        assert_eq!(Query::parse(None), Ok(Query::default()));
    }

    #[test]
    fn a_repeated_parameter_is_an_error_even_with_the_same_value() {
        let query = Query::parse(Some("limit=1&x=2&%6Cimit=1")).unwrap();
        assert_eq!(query.one("limit"), Err(QueryError::Repeated("limit".into())));
        assert_eq!(query.all("limit").collect::<Vec<_>>(), ["1", "1"]);
        assert_eq!(query.one("x"), Ok(Some("2")));
    }

    #[test]
    fn invalid_utf8_is_an_error() {
        assert_eq!(Query::parse(Some("a=1&b=%FF")), Err(QueryError::NotUtf8("b=%FF".into())));
        assert!(Query::parse(Some("%C3=1")).is_err());
    }

    #[test]
    fn unknown_names_the_first() {
        let query = Query::parse(Some("a=1&z=2&y=3")).unwrap();
        assert_eq!(query.unknown(&["a"]), Some("z"));
        assert_eq!(query.unknown(&["y", "z", "a"]), None);
    }
}
