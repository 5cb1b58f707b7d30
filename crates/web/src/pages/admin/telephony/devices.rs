//! Telephones: made, given another password, deleted. A password is shown once.

use super::{
    super::revealed,
    HERE, NEEDS,
    draft::Draft,
    form::{Field, FormPage, Head, Input},
    known::Known,
    wrongs::Wrongs,
};
use crate::{
    Web,
    error::Answer,
    format,
    pages::part,
    texts,
    visit::{Fields, Visit, again, done},
};
use axum::extract::{Path, State};
use touchline_app::{
    AppError,
    live::{DevicePassword, NewDevice},
};
use touchline_http::{Gate, Operation, Routes};

const NEW: &str = "/admin/telephony/devices/new";
const LIST: &str = "/admin/telephony/devices";
const FIELDS: &[&str] = &["user", "number", "sip_user", "public"];

pub(super) fn mount<G: Gate>(routes: &mut Routes<G, Web>) {
    let of_one = |id, path| Operation::post(id, path).needs(NEEDS).path_param("id", "Telephone.").body_form();
    routes
        .add(Operation::get("page_new_device", NEW).needs(NEEDS), show_new)
        .add(Operation::post("create_device", LIST).needs(NEEDS).body_form(), create)
        .add(of_one("renew_device", "/admin/telephony/devices/{id}/password"), renew)
        .add(of_one("delete_device", "/admin/telephony/devices/{id}/delete"), delete);
}

/// Where a telephone's deeds are.
pub(super) fn place(id: &str) -> String {
    format!("{LIST}/{}", part(id))
}

fn page(visit: &Visit, known: &Known, draft: &Draft, wrong: &Wrongs) -> FormPage {
    let everybody = Input::Select(known.everybody(draft.text("user")));
    let fields = vec![
        Field::new("user", "admin_telephony.device_person", everybody)
            .nothing("admin_telephony.nobody")
            .help("admin_telephony.device_person_help"),
        Field::tel("number", "admin_telephony.number").required().help("admin_telephony.device_number_help"),
        Field::line("sip_user", "admin_telephony.sip_user").help("admin_telephony.sip_user_help"),
        Field::new("public", "admin_telephony.device_public", Input::Tick)
            .help("admin_telephony.device_public_help"),
    ];
    let head = Head {
        title: texts::t("admin_telephony.new_device"),
        about: "admin_telephony.about_device",
        action: LIST.to_owned(),
    };
    FormPage::new(visit, head, known.telephony.version, fields, draft, wrong)
}

async fn show_new(State(web): State<Web>, visit: Visit) -> Answer {
    let known = Known::read(&web, &visit).await?;
    Ok(visit.page(&page(&visit, &known, &Draft::default(), &Wrongs::default())))
}

async fn create(State(web): State<Web>, visit: Visit, fields: Fields) -> Answer {
    let draft = Draft::typed(&fields, FIELDS);
    let mut wrong = Wrongs::default();
    let new = NewDevice {
        id: None,
        user: draft.option("user").map(|it| it.as_str().into()),
        number: draft.needed("number", &mut wrong),
        sip_user: draft.option("sip_user"),
        public: draft.is_ticked("public"),
    };
    if wrong.is_empty() {
        match web.app.create_device(&visit.caller, new).await {
            Ok(made) => return shown(&visit, made, "admin_telephony.device_made"),
            Err(AppError::Invalid(it)) => {
                let reason = format::in_quotes(&it.reason);
                match it.field.as_str() {
                    "number" => wrong.add("number", &reason),
                    "sip_user" => wrong.add("sip_user", &reason),
                    _ => wrong = Wrongs::of(&it.reason),
                }
            }
            Err(AppError::Conflict(reason)) => wrong = Wrongs::of(&reason),
            Err(other) => return Err(other.into()),
        }
    }
    let known = Known::read(&web, &visit).await?;
    Ok(again(&page(&visit, &known, &draft, &wrong)))
}

/// The password, this once.
fn shown(visit: &Visit, made: DevicePassword, help: &'static str) -> Answer {
    let help = texts::fill(help, &[("number", &made.device.number)]);
    let shown = vec![
        revealed::Shown { label: "admin_telephony.sip_user", value: made.device.sip_user },
        revealed::Shown { label: "admin_telephony.password", value: made.password },
    ];
    revealed::page(visit, "telephony", help, shown, None, HERE)
}

async fn renew(State(web): State<Web>, visit: Visit, Path(id): Path<String>) -> Answer {
    let made = web.app.renew_device_password(&visit.caller, &id).await?;
    shown(&visit, made, "admin_telephony.device_renewed")
}

async fn delete(State(web): State<Web>, visit: Visit, Path(id): Path<String>) -> Answer {
    web.app.delete_device(&visit.caller, &id).await?;
    Ok(done(HERE, "admin_telephony.device_deleted"))
}
