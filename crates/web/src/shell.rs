//! What stands around the content of every page: head, navigation, who is signed in, the message after a deed.

use crate::{assets, format, texts};
use jiff::tz::TimeZone;
use touchline_app::people::Viewer;
use touchline_model::{Ability, Caller, Role, Timestamp};

/// Light, dark, or as the system says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// An entry of the navigation.
pub(crate) struct NavItem {
    /// Key of its text, `common.nav_…`.
    pub(crate) text: &'static str,
    /// Where it leads.
    pub(crate) href: &'static str,
    /// Name of its drawing in the sprite.
    pub(crate) icon: &'static str,
    /// The key that leads there after `g`.
    pub(crate) key: &'static str,
    /// Whether the page belongs to it.
    pub(crate) active: bool,
}

/// An entry of the navigation inside a section.
pub(crate) struct Tab {
    /// Key of its text.
    pub(crate) text: &'static str,
    /// Where it leads.
    pub(crate) href: &'static str,
    /// Whether the page belongs to it.
    pub(crate) active: bool,
}

/// An instant in two ways of saying it.
pub(crate) struct When {
    /// For machines.
    pub(crate) iso: String,
    /// To the minute.
    pub(crate) exact: String,
    /// As seen from now.
    pub(crate) relative: String,
}

/// Everything that stands around the content.
pub(crate) struct Shell {
    /// Title of the page, in words.
    pub(crate) title: String,
    /// The navigation; empty for strangers.
    pub(crate) nav: Vec<NavItem>,
    /// Who is signed in.
    pub(crate) viewer: Option<Viewer>,
    /// What they may do.
    pub(crate) caller: Option<Caller>,
    /// Their zone.
    pub(crate) zone: TimeZone,
    /// Now.
    pub(crate) now: Timestamp,
    /// Their choice.
    pub(crate) theme: Theme,
    /// What was just done, in words.
    pub(crate) done: Option<String>,
}

/// Entries of the navigation: section, which names the drawing too, text, address, key, and what one needs to see it.
const NAV: &[(&str, &str, &str, &str, Option<Ability>)] = &[
    ("home", "common.nav_home", "/", "h", None),
    ("calls", "common.nav_calls", "/calls", "c", Some(Ability::ReadContacts)),
    ("live", "common.nav_live", "/live", "l", Some(Ability::ReadDirectory)),
    ("topics", "common.nav_topics", "/topics", "t", Some(Ability::ReadQuality)),
    ("reports", "common.nav_reports", "/reports/contacts", "r", Some(Ability::ReadReports)),
    ("imports", "common.nav_imports", "/imports", "i", Some(Ability::WriteContacts)),
    ("admin", "common.nav_admin", "/admin/people", "a", Some(Ability::ReadDirectory)),
];

impl Shell {
    /// For strangers and errors: no navigation. `title` is the key of a text.
    pub(crate) fn bare(title: &str) -> Self {
        Self {
            title: texts::t(title).to_owned(),
            nav: Vec::new(),
            viewer: None,
            caller: None,
            zone: TimeZone::UTC,
            now: Timestamp::from_micros(0),
            theme: Theme::System,
            done: None,
        }
    }

    /// The navigation that a caller sees; `live` if there is anything live to be seen.
    pub(crate) fn nav_of(caller: &Caller, live: bool, section: &str) -> Vec<NavItem> {
        let seen = |need: Option<Ability>, name: &str| {
            need.is_none_or(|ability| caller.may(ability))
                && (live || name != "live")
                && !(caller.own_only && matches!(name, "topics" | "reports" | "admin"))
        };
        NAV.iter()
            .filter(|(name, .., need)| seen(*need, name))
            .map(|(name, text, href, key, _)| NavItem {
                text,
                href,
                icon: name,
                key,
                active: *name == section,
            })
            .collect()
    }

    /// Where scripts, styles and drawings lie.
    pub(crate) fn assets(&self) -> &'static str {
        assets::base()
    }
    /// An instant in the reader's zone.
    pub(crate) fn when(&self, at: &Timestamp) -> When {
        When {
            iso: at.to_string(),
            exact: format::exact(*at, &self.zone),
            relative: format::relative(*at, self.now, &self.zone),
        }
    }
    /// Whether the reader may do something, by its name in the API.
    pub(crate) fn may(&self, ability: &str) -> bool {
        let ability = ability.parse::<Ability>();
        self.caller.as_ref().zip(ability.ok()).is_some_and(|(caller, ability)| caller.may(ability))
    }
    /// The role in words.
    pub(crate) fn role(&self) -> String {
        let role = self.viewer.as_ref().map_or(Role::Agent, |viewer| viewer.role);
        texts::t(&format!("common.role_{role}")).to_owned()
    }
}
