//! A ring group.

use super::{
    super::choice::Choice,
    draft::Draft,
    entry::{Entry, Place},
    form::{Field, Input},
    known::Known,
    numbers::of_numbers,
    wrongs::Wrongs,
};
use crate::texts;
use touchline_app::live::board::numbers::{NumberPlan, PlanError, RingGroup, RingOrder};

/// How long somebody is rung unless something else is typed, in seconds.
pub(super) const RING_SECS: u32 = 15;

impl Entry for RingGroup {
    const PLACE: Place = Place {
        list: "/admin/telephony/groups",
        new: "/admin/telephony/groups/new",
        one: "/admin/telephony/groups/{key}",
        delete: "/admin/telephony/groups/{key}/delete",
        ids: [
            "page_new_ring_group",
            "create_ring_group",
            "page_ring_group",
            "change_ring_group",
            "delete_ring_group",
        ],
        title_new: "admin_telephony.new_group",
        about: "admin_telephony.about_group",
    };
    const FIELDS: &'static [&'static str] =
        &["number", "name", "members", "order", "ring_secs", "overflow", "public"];

    fn all(plan: &NumberPlan) -> &Vec<Self> {
        &plan.groups
    }

    fn all_mut(plan: &mut NumberPlan) -> &mut Vec<Self> {
        &mut plan.groups
    }

    fn key(&self) -> &str {
        &self.number
    }

    fn title(&self, _: &Known) -> String {
        format!("{} {}", self.number, self.name)
    }

    fn blank() -> Draft {
        Draft::default().with("ring_secs", RING_SECS).with("order", "all")
    }

    fn draft(&self) -> Draft {
        Draft::default()
            .with("number", &self.number)
            .with("name", &self.name)
            .several("members", self.members.iter().cloned())
            .with("order", if self.order == RingOrder::All { "all" } else { "in_turn" })
            .with("ring_secs", self.ring_secs)
            .maybe("overflow", self.overflow.as_ref())
            .maybe("public", self.public.as_ref())
    }

    fn fields(draft: &Draft, known: &Known) -> Vec<Field> {
        let order = |id: &str, label: &str| Choice {
            id: id.to_owned(),
            label: texts::t(label).to_owned(),
            chosen: draft.text("order") == id,
        };
        let orders =
            vec![order("all", "admin_telephony.all_at_once"), order("in_turn", "admin_telephony.in_turn")];
        let overflow = known.inside(draft.text("overflow"), draft.text("number"));
        vec![
            Field::line("name", "admin_telephony.name").required(),
            Field::tel("number", "admin_telephony.number").required().help("admin_telephony.number_help"),
            Field::tel("public", "admin_telephony.public").help("admin_telephony.public_help"),
            Field::new(
                "members",
                "admin_telephony.members",
                Input::Ticks(known.numbers(draft.all("members"))),
            )
            .help("admin_telephony.members_of_group_help"),
            Field::new("order", "admin_telephony.order", Input::Select(orders))
                .required()
                .nothing("admin_telephony.choose"),
            Field::whole("ring_secs", "admin_telephony.ring_secs").help("admin_telephony.ring_group_help"),
            Field::new("overflow", "admin_telephony.overflow", Input::Select(overflow))
                .help("admin_telephony.overflow_help"),
        ]
    }

    fn read(draft: &Draft, before: Option<&Self>) -> Result<Self, Wrongs> {
        let mut wrong = Wrongs::default();
        // Who is rung in turn is rung in the order of the list; who stays keeps the place.
        let place = |number: &String| {
            let known = before.and_then(|it| it.members.iter().position(|member| member == number));
            known.unwrap_or(usize::MAX)
        };
        let mut members = draft.all("members").to_vec();
        members.sort_by_key(place);
        let read = Self {
            number: draft.needed("number", &mut wrong),
            name: draft.needed("name", &mut wrong),
            members,
            order: if draft.text("order") == "in_turn" { RingOrder::InTurn } else { RingOrder::All },
            ring_secs: draft.whole("ring_secs", RING_SECS, &mut wrong),
            overflow: draft.option("overflow"),
            public: draft.option("public"),
        };
        if read.members.is_empty() {
            wrong.add("members", texts::t("admin_telephony.no_members"));
        }
        if wrong.is_empty() { Ok(read) } else { Err(wrong) }
    }

    fn place(&self, wrong: &PlanError) -> Option<&'static str> {
        match wrong {
            PlanError::RingsNobody(of) if *of == self.name => Some("ring_secs"),
            PlanError::Nowhere { of, number } if *of == self.name => match self.members.contains(number) {
                true => Some("members"),
                false => Some("overflow"),
            },
            wrong => of_numbers(wrong, &self.number, self.public.as_ref()),
        }
    }
}
