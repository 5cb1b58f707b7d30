//! An entry of the number plan: made, changed, deleted, by forms that all work alike.

use super::{
    HERE, NEEDS,
    draft::Draft,
    form::{Deletion, Field, FormPage, Head},
    known::Known,
    wrongs::Wrongs,
};
use crate::{
    Web,
    error::{Answer, PageError},
    pages::part,
    texts,
    visit::{Fields, Visit, again, done},
};
use axum::extract::{Path, State};
use http::StatusCode;
use touchline_app::{
    AppError,
    live::{
        ChangeTelephony, TelephonySettings,
        board::numbers::{NumberPlan, Plan, PlanError},
    },
};
use touchline_http::{Gate, Operation, Routes};

/// Where entries of a kind are edited: addresses, ids of operations, keys of texts.
pub(super) struct Place {
    pub(super) list: &'static str,
    pub(super) new: &'static str,
    pub(super) one: &'static str,
    pub(super) delete: &'static str,
    /// Page of a new one, making it, its page, changing it, deleting it.
    pub(super) ids: [&'static str; 5],
    pub(super) title_new: &'static str,
    pub(super) about: &'static str,
}

/// A kind of entries.
pub(super) trait Entry: Clone + Send + Sync + 'static {
    const PLACE: Place;
    /// Names of the fields of its form.
    const FIELDS: &'static [&'static str];
    fn all(plan: &NumberPlan) -> &Vec<Self>;
    fn all_mut(plan: &mut NumberPlan) -> &mut Vec<Self>;
    /// By which it is known: its number, or its name.
    fn key(&self) -> &str;
    /// For people.
    fn title(&self, known: &Known) -> String;
    /// The form of a new one.
    fn blank() -> Draft;
    /// The form of this one.
    fn draft(&self) -> Draft;
    /// The form, with what it offers.
    fn fields(draft: &Draft, known: &Known) -> Vec<Field>;
    /// What was typed. `before` is what it was.
    fn read(draft: &Draft, before: Option<&Self>) -> Result<Self, Wrongs>;
    /// Which field something that is wrong with the plan belongs to.
    fn place(&self, wrong: &PlanError) -> Option<&'static str>;
}

pub(super) fn mount<G: Gate, E: Entry>(routes: &mut Routes<G, Web>) {
    let Place { list, new, one, delete, ids: [page_new, create, page, change, remove], .. } = E::PLACE;
    let of_one = |it: Operation| it.needs(NEEDS).path_param("key", "Its number, or the name of a trunk.");
    routes
        .add(Operation::get(page_new, new).needs(NEEDS), show_new::<E>)
        .add(Operation::post(create, list).needs(NEEDS).body_form(), make::<E>)
        .add(of_one(Operation::get(page, one)), show::<E>)
        .add(of_one(Operation::post(change, one)).body_form(), save::<E>)
        .add(of_one(Operation::post(remove, delete)).body_form(), strike::<E>);
}

/// Where an entry is edited.
pub(super) fn at<E: Entry>(key: &str) -> String {
    format!("{}/{}", E::PLACE.list, part(key))
}

fn page<E: Entry>(visit: &Visit, known: &Known, of: Option<&E>, draft: &Draft, wrong: &Wrongs) -> FormPage {
    let title = of.map_or_else(|| texts::t(E::PLACE.title_new).to_owned(), |it| it.title(known));
    let action = of.map_or_else(|| E::PLACE.list.to_owned(), |it| at::<E>(it.key()));
    let head = Head { title: &title, about: E::PLACE.about, action: action.clone() };
    let fields = E::fields(draft, known);
    let deletion = of.map(|_| Deletion {
        action: format!("{action}/delete"),
        sure: texts::fill("admin_telephony.delete_sure", &[("name", &title)]),
    });
    let mut page = FormPage::new(visit, head, known.telephony.version, fields, draft, wrong);
    page.deletion = deletion;
    page
}

fn find<E: Entry>(known: &Known, key: &str) -> Result<E, PageError> {
    let found = E::all(known.plan()).iter().find(|it| it.key() == key).cloned();
    found.ok_or_else(|| PageError::new(StatusCode::NOT_FOUND, texts::t("admin_telephony.gone")))
}

