//! All that is wrong with a form, each at its field.

use crate::{format, texts};
use touchline_app::live::board::numbers::PlanError;

/// What is wrong, with the field if it is about one.
#[derive(Clone, Debug, Default)]
pub(super) struct Wrongs(Vec<(Option<&'static str>, String)>);

impl Wrongs {
    pub(super) fn add(&mut self, field: &'static str, reason: &str) {
        self.0.push((Some(field), reason.to_owned()));
    }

    /// About no field in particular.
    pub(super) fn of(reason: &str) -> Self {
        Self(vec![(None, format::in_quotes(reason))])
    }

    /// Somebody else was faster.
    pub(super) fn stale() -> Self {
        Self(vec![(None, texts::t("admin_telephony.stale").to_owned())])
    }

    /// What is wrong with a plan; `place` says at which field of the form, if at any.
    pub(super) fn plan(all: &[PlanError], place: impl Fn(&PlanError) -> Option<&'static str>) -> Self {
        let mut told: Vec<(Option<&'static str>, String)> =
            all.iter().map(|it| (place(it), format::in_quotes(&it.to_string()))).collect();
        told.dedup();
        // What is wrong elsewhere follows from what is wrong here, if anything is.
        if told.iter().any(|it| it.0.is_some()) {
            told.retain(|it| it.0.is_some());
        }
        Self(told)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is wrong with a field.
    pub(super) fn at(&self, field: &str) -> Vec<String> {
        self.0.iter().filter(|it| it.0 == Some(field)).map(|it| it.1.clone()).collect()
    }

    /// All of it, for the summary.
    pub(super) fn all(&self) -> impl Iterator<Item = (Option<&'static str>, &str)> {
        self.0.iter().map(|it| (it.0, it.1.as_str()))
    }
}
