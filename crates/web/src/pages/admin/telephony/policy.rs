//! What holds for all calls: recording, supervision, dialling.

use super::{
    super::choice::Choice,
    HERE, NEEDS,
    draft::Draft,
    entry::{change, version},
    form::{Field, FormPage, Head, Input},
    known::Known,
    wrongs::Wrongs,
};
use crate::{
    Web,
    error::Answer,
    texts,
    visit::{Fields, Visit, again, done},
};
use axum::extract::State;
use touchline_app::live::{
    ConsultCalls, MonitoringMode, MonitoringScope, RecordingPolicy, TelephonySettings, Thresholds,
    board::numbers::{Dialling, PlanError},
};
use touchline_http::{Gate, Operation, Routes};

const AT: &str = "/admin/telephony/policy";

const FIELDS: &[&str] = &[
    "enabled",
    "keep_whisper",
    "intrusion_enabled",
    "monitor_internal_calls",
    "monitor_consult_calls",
    "notify_agent",
    "allow_switch_to_coach",
    "auto_answer_supervisor",
    "strict_capabilities",
    "default_scope",
    "default_mode",
    "ring_timeout",
    "answer_within",
    "long_wait",
    "long_hold",
    "long_call",
    "people_ring_secs",
    "country_code",
    "national_prefix",
    "international_prefix",
    "outside_prefix",
    "bare_is_national",
    "emergency",
    "blocked",
];

pub(super) fn mount<G: Gate>(routes: &mut Routes<G, Web>) {
    routes
        .add(Operation::get("page_call_policy", AT).needs(NEEDS), show)
        .add(Operation::post("change_call_policy", AT).needs(NEEDS).body_form(), save);
}

/// What is left out is as the operator has configured it.
fn three(value: Option<bool>) -> &'static str {
    match value {
        None => "",
        Some(true) => "yes",
        Some(false) => "no",
    }
}

const fn consults(which: ConsultCalls) -> &'static str {
    match which {
        ConsultCalls::None => "none",
        ConsultCalls::Orig => "orig",
        ConsultCalls::Dest => "dest",
        ConsultCalls::All => "all",
    }
}

