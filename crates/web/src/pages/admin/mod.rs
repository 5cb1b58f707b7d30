//! The pages of administration: people, credentials, webhooks, the audit trail, settings.

mod audit;
mod audit_export;
mod choice;
mod credentials;
mod deliveries;
mod exports;
mod groups;
mod login;
mod people;
mod revealed;
mod settings;
mod telephony;
mod users;
mod webhooks;

pub(super) use revealed::{origin, quoted};

use super::{address, part};
use crate::{
    Web, format,
    shell::{Shell, Tab},
    texts,
    visit::Visit,
};
use jiff::{Unit, civil, tz::TimeZone};
use touchline_app::AppError;
use touchline_http::{Gate, Routes};
use touchline_model::{Ability, Timestamp};

pub(super) fn mount<G: Gate>(routes: &mut Routes<G, Web>) {
    people::mount(routes);
    users::mount(routes);
    login::mount(routes);
    groups::mount(routes);
    credentials::mount(routes);
    webhooks::mount(routes);
    deliveries::mount(routes);
    exports::mount(routes);
    telephony::mount(routes);
    audit::mount(routes);
    settings::mount(routes);
}

/// Entries: name, key of the text, address, what one needs.
const TABS: &[(&str, &str, &str, &[Ability])] = &[
    ("people", "admin.people", "/admin/people", &[Ability::ReadDirectory]),
    ("credentials", "admin.credentials", "/admin/credentials", &[Ability::ManageCredentials]),
    ("telephony", "admin.telephony", "/admin/telephony", &[Ability::Administer]),
    ("webhooks", "admin.webhooks", "/admin/webhooks", &[Ability::ManageCredentials, Ability::ReadChanges]),
    ("exports", "admin.exports", "/admin/exports", &[Ability::Administer]),
    ("audit", "admin.audit", "/admin/audit", &[Ability::Administer]),
    ("settings", "admin.settings", "/admin/settings", &[Ability::Administer]),
];

/// What stands around a page of the administration.
fn frame(visit: &Visit, title: impl Into<String>, tab: &str) -> (Shell, Vec<Tab>) {
    let seen = |needs: &[Ability]| needs.iter().all(|it| visit.caller.may(*it));
    let tabs = TABS.iter().filter(|(.., needs)| seen(needs));
    let tabs = tabs.map(|(name, text, href, _)| Tab { text, href, active: *name == tab });
    (visit.shell(title, "admin"), tabs.collect())
}

/// What is wrong with a form: which field, and why.
#[derive(Default)]
struct Wrong(Option<(String, String)>);

impl Wrong {
    /// Takes what a use case found wrong; anything else goes on as an error.
    fn of(error: AppError) -> Result<Self, AppError> {
        match error {
            AppError::Invalid(it) => Ok(Self(Some((it.field.clone(), format::in_quotes(&it.reason))))),
            AppError::Conflict(reason) => Ok(Self(Some((String::new(), format::in_quotes(&reason))))),
            other => Err(other),
        }
    }
    fn new(field: &str, text: &str) -> Self {
        Self(Some((field.to_owned(), texts::t(text).to_owned())))
    }
    /// What is wrong, whatever it is about.
    fn reason(self) -> Option<String> {
        self.0.map(|(_, reason)| reason)
    }
    /// What is wrong with a field (`events[2]` belongs to `events`).
    fn at(&self, field: &str) -> Option<&str> {
        let (wrong, reason) = self.0.as_ref()?;
        (wrong.split(['[', '.']).next() == Some(field)).then_some(reason.as_str())
    }
    /// What is wrong with none of the fields that the form shows.
    fn elsewhere(&self, shown: &[&str]) -> Option<String> {
        let (wrong, reason) = self.0.as_ref()?;
        let field = wrong.split(['[', '.']).next().unwrap_or_default();
        match (shown.contains(&field), field) {
            (true, _) => None,
            (false, "") => Some(reason.clone()),
            (false, field) => Some(format!("{field}: {reason}")),
        }
    }
}

/// The first instant of a day in somebody's zone; `None` when it is no day (`2026-03-01`).
fn day_begins(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    instant(text.parse::<civil::Date>().ok()?, zone)
}

/// The first instant after a day.
fn day_ends(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    instant(text.parse::<civil::Date>().ok()?.tomorrow().ok()?, zone)
}

fn instant(day: civil::Date, zone: &TimeZone) -> Option<Timestamp> {
    let begins = day.to_zoned(zone.clone()).ok()?.round(Unit::Second).ok()?;
    Some(Timestamp::from_micros(begins.timestamp().as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_that_of_the_reader() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(day_begins("2026-03-29", &zone), Some(at("2026-03-28T23:00:00Z")));
        assert_eq!(day_ends("2026-03-29", &zone), Some(at("2026-03-29T22:00:00Z")), "a day of 23 hours");
        for odd in ["", "2026-02-30", "yesterday", "9999-12-31T"] {
            assert_eq!(day_begins(odd, &zone), None, "{odd}");
        }
        assert_eq!(day_ends("9999-12-31", &zone), None);
    }

    #[test]
    fn a_fault_is_told_beside_its_field_or_above_the_form() {
        let wrong = Wrong(Some(("events[2]".to_owned(), "is named twice".to_owned())));
        assert_eq!((wrong.at("events"), wrong.at("url")), (Some("is named twice"), None));
        assert_eq!(wrong.elsewhere(&["events"]), None);
        assert_eq!(wrong.elsewhere(&["url"]), Some("events: is named twice".to_owned()));
        assert!(Wrong::of(AppError::Gone("c".to_owned())).is_err());
        let conflict = Wrong::of(AppError::Conflict("taken".to_owned())).unwrap();
        assert_eq!(conflict.elsewhere(&["url"]), Some("taken".to_owned()));
    }
}
