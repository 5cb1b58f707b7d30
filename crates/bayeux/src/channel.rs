//! Names of channels, and patterns that match them (S2.1).

use std::{fmt, sync::Arc};

/// The longest name that we keep; the contract sets none, and a name is kept for every subscription.
const MAX_LENGTH: usize = 1_024;

/// Why a text is no channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a channel: needs a leading /, allowed characters only, and * or ** as last segment at most")]
pub struct ChannelError;

/// What a channel is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `/meta/...`: the protocol itself.
    Meta,
    /// `/service/...`: requests to the server, never distributed.
    Service,
    /// Everything else.
    Broadcast,
}

impl Kind {
    /// The kind of a channel or pattern, by its beginning.
    pub fn of(name: &str) -> Self {
        if name.starts_with("/meta/") {
            Self::Meta
        } else if name.starts_with("/service/") {
            Self::Service
        } else {
            Self::Broadcast
        }
    }
}

/// The name of one channel, without wildcards.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Channel(Arc<str>);

/// What can be subscribed to: a channel, `/a/*` for exactly one more segment, or `/a/**` for one or more.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Pattern(Arc<str>);

/// Whether the characters and the beginning are right, whatever the wildcards.
pub(crate) fn is_valid_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b" !#$()*+-./@_{~}".contains(&byte);
    name.starts_with('/') && (2..=MAX_LENGTH).contains(&name.len()) && name.bytes().all(allowed)
}

