//! A form as data, so that one template draws them all.

use super::{
    super::{Tab, choice::Choice, frame},
    HERE,
    draft::Draft,
    wrongs::Wrongs,
};
use crate::{filters, shell::Shell, texts, visit::Visit};
use askama::Template;

/// How a field is filled in.
pub(super) enum Input {
    /// A line. `mode` helps telephones to show the right keys: `text`, `tel` or `numeric`.
    Line { mode: &'static str },
    /// A password: nothing of it is shown.
    Secret,
    /// Several lines.
    Area,
    /// One of these.
    Select(Vec<Choice>),
    /// Any of these.
    Ticks(Vec<Choice>),
    /// Yes or no.
    Tick,
}

/// A field. Texts are keys.
pub(super) struct Field {
    id: &'static str,
    label: &'static str,
    help: Option<&'static str>,
    required: bool,
    input: Input,
    value: String,
    wrong: Vec<String>,
    /// Heading of the part that begins with it.
    part: Option<&'static str>,
    /// What stands for nothing in a list to choose one from.
    nothing: &'static str,
}

impl Field {
    pub(super) fn new(id: &'static str, label: &'static str, input: Input) -> Self {
        let (value, wrong) = (String::new(), Vec::new());
        Self {
            id,
            label,
            help: None,
            required: false,
            input,
            value,
            wrong,
            part: None,
            nothing: "admin_telephony.nowhere",
        }
    }
    pub(super) fn line(id: &'static str, label: &'static str) -> Self {
        Self::new(id, label, Input::Line { mode: "text" })
    }
    pub(super) fn tel(id: &'static str, label: &'static str) -> Self {
        Self::new(id, label, Input::Line { mode: "tel" })
    }
    pub(super) fn whole(id: &'static str, label: &'static str) -> Self {
        Self::new(id, label, Input::Line { mode: "numeric" })
    }
    pub(super) fn help(self, help: &'static str) -> Self {
        Self { help: Some(help), ..self }
    }
    pub(super) fn required(self) -> Self {
        Self { required: true, ..self }
    }
    pub(super) fn nothing(self, nothing: &'static str) -> Self {
        Self { nothing, ..self }
    }
    pub(super) fn part(self, part: &'static str) -> Self {
        Self { part: Some(part), ..self }
    }
}

/// What can be deleted from its form.
pub(super) struct Deletion {
    pub(super) action: String,
    /// What is asked before.
    pub(super) sure: String,
}

/// What stands above a form, and where it goes.
pub(super) struct Head<'a> {
    pub(super) title: &'a str,
    /// Key of a sentence.
    pub(super) about: &'static str,
    pub(super) action: String,
}

/// A page with a form.
#[derive(Template)]
#[template(path = "admin/telephony/form.html")]
pub(super) struct FormPage {
    shell: Shell,
    tabs: Vec<Tab>,
    about: &'static str,
    action: String,
    version: i64,
    fields: Vec<Field>,
    wrongs: Vec<(Option<(&'static str, &'static str)>, String)>,
    pub(super) deletion: Option<Deletion>,
    back: &'static str,
}

impl FormPage {
    fn nothing(&self, field: &Field) -> &'static str {
        texts::t(field.nothing)
    }

    /// `version` is that of the settings that were read.
    pub(super) fn new(
        visit: &Visit,
        head: Head<'_>,
        version: i64,
        fields: Vec<Field>,
        draft: &Draft,
        wrong: &Wrongs,
    ) -> Self {
        let Head { title, about, action } = head;
        let (shell, tabs) = frame(visit, title, "telephony");
        let fields: Vec<Field> = fields
            .into_iter()
            .map(|it| Field { value: draft.owned(it.id), wrong: wrong.at(it.id), ..it })
            .collect();
        let place = |id: Option<&str>| {
            let field = fields.iter().find(|it| Some(it.id) == id)?;
            Some((field.id, field.label))
        };
        let wrongs = wrong.all().map(|(id, reason)| (place(id), reason.to_owned())).collect();
        Self { wrongs, shell, tabs, about, action, version, fields, deletion: None, back: HERE }
    }
}
