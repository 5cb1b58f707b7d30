//! A queue: who has been ready for longest is rung first.

use super::{
    draft::Draft,
    entry::{Entry, Place},
    form::{Field, Input},
    groups::RING_SECS,
    known::Known,
    numbers::of_numbers,
    wrongs::Wrongs,
};
use touchline_app::live::board::numbers::{NumberPlan, PlanError, QueueConfig};

/// Callers who may wait, and missed calls in a row, unless something else is typed.
const MAX_WAITING: usize = 100;
const MISSES: u32 = 3;

impl Entry for QueueConfig {
    const PLACE: Place = Place {
        list: "/admin/telephony/queues",
        new: "/admin/telephony/queues/new",
        one: "/admin/telephony/queues/{key}",
        delete: "/admin/telephony/queues/{key}/delete",
        ids: ["page_new_queue", "create_queue", "page_queue", "change_queue", "delete_queue"],
        title_new: "admin_telephony.new_queue",
        about: "admin_telephony.about_queue",
    };
    const FIELDS: &'static [&'static str] = &[
        "number",
        "name",
        "members",
        "ring_secs",
        "overflow_after_secs",
        "overflow",
        "overflow_when_nobody",
        "max_waiting",
        "wrap_up_secs",
        "misses",
        "public",
    ];

    fn all(plan: &NumberPlan) -> &Vec<Self> {
        &plan.queues
    }

    fn all_mut(plan: &mut NumberPlan) -> &mut Vec<Self> {
        &mut plan.queues
    }

    fn key(&self) -> &str {
        &self.number
    }

    fn title(&self, _: &Known) -> String {
        format!("{} {}", self.number, self.name)
    }

    fn blank() -> Draft {
        Draft::default()
            .with("ring_secs", RING_SECS)
            .with("max_waiting", MAX_WAITING)
            .with("misses", MISSES)
            .with("wrap_up_secs", 0)
    }

    fn draft(&self) -> Draft {
        Draft::default()
            .with("number", &self.number)
            .with("name", &self.name)
            .several("members", self.members.iter().map(ToString::to_string))
            .with("ring_secs", self.ring_secs)
            .maybe("overflow_after_secs", self.overflow_after_secs)
            .maybe("overflow", self.overflow.as_ref())
            .tick("overflow_when_nobody", self.overflow_when_nobody)
            .with("max_waiting", self.max_waiting)
            .with("wrap_up_secs", self.wrap_up_secs)
            .with("misses", self.misses)
            .maybe("public", self.public.as_ref())
    }

    fn fields(draft: &Draft, known: &Known) -> Vec<Field> {
        let members = Input::Ticks(known.with_numbers(draft.all("members")));
        let overflow = Input::Select(known.inside(draft.text("overflow"), draft.text("number")));
        vec![
            Field::line("name", "admin_telephony.name").required(),
            Field::tel("number", "admin_telephony.number").required().help("admin_telephony.number_help"),
            Field::tel("public", "admin_telephony.public").help("admin_telephony.public_help"),
            Field::new("members", "admin_telephony.members", members)
                .help("admin_telephony.members_of_queue_help"),
            Field::whole("ring_secs", "admin_telephony.ring_secs")
                .help("admin_telephony.ring_queue_help")
                .part("admin_telephony.part_ringing"),
            Field::whole("misses", "admin_telephony.misses").help("admin_telephony.misses_help"),
            Field::whole("wrap_up_secs", "admin_telephony.wrap_up_secs").help("admin_telephony.wrap_up_help"),
            Field::new("overflow", "admin_telephony.overflow", overflow)
                .help("admin_telephony.overflow_help")
                .part("admin_telephony.part_overflow"),
            Field::whole("overflow_after_secs", "admin_telephony.overflow_after_secs")
                .help("admin_telephony.overflow_after_help"),
            Field::whole("max_waiting", "admin_telephony.max_waiting")
                .help("admin_telephony.max_waiting_help"),
            Field::new("overflow_when_nobody", "admin_telephony.overflow_when_nobody", Input::Tick),
        ]
    }

    fn read(draft: &Draft, _: Option<&Self>) -> Result<Self, Wrongs> {
        let mut wrong = Wrongs::default();
        let after = draft.option("overflow_after_secs");
        let read = Self {
            number: draft.needed("number", &mut wrong),
            name: draft.needed("name", &mut wrong),
            members: draft.all("members").iter().map(|it| it.as_str().into()).collect(),
            ring_secs: draft.whole("ring_secs", RING_SECS, &mut wrong),
            overflow_after_secs: after.map(|_| draft.whole("overflow_after_secs", 0, &mut wrong)),
            overflow: draft.option("overflow"),
            overflow_when_nobody: draft.is_ticked("overflow_when_nobody"),
            max_waiting: draft.whole("max_waiting", MAX_WAITING, &mut wrong),
            wrap_up_secs: draft.whole("wrap_up_secs", 0, &mut wrong),
            misses: draft.whole("misses", MISSES, &mut wrong),
            public: draft.option("public"),
        };
        if wrong.is_empty() { Ok(read) } else { Err(wrong) }
    }

    fn place(&self, wrong: &PlanError) -> Option<&'static str> {
        match wrong {
            PlanError::RingsNobody(of) if *of == self.name => Some("ring_secs"),
            PlanError::Nowhere { of, .. } if *of == self.name => Some("overflow"),
            wrong => of_numbers(wrong, &self.number, self.public.as_ref()),
        }
    }
}