async fn show_new<E: Entry>(State(web): State<Web>, visit: Visit) -> Answer {
    let known = Known::read(&web, &visit).await?;
    Ok(visit.page(&page::<E>(&visit, &known, None, &E::blank(), &Wrongs::default())))
}

async fn show<E: Entry>(State(web): State<Web>, visit: Visit, Path(key): Path<String>) -> Answer {
    let known = Known::read(&web, &visit).await?;
    let entry = find::<E>(&known, &key)?;
    Ok(visit.page(&page(&visit, &known, Some(&entry), &entry.draft(), &Wrongs::default())))
}

async fn make<E: Entry>(State(web): State<Web>, visit: Visit, fields: Fields) -> Answer {
    put::<E>(&web, &visit, &fields, None).await
}

async fn save<E: Entry>(
    State(web): State<Web>,
    visit: Visit,
    Path(key): Path<String>,
    fields: Fields,
) -> Answer {
    put::<E>(&web, &visit, &fields, Some(&key)).await
}

/// Puts what was typed in the place of the entry that was there, or adds it.
async fn put<E: Entry>(web: &Web, visit: &Visit, fields: &Fields, key: Option<&str>) -> Answer {
    let known = Known::read(web, visit).await?;
    let before = key.map(|key| find::<E>(&known, key)).transpose()?;
    let draft = Draft::typed(fields, E::FIELDS);
    let done_so = match E::read(&draft, before.as_ref()) {
        Err(wrong) => Err(wrong),
        Ok(entry) => {
            let edit = |settings: &mut TelephonySettings| {
                let all = E::all_mut(&mut settings.plan);
                match all.iter_mut().find(|it| Some(it.key()) == key) {
                    Some(there) => *there = entry.clone(),
                    None => all.push(entry.clone()),
                }
            };
            change(web, visit, version(fields), edit, |wrong| entry.place(wrong)).await?
        }
    };
    match done_so {
        Ok(()) => Ok(done(HERE, "admin_telephony.saved")),
        Err(wrong) => {
            let known = Known::read(web, visit).await?;
            Ok(again(&page(visit, &known, before.as_ref(), &draft, &wrong)))
        }
    }
}

async fn strike<E: Entry>(
    State(web): State<Web>,
    visit: Visit,
    Path(key): Path<String>,
    fields: Fields,
) -> Answer {
    let known = Known::read(&web, &visit).await?;
    let entry = find::<E>(&known, &key)?;
    let edit = |settings: &mut TelephonySettings| E::all_mut(&mut settings.plan).retain(|it| it.key() != key);
    match change(&web, &visit, version(&fields), edit, |_| None).await? {
        Ok(()) => Ok(done(HERE, "admin_telephony.deleted")),
        Err(wrong) => {
            let known = Known::read(&web, &visit).await?;
            Ok(again(&page(&visit, &known, Some(&entry), &entry.draft(), &wrong)))
        }
    }
}

/// The version that the form was made from.
pub(super) fn version(fields: &Fields) -> i64 {
    fields.text("version").parse().unwrap_or(-1)
}

/// Changes the settings, unless somebody else has changed them since they were read.
pub(super) async fn change(
    web: &Web,
    visit: &Visit,
    version: i64,
    edit: impl FnOnce(&mut TelephonySettings),
    place: impl Fn(&PlanError) -> Option<&'static str>,
) -> Result<Result<(), Wrongs>, AppError> {
    let now = web.app.telephony(&visit.caller).await?;
    if now.version != version {
        return Ok(Err(Wrongs::stale()));
    }
    let mut settings = now.settings;
    edit(&mut settings);
    // The app checks again; here it is asked so that each fault stands at its field.
    if let Err(all) = Plan::new(settings.plan.clone()) {
        return Ok(Err(Wrongs::plan(&all, place)));
    }
    let TelephonySettings { plan, monitoring, recording, thresholds } = settings;
    let wanted = ChangeTelephony { version, plan, monitoring, recording, thresholds };
    match web.app.change_telephony(&visit.caller, wanted).await {
        Ok(_) => Ok(Ok(())),
        Err(AppError::Conflict(_)) => Ok(Err(Wrongs::stale())),
        Err(AppError::Invalid(wrong)) => Ok(Err(Wrongs::of(&wrong.reason))),
        Err(other) => Err(other),
    }
}
