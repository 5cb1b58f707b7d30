//! What templates say besides HTML.
#![expect(unreachable_pub, dead_code, reason = "what `filter_fn` writes is wider than its function")]

use crate::{format, texts};
use askama::{Values, filter_fn};
use touchline_model::{MediaTime, Timestamp};

/// A text by its key.
#[filter_fn]
pub(crate) fn t(key: &str, _: &dyn Values) -> askama::Result<String> {
    Ok(texts::t(key).to_owned())
}

/// A text that counts: `{{ "calls.count"|n(3) }}`.
#[filter_fn]
pub(crate) fn n(key: &str, _: &dyn Values, count: i64) -> askama::Result<String> {
    Ok(texts::count(key, count))
}

/// A text with `{filter}` filled in: `{{ "calls.clear"|with("filter", value) }}`.
#[filter_fn]
pub(crate) fn with(key: &str, _: &dyn Values, name: &str, value: &str) -> askama::Result<String> {
    Ok(texts::fill(key, &[(name, value)]))
}

/// A whole number with thousands set apart.
#[filter_fn]
pub(crate) fn number(value: &i64, _: &dyn Values) -> askama::Result<String> {
    Ok(format::number(*value))
}

/// A duration as on a clock: `06:14`, `1:02:03`.
#[filter_fn]
pub(crate) fn clock(value: &MediaTime, _: &dyn Values) -> askama::Result<String> {
    Ok(format::clock(value.secs()))
}

/// An instant as machines read it.
#[filter_fn]
pub(crate) fn iso(value: &Timestamp, _: &dyn Values) -> askama::Result<String> {
    Ok(value.to_string())
}

/// A share as a percentage: `41 %`.
#[filter_fn]
pub(crate) fn percent(value: &f64, _: &dyn Values) -> askama::Result<String> {
    Ok(format::percent(*value))
}

/// A long value shortened in its middle, to about so many characters.
#[filter_fn]
pub(crate) fn middle(value: &str, _: &dyn Values, length: usize) -> askama::Result<String> {
    Ok(format::middle(value, length))
}
