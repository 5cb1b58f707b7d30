//! A person's number.

use super::{
    draft::Draft,
    entry::{Entry, Place},
    form::{Field, Input},
    known::Known,
    wrongs::Wrongs,
};
use touchline_app::live::board::numbers::{NumberPlan, PlanError, UserNumber};

impl Entry for UserNumber {
    const PLACE: Place = Place {
        list: "/admin/telephony/numbers",
        new: "/admin/telephony/numbers/new",
        one: "/admin/telephony/numbers/{key}",
        delete: "/admin/telephony/numbers/{key}/delete",
        ids: ["page_new_number", "create_number", "page_number", "change_number", "delete_number"],
        title_new: "admin_telephony.new_number",
        about: "admin_telephony.about_number",
    };
    const FIELDS: &'static [&'static str] = &["number", "user", "public", "outside"];

    fn all(plan: &NumberPlan) -> &Vec<Self> {
        &plan.users
    }

    fn all_mut(plan: &mut NumberPlan) -> &mut Vec<Self> {
        &mut plan.users
    }

    fn key(&self) -> &str {
        &self.number
    }

    fn title(&self, known: &Known) -> String {
        format!("{} {}", self.number, known.name(&self.user))
    }

    fn blank() -> Draft {
        Draft::default().tick("outside", true)
    }

    fn draft(&self) -> Draft {
        Draft::default()
            .with("number", &self.number)
            .with("user", &self.user)
            .maybe("public", self.public.as_ref())
            .tick("outside", self.outside)
    }

    fn fields(draft: &Draft, known: &Known) -> Vec<Field> {
        let everybody = Input::Select(known.everybody(draft.text("user")));
        vec![
            Field::tel("number", "admin_telephony.number").required().help("admin_telephony.number_help"),
            Field::new("user", "admin_telephony.person", everybody)
                .required()
                .nothing("admin_telephony.choose"),
            Field::tel("public", "admin_telephony.public").help("admin_telephony.public_help"),
            Field::new("outside", "admin_telephony.outside", Input::Tick),
        ]
    }

    fn read(draft: &Draft, _: Option<&Self>) -> Result<Self, Wrongs> {
        let mut wrong = Wrongs::default();
        let read = Self {
            number: draft.needed("number", &mut wrong),
            user: draft.needed("user", &mut wrong).into(),
            public: draft.option("public"),
            outside: draft.is_ticked("outside"),
        };
        if wrong.is_empty() { Ok(read) } else { Err(wrong) }
    }

    fn place(&self, wrong: &PlanError) -> Option<&'static str> {
        of_numbers(wrong, &self.number, self.public.as_ref())
    }
}

/// Where something that is wrong with the number or the public number of an entry belongs.
pub(super) fn of_numbers(wrong: &PlanError, number: &str, public: Option<&String>) -> Option<&'static str> {
    let (PlanError::NotANumber(it)
    | PlanError::NotInternational(it)
    | PlanError::Twice(it)
    | PlanError::Circle(it)) = wrong
    else {
        return None;
    };
    match wrong {
        PlanError::Circle(_) if it == number => Some("overflow"),
        _ if it == number => Some("number"),
        _ if Some(it) == public => Some("public"),
        _ => None,
    }
}
