//! What was typed into a form, before anything of it is understood: nothing typed is lost when something is wrong.

use super::wrongs::Wrongs;
use crate::{texts, visit::Fields};
use std::{collections::BTreeMap, str::FromStr};

/// Values by the names of their fields.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft(BTreeMap<&'static str, Vec<String>>);

impl Draft {
    /// What a browser sent, of these fields.
    pub(super) fn typed(fields: &Fields, names: &[&'static str]) -> Self {
        let of = |name: &&'static str| {
            let values = fields.all(name).into_iter().map(|it| it.trim().to_owned());
            (*name, values.filter(|it| !it.is_empty()).collect())
        };
        Self(names.iter().map(of).collect())
    }

    /// The same with a value; an empty one is none.
    pub(super) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        let value = value.to_string();
        self.0.insert(name, if value.is_empty() { vec![] } else { vec![value] });
        self
    }

    /// The same with a value if there is one.
    pub(super) fn maybe(self, name: &'static str, value: Option<impl ToString>) -> Self {
        self.with(name, value.map(|it| it.to_string()).unwrap_or_default())
    }

    /// The same with a box that is ticked or not.
    pub(super) fn tick(self, name: &'static str, is_ticked: bool) -> Self {
        self.with(name, if is_ticked { "yes" } else { "" })
    }

    /// The same with several values.
    pub(super) fn several(mut self, name: &'static str, values: impl IntoIterator<Item = String>) -> Self {
        self.0.insert(name, values.into_iter().collect());
        self
    }

    /// The same with a line for each value.
    pub(super) fn lines(self, name: &'static str, values: &[String]) -> Self {
        self.with(name, values.join("\n"))
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.all(name).first().map_or("", String::as_str)
    }

    pub(super) fn owned(&self, name: &str) -> String {
        self.text(name).to_owned()
    }

    pub(super) fn option(&self, name: &str) -> Option<String> {
        Some(self.owned(name)).filter(|it| !it.is_empty())
    }

    pub(super) fn is_ticked(&self, name: &str) -> bool {
        !self.text(name).is_empty()
    }

    pub(super) fn all(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// What stands in the lines of a field, or between its commas.
    pub(super) fn split(&self, name: &str) -> Vec<String> {
        let parts = self.text(name).split(['\n', ',']).map(|it| it.trim().to_owned());
        parts.filter(|it| !it.is_empty()).collect()
    }

    /// A whole number; `otherwise` where nothing was typed. What is none is noted.
    pub(super) fn whole<T: FromStr + Copy>(&self, name: &'static str, otherwise: T, wrong: &mut Wrongs) -> T {
        match self.option(name).map(|it| it.parse()) {
            None => otherwise,
            Some(Ok(value)) => value,
            Some(Err(_)) => {
                wrong.add(name, texts::t("admin_telephony.not_whole"));
                otherwise
            }
        }
    }

    /// A text that must be there.
    pub(super) fn needed(&self, name: &'static str, wrong: &mut Wrongs) -> String {
        if self.text(name).is_empty() {
            wrong.add(name, texts::t("admin_telephony.missing"));
        }
        self.owned(name)
    }
}
