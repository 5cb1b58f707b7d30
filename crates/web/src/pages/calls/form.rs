//! The form of a search: what was typed, as it was typed, and the query that it stands for.

use crate::{pages::call::address, texts};
use jiff::{SignedDuration, civil::Date, tz::TimeZone};
use touchline_app::contacts::find::{CallQuery, PARAMETERS, REPEATABLE};
use touchline_model::{Invalid, Timestamp};

/// What the address says, in the words of the form.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Form {
    pairs: Vec<(String, String)>,
    /// Names and values of fields that cannot be read.
    wrong: Vec<(String, String)>,
}

impl Form {
    /// What was sent, days and times within a call in the reader's words.
    pub(super) fn new(pairs: Vec<(String, String)>) -> Self {
        Self { pairs, wrong: Vec::new() }
    }

    /// What stands in a field.
    pub(super) fn text(&self, name: &str) -> &str {
        let found = self.pairs.iter().find(|(known, value)| known == name && !value.is_empty());
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// What was typed wrongly into a field of several values; the right ones are kept besides.
    pub(super) fn mistyped(&self, name: &str) -> &str {
        self.wrong
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .unwrap_or_default()
    }

    /// Whether a choice is chosen.
    pub(super) fn chose(&self, name: &str, value: &str) -> bool {
        self.text(name) == value
    }

    /// What the form has no field for, or has one for more of: lists, and instants that are no days. Sent along unseen.
    pub(super) fn kept(&self) -> Vec<(&str, &str)> {
        let kept = |name: &str, value: &str| {
            REPEATABLE.contains(&name)
                || name == "limit"
                || (is_moment(name) && value.parse::<Date>().is_err())
        };
        let pairs = self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        pairs
            .filter(|(name, value)| !value.is_empty() && PARAMETERS.contains(name) && kept(name, value))
            .filter(|(name, value)| !self.wrong.iter().any(|wrong| wrong.0 == *name && wrong.1 == *value))
            .collect()
    }

    /// The day in a field; none when it holds an instant.
    pub(super) fn day(&self, name: &str) -> Option<&str> {
        let text = self.text(name);
        let shown = text.is_empty() || text.parse::<Date>().is_ok() || !self.mistyped(name).is_empty();
        shown.then_some(text)
    }

    /// What is wrong, everywhere at once: the reasons of the fields of the form in its own words.
    pub(super) fn wrongs(&mut self, zone: &TimeZone) -> Vec<Invalid> {
        let mut wrongs: Vec<Invalid> = Vec::new();
        for pair in &self.pairs {
            let alone = Self { pairs: vec![pair.clone()], wrong: Vec::new() };
            // Words that are missing are missing of the whole.
            let Some(error) = alone.query(zone).err().filter(|it| it.field == pair.0) else { continue };
            let reason = match error.field.as_str() {
                "within_from" | "within_to" | "min_duration" | "max_duration" => texts::t("calls.bad_time"),
                "from" | "to" => texts::t("calls.bad_day"),
                "metadata" if !pair.1.contains('=') => texts::t("calls.metadata_wrong"),
                _ => error.reason.as_str(),
            };
            let error = Invalid::new(&error.field, reason);
            if !wrongs.iter().any(|known| known.field == error.field) {
                wrongs.push(error);
            }
            self.wrong.push(pair.clone());
        }
        wrongs.extend(self.query(zone).err().filter(|_| wrongs.is_empty()));
        wrongs
    }

    /// The query: days are the reader's, and the last one is included; times may be typed as on a clock.
    pub(super) fn query(&self, zone: &TimeZone) -> Result<CallQuery, Invalid> {
        let mut pairs: Vec<(&str, String)> = Vec::with_capacity(self.pairs.len());
        for (name, value) in &self.pairs {
            let value = match name.as_str() {
                "from" | "to" => instant(name, value, zone),
                "within_from" | "within_to" | "min_duration" | "max_duration" => {
                    address::time(value).map_or_else(|| value.trim().to_owned(), |time| time.to_string())
                }
                "text" | "metadata" => value.trim().to_owned(),
                _ => value.clone(),
            };
            pairs.push((name, value));
        }
        // Whose words they are says nothing without words; a form always sends it.
        if self.text("text").trim().is_empty() {
            pairs.retain(|(name, value)| *name != "speaker" || value != "any");
        }
        CallQuery::from_pairs(pairs)
    }

    /// The form of a query: what its address would hold.
    pub(super) fn of(query: &CallQuery, zone: &TimeZone) -> Self {
        let pairs = query.to_pairs().into_iter().map(|(name, value)| {
            let value = match name {
                "from" => query.from.and_then(|at| whole_day(at, zone)).unwrap_or(value),
                "to" => query.to.and_then(|at| day_before(at, zone)).unwrap_or(value),
                _ => value,
            };
            (name.to_owned(), value)
        });
        Self::new(pairs.collect())
    }
}

fn is_moment(name: &str) -> bool {
    matches!(name, "from" | "to")
}

/// A day as an instant in the reader's zone; anything else stays as it is.
fn instant(name: &str, value: &str, zone: &TimeZone) -> String {
    let Ok(day) = value.trim().parse::<Date>() else { return value.trim().to_owned() };
    let day = if name == "to" { day.tomorrow().unwrap_or(day) } else { day };
    match day.to_zoned(zone.clone()) {
        Ok(at) => at.timestamp().to_string(),
        Err(_) => value.to_owned(),
    }
}

/// The day that begins at an instant, if one does.
fn whole_day(at: Timestamp, zone: &TimeZone) -> Option<String> {
    let at = at.to_jiff().to_zoned(zone.clone());
    let midnight = at.start_of_day().ok()?;
    (midnight == at).then(|| at.date().to_string())
}

/// The day that ends at an instant, if one does.
fn day_before(at: Timestamp, zone: &TimeZone) -> Option<String> {
    whole_day(at, zone)?;
    let at = at.to_jiff().checked_sub(SignedDuration::from_secs(1)).ok()?;
    Some(at.to_zoned(zone.clone()).date().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use touchline_model::MediaTime;

    fn form(pairs: &[(&str, &str)]) -> Form {
        Form::new(pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    #[test]
    fn days_are_the_readers_and_the_last_one_counts() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let typed =
            form(&[("from", "2026-03-28"), ("to", "2026-03-29"), ("within_from", "1:30"), ("text", " a ")]);
        let query = typed.query(&zone).unwrap();
        assert_eq!(query.from.unwrap().to_string(), "2026-03-27T23:00:00Z");
        assert_eq!(
            query.to.unwrap().to_string(),
            "2026-03-29T22:00:00Z",
            "the day on which the clocks change"
        );
        assert_eq!(query.within_from, Some(MediaTime::from_secs(90.0)));
        let back = Form::of(&query, &zone);
        assert_eq!((back.day("from"), back.day("to")), (Some("2026-03-28"), Some("2026-03-29")));
        assert_eq!(back.text("within_from"), "90");
        assert_eq!(back.query(&zone).unwrap(), query);
    }

    #[test]
    fn an_instant_that_is_no_day_is_kept_as_it_is() {
        let zone = TimeZone::UTC;
        let exact = form(&[
            ("from", "2026-03-28T09:30:00Z"),
            ("topic", "7"),
            ("topic", "8"),
            ("speaker", "any"),
            ("agent", ""),
        ]);
        let query = exact.query(&zone).unwrap();
        assert_eq!(query.topics.len(), 2);
        let back = Form::of(&query, &zone);
        assert_eq!(back.day("from"), None);
        assert_eq!(back.kept(), [("from", "2026-03-28T09:30:00Z"), ("topic", "7"), ("topic", "8")]);
    }

    #[test]
    fn a_bad_field_is_named_and_what_was_typed_stays() {
        let bad = form(&[("within_to", "soon"), ("text", "refund")]);
        assert_eq!(bad.query(&TimeZone::UTC).unwrap_err().field, "within_to");
        assert_eq!((bad.text("within_to"), bad.text("text")), ("soon", "refund"));
        let mut bad = form(&[
            ("within_to", "soon"),
            ("from", "2026-13-01"),
            ("metadata", "queue"),
            ("metadata", "vip=true"),
            ("channel", "call"),
        ]);
        let wrongs = bad.wrongs(&TimeZone::UTC);
        let fields: Vec<&str> = wrongs.iter().map(|it| it.field.as_str()).collect();
        assert_eq!(fields, ["within_to", "from", "metadata"], "all at once");
        assert_eq!((bad.day("from"), bad.mistyped("metadata")), (Some("2026-13-01"), "queue"));
        assert_eq!(bad.kept(), [("metadata", "vip=true")], "what is wrong is not sent along unseen");
        let mut wordless = form(&[("speaker", "internal"), ("within_from", "5")]);
        assert_eq!(wordless.wrongs(&TimeZone::UTC)[0].field, "text");
        assert_eq!(form(&[("colour", "red")]).query(&TimeZone::UTC).unwrap_err().field, "colour");
    }
}
