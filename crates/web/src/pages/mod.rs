//! The pages, a file (or folder) each: its operations, its handlers, its templates.

mod account;
mod admin;
mod call;
mod calls;
mod home;
mod imports;
mod live;
mod oidc;
mod reports;
mod setup;
mod sign_in;
mod topics;

pub(crate) use live::Readers;

use crate::Web;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use touchline_http::{Gate, Routes};

/// Adds every page.
pub(crate) fn mount<G: Gate>(routes: &mut Routes<G, Web>) {
    sign_in::mount(routes);
    oidc::mount(routes);
    setup::mount(routes);
    account::mount(routes);
    calls::mount(routes);
    home::mount(routes);
    admin::mount(routes);
    topics::mount(routes);
    imports::mount(routes);
    reports::mount(routes);
    call::mount(routes);
    live::mount(routes);
}

/// An id as a part of a path.
pub(crate) fn part(id: &str) -> String {
    utf8_percent_encode(id, NON_ALPHANUMERIC).to_string()
}

/// A path with those of the pairs that have a value as its query.
pub(crate) fn address(path: &str, pairs: &[(&str, &str)]) -> String {
    let given: Vec<String> = pairs
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", part(value)))
        .collect();
    match given.is_empty() {
        true => path.to_owned(),
        false => format!("{path}?{}", given.join("&")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_hold_what_was_given_and_nothing_else() {
        assert_eq!(address("/a", &[("q", ""), ("z", "")]), "/a");
        assert_eq!(
            address("/a", &[("q", "x&y=<1>"), ("z", ""), ("b", "é")]),
            "/a?q=x%26y%3D%3C1%3E&b=%C3%A9"
        );
        assert_eq!(part("a/b.."), "a%2Fb%2E%2E");
    }
}