fn of_three(draft: &Draft, name: &str) -> Option<bool> {
    match draft.text(name) {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

fn draft(settings: &TelephonySettings) -> Draft {
    let TelephonySettings { plan, monitoring: it, recording, thresholds } = settings;
    let scope = it.default_scope.map(|it| if it == MonitoringScope::Call { "call" } else { "agent" });
    let mode = it.default_mode.map(|it| if it == MonitoringMode::AllCalls { "all" } else { "next" });
    Draft::default()
        .with("enabled", three(recording.enabled))
        .with("keep_whisper", three(recording.keep_whisper))
        .with("intrusion_enabled", three(it.intrusion_enabled))
        .with("monitor_internal_calls", three(it.monitor_internal_calls))
        .maybe("monitor_consult_calls", it.monitor_consult_calls.map(consults))
        .maybe("people_ring_secs", plan.ring_secs)
        .with("notify_agent", three(it.notify_agent))
        .with("allow_switch_to_coach", three(it.allow_switch_to_coach))
        .with("auto_answer_supervisor", three(it.auto_answer_supervisor))
        .with("strict_capabilities", three(it.strict_capabilities))
        .maybe("default_scope", scope)
        .maybe("default_mode", mode)
        .maybe("ring_timeout", it.ring_timeout)
        .maybe("answer_within", thresholds.answer_within)
        .maybe("long_wait", thresholds.long_wait)
        .maybe("long_hold", thresholds.long_hold)
        .maybe("long_call", thresholds.long_call)
        .with("country_code", &plan.dialling.country_code)
        .with("national_prefix", &plan.dialling.national_prefix)
        .with("international_prefix", &plan.dialling.international_prefix)
        .with("outside_prefix", &plan.dialling.outside_prefix)
        .tick("bare_is_national", plan.dialling.bare_is_national)
        .lines("emergency", &plan.emergency)
        .lines("blocked", &plan.blocked)
}

fn choice(draft: &Draft, name: &str, all: &[(&str, &str)]) -> Input {
    let one = |(id, label): &(&str, &str)| Choice {
        id: (*id).to_owned(),
        label: texts::t(label).to_owned(),
        chosen: draft.text(name) == *id,
    };
    Input::Select(all.iter().map(one).collect())
}

fn fields(draft: &Draft) -> Vec<Field> {
    let three = |name: &'static str, label: &'static str| {
        let all = [("yes", "admin_telephony.yes"), ("no", "admin_telephony.no")];
        Field::new(name, label, choice(draft, name, &all)).nothing("admin_telephony.as_operator")
    };
    let scopes = [("call", "admin_telephony.scope_call"), ("agent", "admin_telephony.scope_agent")];
    let asks = [
        ("none", "admin_telephony.consults_none"),
        ("orig", "admin_telephony.consults_orig"),
        ("dest", "admin_telephony.consults_dest"),
        ("all", "admin_telephony.consults_all"),
    ];
    let modes = [("all", "admin_telephony.mode_all"), ("next", "admin_telephony.mode_next")];
    vec![
        three("enabled", "admin_telephony.recording_enabled")
            .help("admin_telephony.recording_enabled_help")
            .part("admin_telephony.part_recording"),
        three("keep_whisper", "admin_telephony.keep_whisper").help("admin_telephony.keep_whisper_help"),
        three("notify_agent", "admin_telephony.notify_agent").part("admin_telephony.part_supervision"),
        three("intrusion_enabled", "admin_telephony.intrusion_enabled"),
        three("monitor_internal_calls", "admin_telephony.monitor_internal_calls"),
        Field::new(
            "monitor_consult_calls",
            "admin_telephony.monitor_consult_calls",
            choice(draft, "monitor_consult_calls", &asks),
        )
        .nothing("admin_telephony.as_operator"),
        three("allow_switch_to_coach", "admin_telephony.allow_switch_to_coach"),
        three("auto_answer_supervisor", "admin_telephony.auto_answer_supervisor"),
        three("strict_capabilities", "admin_telephony.strict_capabilities"),
        Field::new("default_scope", "admin_telephony.default_scope", choice(draft, "default_scope", &scopes))
            .nothing("admin_telephony.as_operator"),
        Field::new("default_mode", "admin_telephony.default_mode", choice(draft, "default_mode", &modes))
            .nothing("admin_telephony.as_operator"),
        Field::whole("ring_timeout", "admin_telephony.ring_timeout")
            .help("admin_telephony.ring_timeout_help"),
        Field::whole("answer_within", "admin_telephony.answer_within")
            .help("admin_telephony.answer_within_help")
            .part("admin_telephony.part_wall"),
        Field::whole("long_wait", "admin_telephony.long_wait").help("admin_telephony.long_wait_help"),
        Field::whole("long_hold", "admin_telephony.long_hold").help("admin_telephony.long_hold_help"),
        Field::whole("long_call", "admin_telephony.long_call").help("admin_telephony.long_call_help"),
        Field::whole("people_ring_secs", "admin_telephony.people_ring_secs")
            .help("admin_telephony.people_ring_secs_help")
            .part("admin_telephony.part_dialling"),
        Field::tel("country_code", "admin_telephony.country_code").help("admin_telephony.country_code_help"),
        Field::tel("national_prefix", "admin_telephony.national_prefix"),
        Field::tel("international_prefix", "admin_telephony.international_prefix"),
        Field::tel("outside_prefix", "admin_telephony.outside_prefix")
            .help("admin_telephony.outside_prefix_help"),
        Field::new("bare_is_national", "admin_telephony.bare_is_national", Input::Tick),
        Field::new("emergency", "admin_telephony.emergency", Input::Area)
            .help("admin_telephony.emergency_help"),
        Field::new("blocked", "admin_telephony.blocked", Input::Area).help("admin_telephony.blocked_help"),
    ]
}

/// Whole numbers that were typed.
#[derive(Clone, Copy)]
struct Seconds {
    ring_timeout: Option<u16>,
    people_ring_secs: Option<u16>,
    thresholds: Thresholds,
}

impl Seconds {
    fn read(draft: &Draft, wrong: &mut Wrongs) -> Self {
        let mut whole = |name| draft.option(name).map(|_| draft.whole(name, 0, wrong));
        Self {
            ring_timeout: whole("ring_timeout"),
            people_ring_secs: whole("people_ring_secs"),
            thresholds: Thresholds {
                answer_within: whole("answer_within"),
                long_wait: whole("long_wait"),
                long_hold: whole("long_hold"),
                long_call: whole("long_call"),
            },
        }
    }
}

/// What was typed, into the settings.
fn take_over(draft: &Draft, settings: &mut TelephonySettings, typed: Seconds) {
    settings.recording = RecordingPolicy {
        enabled: of_three(draft, "enabled"),
        keep_whisper: of_three(draft, "keep_whisper"),
    };
    // What is not on the form stays as it is.
    let it = &mut settings.monitoring;
    it.intrusion_enabled = of_three(draft, "intrusion_enabled");
    it.default_scope = match draft.text("default_scope") {
        "call" => Some(MonitoringScope::Call),
        "agent" => Some(MonitoringScope::Agent),
        _ => None,
    };
    it.default_mode = match draft.text("default_mode") {
        "all" => Some(MonitoringMode::AllCalls),
        "next" => Some(MonitoringMode::NextCall),
        _ => None,
    };
    it.monitor_internal_calls = of_three(draft, "monitor_internal_calls");
    it.allow_switch_to_coach = of_three(draft, "allow_switch_to_coach");
    it.monitor_consult_calls = match draft.text("monitor_consult_calls") {
        "none" => Some(ConsultCalls::None),
        "orig" => Some(ConsultCalls::Orig),
        "dest" => Some(ConsultCalls::Dest),
        "all" => Some(ConsultCalls::All),
        _ => None,
    };
    it.notify_agent = of_three(draft, "notify_agent");
    it.auto_answer_supervisor = of_three(draft, "auto_answer_supervisor");
    it.ring_timeout = typed.ring_timeout;
    it.strict_capabilities = of_three(draft, "strict_capabilities");
    settings.thresholds = typed.thresholds;
    settings.plan.ring_secs = typed.people_ring_secs;
    settings.plan.dialling = Dialling {
        country_code: draft.owned("country_code"),
        national_prefix: draft.owned("national_prefix"),
        international_prefix: draft.owned("international_prefix"),
        outside_prefix: draft.owned("outside_prefix"),
        bare_is_national: draft.is_ticked("bare_is_national"),
    };
    settings.plan.emergency = draft.split("emergency");
    settings.plan.blocked = draft.split("blocked");
}

fn page(visit: &Visit, known: &Known, draft: &Draft, wrong: &Wrongs) -> FormPage {
    let head = Head {
        title: texts::t("admin_telephony.policy"),
        about: "admin_telephony.about_policy",
        action: AT.to_owned(),
    };
    FormPage::new(visit, head, known.telephony.version, fields(draft), draft, wrong)
}

async fn show(State(web): State<Web>, visit: Visit) -> Answer {
    let known = Known::read(&web, &visit).await?;
    let draft = draft(&known.telephony.settings);
    Ok(visit.page(&page(&visit, &known, &draft, &Wrongs::default())))
}

async fn save(State(web): State<Web>, visit: Visit, fields: Fields) -> Answer {
    let draft = Draft::typed(&fields, FIELDS);
    let mut wrong = Wrongs::default();
    let typed = Seconds::read(&draft, &mut wrong);
    for name in ["country_code", "national_prefix", "international_prefix", "outside_prefix"] {
        let fits = |it: u8| it.is_ascii_digit() || name != "country_code" && matches!(it, b'*' | b'#');
        if !draft.text(name).bytes().all(fits) {
            wrong.add(name, texts::t("admin_telephony.not_digits"));
        }
    }
    if wrong.is_empty() {
        let place = |it: &PlanError| match it {
            PlanError::EmergencyNeedsTrunk => Some("emergency"),
            PlanError::NotANumber(it) | PlanError::Twice(it) if draft.split("emergency").contains(it) => {
                Some("emergency")
            }
            PlanError::NotInternational(it) if draft.split("blocked").contains(it) => Some("blocked"),
            _ => None,
        };
        let edit = |settings: &mut TelephonySettings| take_over(&draft, settings, typed);
        match change(&web, &visit, version(&fields), edit, place).await? {
            Ok(()) => return Ok(done(HERE, "admin_telephony.saved")),
            Err(found) => wrong = found,
        }
    }
    let known = Known::read(&web, &visit).await?;
    Ok(again(&page(&visit, &known, &draft, &wrong)))
}
