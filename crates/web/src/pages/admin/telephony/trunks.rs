//! A way to the telephone network.

use super::{
    draft::Draft,
    entry::{Entry, Place},
    form::{Field, Input},
    known::Known,
    wrongs::Wrongs,
};
use crate::texts;
use touchline_app::live::board::numbers::{NumberPlan, PlanError, Secret, Trunk, TrunkRegistration};

/// Lifetime of a registration unless something else is typed, in seconds.
const EXPIRES_SECS: u32 = 600;

impl Entry for Trunk {
    const PLACE: Place = Place {
        list: "/admin/telephony/trunks",
        new: "/admin/telephony/trunks/new",
        one: "/admin/telephony/trunks/{key}",
        delete: "/admin/telephony/trunks/{key}/delete",
        ids: ["page_new_trunk", "create_trunk", "page_trunk", "change_trunk", "delete_trunk"],
        title_new: "admin_telephony.new_trunk",
        about: "admin_telephony.about_trunk",
    };
    const FIELDS: &'static [&'static str] = &[
        "name",
        "server",
        "addresses",
        "username",
        "password",
        "expires_secs",
        "prefixes",
        "caller_number",
        "default",
    ];

    fn all(plan: &NumberPlan) -> &Vec<Self> {
        &plan.trunks
    }

    fn all_mut(plan: &mut NumberPlan) -> &mut Vec<Self> {
        &mut plan.trunks
    }

    fn key(&self) -> &str {
        &self.name
    }

    fn title(&self, _: &Known) -> String {
        self.name.clone()
    }

    fn blank() -> Draft {
        Draft::default().with("expires_secs", EXPIRES_SECS)
    }

    fn draft(&self) -> Draft {
        let draft = Draft::default()
            .with("name", &self.name)
            .with("server", &self.server)
            .lines("addresses", &self.addresses)
            .lines("prefixes", &self.prefixes)
            .maybe("caller_number", self.caller_number.as_ref())
            .maybe("default", self.default.as_ref());
        match &self.register {
            None => draft.with("expires_secs", EXPIRES_SECS),
            Some(it) => draft.with("username", &it.username).with("expires_secs", it.expires_secs),
        }
    }

    fn fields(draft: &Draft, known: &Known) -> Vec<Field> {
        let default = Input::Select(known.inside(draft.text("default"), ""));
        vec![
            Field::line("name", "admin_telephony.name").required(),
            Field::line("server", "admin_telephony.server").required().help("admin_telephony.server_help"),
            Field::line("username", "admin_telephony.username")
                .help("admin_telephony.username_help")
                .part("admin_telephony.part_register"),
            Field::new("password", "admin_telephony.password", Input::Secret)
                .help("admin_telephony.password_help"),
            Field::whole("expires_secs", "admin_telephony.expires_secs"),
            Field::new("addresses", "admin_telephony.addresses", Input::Area)
                .help("admin_telephony.addresses_help")
                .part("admin_telephony.part_calls_in"),
            Field::new("default", "admin_telephony.default", default).help("admin_telephony.default_help"),
            Field::new("prefixes", "admin_telephony.prefixes", Input::Area)
                .help("admin_telephony.prefixes_help")
                .part("admin_telephony.part_calls_out"),
            Field::tel("caller_number", "admin_telephony.caller_number")
                .help("admin_telephony.caller_number_help"),
        ]
    }

    fn read(draft: &Draft, before: Option<&Self>) -> Result<Self, Wrongs> {
        let mut wrong = Wrongs::default();
        let name = draft.needed("name", &mut wrong);
        let kept = before.filter(|it| it.name == name).and_then(|it| it.register.as_ref());
        let expires_secs = draft.whole("expires_secs", EXPIRES_SECS, &mut wrong);
        let register = draft.option("username").map(|username| {
            // What the app shows in place of the password stands for the one that it keeps.
            let password = draft.option("password").map(Secret).or_else(|| Some(kept?.password.clone()));
            if password.is_none() {
                wrong.add("password", texts::t("admin_telephony.password_missing"));
            }
            TrunkRegistration { username, password: password.unwrap_or(Secret(String::new())), expires_secs }
        });
        let read = Self {
            server: draft.needed("server", &mut wrong),
            addresses: draft.split("addresses"),
            register,
            prefixes: draft.split("prefixes"),
            caller_number: draft.option("caller_number"),
            default: draft.option("default"),
            name,
        };
        if wrong.is_empty() { Ok(read) } else { Err(wrong) }
    }

    fn place(&self, wrong: &PlanError) -> Option<&'static str> {
        match wrong {
            PlanError::TrunkTwice(name) if *name == self.name => Some("name"),
            PlanError::Address { trunk, .. } if *trunk == self.name => Some("addresses"),
            PlanError::Nowhere { of, .. } if *of == self.name => Some("default"),
            PlanError::NotInternational(it) if Some(it) == self.caller_number.as_ref() => {
                Some("caller_number")
            }
            PlanError::NotInternational(it) if self.prefixes.contains(it) => Some("prefixes"),
            _ => None,
        }
    }
}