impl Channel {
    /// Checks a name (S2.1).
    pub fn parse(name: &str) -> Result<Self, ChannelError> {
        let mut segments = name.split('/');
        if is_valid_name(name) && segments.all(|segment| segment != "*" && segment != "**") {
            Ok(Self(name.into()))
        } else {
            Err(ChannelError)
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Pattern {
    /// Checks a name with or without a wildcard (S2.1).
    pub fn parse(name: &str) -> Result<Self, ChannelError> {
        let parents = name.rsplit_once('/').map_or("", |(parents, _)| parents);
        let is_wild = |segment: &str| segment == "*" || segment == "**";
        if is_valid_name(name) && !parents.split('/').any(is_wild) {
            Ok(Self(name.into()))
        } else {
            Err(ChannelError)
        }
    }

    /// The text of the pattern.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) const fn shared(&self) -> &Arc<str> {
        &self.0
    }

    /// The same pattern, in memory that is shared with others of the same text.
    pub(crate) fn sharing(self, text: &Arc<str>) -> Self {
        if *self.0 == **text { Self(Arc::clone(text)) } else { self }
    }

    /// Whether events of this channel belong to this subscription. `/**` matches no meta and no service channel.
    pub fn matches(&self, channel: &Channel) -> bool {
        self.covers(channel.as_str()) && (Kind::of(channel.as_str()) == Kind::of(&self.0))
    }

    /// Whether every channel that `other` matches is matched by this pattern too.
    pub fn includes(&self, other: &Self) -> bool {
        self.covers(other.as_str()) && (!other.0.ends_with("/**") || self.0.ends_with("/**"))
    }

    fn covers(&self, name: &str) -> bool {
        let below = |parent: &str| name.strip_prefix(parent).filter(|rest| !rest.is_empty());
        if let Some(parent) = self.0.strip_suffix("**").filter(|parent| parent.ends_with('/')) {
            below(parent).is_some()
        } else if let Some(parent) = self.0.strip_suffix('*').filter(|parent| parent.ends_with('/')) {
            below(parent).is_some_and(|rest| !rest.contains('/'))
        } else {
            &*self.0 == name
        }
    }
}

/// Calls `look_up` with every pattern that can match a channel: itself, its parent with `*`, all ancestors with `**`.
pub(crate) fn each_pattern(channel: &Channel, mut look_up: impl FnMut(&str)) {
    let name = channel.as_str();
    look_up(name);
    let mut key = String::with_capacity(name.len() + 2);
    let last = name.rfind('/');
    for (at, _) in name.match_indices('/').filter(|(at, _)| at + 1 < name.len()) {
        key.clear();
        key.push_str(name.get(..=at).unwrap_or(name));
        key.push('*');
        if Some(at) == last {
            look_up(&key);
        }
        key.push('*');
        look_up(&key);
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matches(pattern: &str, channel: &str) -> bool {
        Pattern::parse(pattern).unwrap().matches(&Channel::parse(channel).unwrap())
    }

    // covers(bayeux): S2.1
    #[test]
    fn one_star_is_one_segment_and_two_are_one_or_more() {
        assert!(matches("/foo/*", "/foo/a"));
        assert!(!matches("/foo/*", "/foo"));
        assert!(!matches("/foo/*", "/foo/a/b"));
        assert!(matches("/foo/**", "/foo/a") && matches("/foo/**", "/foo/a/b"));
        assert!(!matches("/foo/**", "/foo"));
        assert!(matches("/foo", "/foo") && !matches("/foo", "/foo/a") && !matches("/foo", "/fo"));
        assert!(!matches("/foo*", "/fooa"), "a star inside a segment is a character");
    }

    // covers(bayeux): S2.1
    #[test]
    fn the_widest_pattern_matches_no_meta_and_no_service_channel() {
        assert!(matches("/**", "/v2/me/calls"));
        assert!(!matches("/**", "/meta/connect") && !matches("/**", "/service/a"));
        assert!(matches("/service/**", "/service/a"));
    }

    // covers(bayeux): S2.1
    #[test]
    fn names_have_a_leading_slash_and_harmless_characters() {
        for good in ["/a", "/v2/me/calls", "/a b!#$()+-.@_{~}", "/x*y", "/a/"] {
            assert!(Channel::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "/", "a", "a/b", "/a<b", "/a\"", "/ä", "/a\n", "/a/*", "/a/**", "/*/b"] {
            assert!(Channel::parse(bad).is_err(), "{bad}");
        }
        for bad in ["/*/b", "/a/**/c", "*", "/a?", ""] {
            assert!(Pattern::parse(bad).is_err(), "{bad}");
        }
        assert!(Pattern::parse("/*").is_ok() && Pattern::parse("/**").is_ok());
        assert!(Channel::parse(&format!("/{}", "a".repeat(1_023))).is_ok());
        assert!(Channel::parse(&format!("/{}", "a".repeat(1_024))).is_err());
    }

    #[test]
    fn a_pattern_includes_narrower_ones() {
        let includes = |a: &str, b: &str| Pattern::parse(a).unwrap().includes(&Pattern::parse(b).unwrap());
        assert!(
            includes("/v2/**", "/v2/me/*") && includes("/v2/**", "/v2/**") && includes("/v2/**", "/v2/*")
        );
        assert!(includes("/v2/*", "/v2/*") && includes("/v2/*", "/v2/a"));
        assert!(!includes("/v2/*", "/v2/**") && !includes("/v2/**", "/**") && !includes("/v2/**", "/v2"));
    }

    proptest! {
        #[test]
        fn looking_patterns_up_finds_exactly_those_that_match(
            pattern in "(/[ab]){0,3}(/[ab]|/\\*|/\\*\\*)", channel in "(/[ab]){1,4}",
        ) {
            let pattern = Pattern::parse(&pattern).unwrap();
            let channel = Channel::parse(&channel).unwrap();
            let mut found = 0;
            each_pattern(&channel, |key| found += usize::from(key == pattern.as_str()));
            prop_assert_eq!(found, usize::from(pattern.matches(&channel)));
        }

        #[test]
        fn an_included_pattern_matches_nothing_that_the_wider_does_not(
            wide in "(/[ab]){0,2}(/[ab]|/\\*|/\\*\\*)", narrow in "(/[ab]){0,2}(/[ab]|/\\*|/\\*\\*)",
            channel in "(/[ab]){1,4}",
        ) {
            let (wide, narrow) = (Pattern::parse(&wide).unwrap(), Pattern::parse(&narrow).unwrap());
            let channel = Channel::parse(&channel).unwrap();
            if wide.includes(&narrow) && narrow.matches(&channel) {
                prop_assert!(wide.matches(&channel));
            }
        }
    }
}
