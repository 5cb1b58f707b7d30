//! All of it at a glance: telephones, numbers, ring groups, queues, trunks.

use super::{
    super::{Tab, frame},
    HERE, NEEDS, devices,
    entry::at,
    known::Known,
};
use crate::{
    Web,
    error::{Answer, PageError},
    filters,
    shell::{Shell, When},
    texts,
    visit::Visit,
};
use askama::Template;
use axum::extract::State;
use touchline_app::live::board::numbers::{QueueConfig, RingGroup, RingOrder, Trunk, UserNumber};
use touchline_http::{Gate, Operation, Routes};
use touchline_model::UserId;

pub(super) fn mount<G: Gate>(routes: &mut Routes<G, Web>) {
    routes.add(Operation::get("page_telephony", HERE).needs(NEEDS), show);
}

/// A telephone.
struct DeviceRow {
    number: String,
    who: Option<String>,
    sip_user: String,
    reachable: bool,
    public: bool,
    made: When,
    /// The address of its deeds.
    place: String,
    /// Number and owner, for those who hear a button's name alone.
    title: String,
}

/// Anything with a number or a name, and what is to be said of it.
struct Row {
    key: String,
    name: String,
    facts: Vec<String>,
    place: String,
}

#[derive(Template)]
#[template(path = "admin/telephony/overview.html")]
struct Overview {
    shell: Shell,
    tabs: Vec<Tab>,
    devices: Vec<DeviceRow>,
    kinds: Vec<KindRows>,
}

/// All entries of a kind. Texts are keys.
struct KindRows {
    id: &'static str,
    title: &'static str,
    new: &'static str,
    new_text: &'static str,
    none: &'static str,
    rows: Vec<Row>,
}

fn secs(key: &str, secs: u32) -> String {
    texts::fill(key, &[("n", &secs.to_string())])
}

fn people(count: usize) -> String {
    texts::count("admin_telephony.people", i64::try_from(count).unwrap_or(i64::MAX))
}

fn overflow(known: &Known, to: Option<&String>) -> Option<String> {
    let name = |number: &str| {
        let plan = known.plan();
        let queue = plan.queues.iter().find(|it| it.number == number).map(|it| it.name.clone());
        let group = || plan.groups.iter().find(|it| it.number == number).map(|it| it.name.clone());
        let user = || plan.users.iter().find(|it| it.number == number).map(|it| known.name(&it.user));
        queue.or_else(group).or_else(user).unwrap_or_default()
    };
    to.map(|to| texts::fill("admin_telephony.then", &[("number", to), ("name", &name(to))]))
}

fn of_user(known: &Known, it: &UserNumber) -> Row {
    let outside = (!it.outside).then(|| texts::t("admin_telephony.inside_only").to_owned());
    Row {
        key: it.number.clone(),
        name: known.name(&it.user),
        facts: it.public.clone().into_iter().chain(outside).collect(),
        place: at::<UserNumber>(&it.number),
    }
}

fn of_group(known: &Known, it: &RingGroup) -> Row {
    let order = match it.order {
        RingOrder::All => "admin_telephony.all_at_once",
        RingOrder::InTurn => "admin_telephony.in_turn",
    };
    let facts = [
        people(it.members.len()),
        texts::t(order).to_owned(),
        secs("admin_telephony.rings_for", it.ring_secs),
    ];
    let facts = it.public.clone().into_iter().chain(facts).chain(overflow(known, it.overflow.as_ref()));
    Row {
        key: it.number.clone(),
        name: it.name.clone(),
        facts: facts.collect(),
        place: at::<RingGroup>(&it.number),
    }
}

fn of_queue(known: &Known, it: &QueueConfig) -> Row {
    let after = it.overflow_after_secs.map(|it| secs("admin_telephony.waits_at_most", it));
    let facts = [people(it.members.len()), secs("admin_telephony.rings_for", it.ring_secs)];
    let facts = it.public.clone().into_iter().chain(facts).chain(after);
    let facts = facts.chain(overflow(known, it.overflow.as_ref()));
    Row {
        key: it.number.clone(),
        name: it.name.clone(),
        facts: facts.collect(),
        place: at::<QueueConfig>(&it.number),
    }
}

fn of_trunk(it: &Trunk) -> Row {
    let register =
        it.register.as_ref().map(|it| texts::fill("admin_telephony.registers_as", &[("name", &it.username)]));
    let prefixes = match it.prefixes.is_empty() {
        true => texts::t("admin_telephony.every_number").to_owned(),
        false => it.prefixes.join(", "),
    };
    Row {
        key: String::new(),
        name: it.name.clone(),
        facts: [it.server.clone()].into_iter().chain(register).chain([prefixes]).collect(),
        place: at::<Trunk>(&it.name),
    }
}

async fn overview(web: &Web, visit: &Visit) -> Result<Overview, PageError> {
    let known = Known::read(web, visit).await?;
    let mut found = web.app.devices(&visit.caller).await?;
    found.sort_by(|one, other| (&one.number, &one.id).cmp(&(&other.number, &other.id)));
    let (shell, tabs) = frame(visit, texts::t("admin.telephony"), "telephony");
    let who = |user: Option<&UserId>| user.map(|it| known.name(it));
    let device = |it: touchline_app::live::DeviceInfo| DeviceRow {
        title: [Some(it.number.clone()), who(it.user.as_ref())]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" "),
        who: who(it.user.as_ref()),
        made: shell.when(&it.created_at),
        place: devices::place(&it.id),
        number: it.number,
        sip_user: it.sip_user,
        reachable: it.reachable,
        public: it.public,
    };
    let plan = known.plan();
    let kinds = vec![
        KindRows {
            id: "queues",
            title: "admin_telephony.queues",
            new: "/admin/telephony/queues/new",
            new_text: "admin_telephony.new_queue",
            none: "admin_telephony.no_queues",
            rows: plan.queues.iter().map(|it| of_queue(&known, it)).collect(),
        },
        KindRows {
            id: "groups",
            title: "admin_telephony.groups",
            new: "/admin/telephony/groups/new",
            new_text: "admin_telephony.new_group",
            none: "admin_telephony.no_groups",
            rows: plan.groups.iter().map(|it| of_group(&known, it)).collect(),
        },
        KindRows {
            id: "numbers",
            title: "admin_telephony.numbers",
            new: "/admin/telephony/numbers/new",
            new_text: "admin_telephony.new_number",
            none: "admin_telephony.no_numbers",
            rows: plan.users.iter().map(|it| of_user(&known, it)).collect(),
        },
        KindRows {
            id: "trunks",
            title: "admin_telephony.trunks",
            new: "/admin/telephony/trunks/new",
            new_text: "admin_telephony.new_trunk",
            none: "admin_telephony.no_trunks",
            rows: plan.trunks.iter().map(of_trunk).collect(),
        },
    ];
    Ok(Overview { devices: found.into_iter().map(device).collect(), kinds, shell, tabs })
}

async fn show(State(web): State<Web>, visit: Visit) -> Answer {
    let page = overview(&web, &visit).await?;
    Ok(visit.page(&page))
}
