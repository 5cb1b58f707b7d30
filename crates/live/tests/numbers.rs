//! What a dialled number means, as a table.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may end here")]

use proptest::prelude::*;
use touchline_live::numbers::{Caller, Number, NumberPlan, Plan, PlanError, Refusal, RingStage, Route};

const OFFICE: &str = r#"
emergency = ["112", "110"]
blocked = ["+4990"]

[dialling]
country_code = "49"

[[users]]
number = "200"
user = "u-ana"
public = "+4930123200"

[[users]]
number = "201"
user = "u-ben"
outside = false

[[groups]]
number = "300"
name = "Front desk"
members = ["200", "201"]
order = "in_turn"
ring_secs = 20
overflow = "500"

[[queues]]
number = "500"
name = "Billing"
members = ["u-ana", "u-ben"]
overflow = "200"
overflow_after_secs = 120
public = "+4930123500"

[[trunks]]
name = "provider"
server = "sip.provider.example"
addresses = ["192.0.2.0/28", "2001:db8:5::/48"]
caller_number = "+49301230"
default = "300"

[[trunks]]
name = "swiss"
server = "sip.swiss.example:5061"
addresses = ["192.0.2.7"]
prefixes = ["+41", "+423"]
register = { username = "pbx", password = "s3cret" }
"#;

fn written() -> NumberPlan {
    toml::from_str(OFFICE).unwrap()
}

fn office() -> Plan {
    Plan::new(written()).unwrap()
}

/// A route in a few words.
fn words(route: &Route<'_>) -> String {
    match route {
        Route::User(user) => format!("user {}", user.user),
        Route::Group(group) => format!("group {}", group.name),
        Route::Queue(queue) => format!("queue {}", queue.name),
        Route::Trunk { trunk, number, shown, emergency } => {
            let kind = if *emergency { "emergency" } else { "out" };
            format!("{kind} {} {number} as {}", trunk.name, shown.unwrap_or("nobody"))
        }
        Route::Refused(refusal) => refusal.code().to_string(),
    }
}

#[test]
fn each_number_means_one_thing_for_each_caller() {
    let plan = office();
    let (ana, ben, provider) = (Caller::User("200"), Caller::User("201"), Caller::Trunk("provider"));
    for (dialled, caller, wanted) in [
        // Inside.
        ("201", ana, "user u-ben"),
        ("300", ana, "group Front desk"),
        ("500", ana, "queue Billing"),
        ("%32%30%31;phone-context=x", ana, "user u-ben"),
        ("+49 (30) 123-200", ben, "user u-ana"),
        ("030/123500", ben, "queue Billing"),
        ("999", ana, "404"),
        // Out.
        ("030 5551234", ana, "out provider +49305551234 as +4930123200"),
        ("0041 44 5551234", ana, "out swiss +41445551234 as +4930123200"),
        ("+1 212 555 1234", ana, "out provider +12125551234 as +4930123200"),
        ("030 5551234", ben, "403"),
        ("0900 123456", ana, "403"),
        ("090 1234567", ana, "403"),
        ("+4990123456", ana, "403"),
        ("00", ana, "404"),
        ("0012345678901234567", ana, "404"),
        // In need, everybody may.
        ("112", ben, "emergency provider 112 as +49301230"),
        ("110", ana, "emergency provider 110 as +4930123200"),
        // In from the telephone network, and never out again.
        ("+4930123200", provider, "user u-ana"),
        ("4930123500", provider, "queue Billing"),
        ("030123200", provider, "user u-ana"),
        ("+4930123999", provider, "group Front desk"),
        ("+12125551234", provider, "group Front desk"),
        ("112", provider, "group Front desk"),
        ("+4930123999", Caller::Trunk("swiss"), "404"),
        ("+12125551234", Caller::Trunk("swiss"), "404"),
        // Nobody.
        ("200", Caller::Stranger, "403"),
        ("112", Caller::Stranger, "403"),
        ("200", Caller::User("999"), "403"),
        ("200", Caller::User("300"), "403"),
        ("alice", ana, "484"),
        ("", ana, "484"),
        ("%00", ana, "484"),
        ("+", ana, "484"),
    ] {
        assert_eq!(words(&plan.route(dialled, caller)), wanted, "{dialled} by {caller:?}");
    }
}

#[test]
fn a_prefix_for_the_outside_is_needed_except_in_need() {
    let mut plan = written();
    plan.dialling.outside_prefix = "0".into();
    let plan = Plan::new(plan).unwrap();
    let ana = Caller::User("200");
    for (dialled, wanted) in [
        ("0030 5551234", "out provider +49305551234 as +4930123200"),
        ("00041 445551234", "out swiss +41445551234 as +4930123200"),
        ("30 5551234", "404"),
        ("+41445551234", "out swiss +41445551234 as +4930123200"),
        ("112", "emergency provider 112 as +4930123200"),
        ("0112", "emergency provider 112 as +4930123200"),
        ("201", "user u-ben"),
    ] {
        assert_eq!(words(&plan.route(dialled, ana)), wanted, "{dialled}");
    }
}

#[test]
fn north_american_numbers_need_no_prefix() {
    let rules = r#"country_code = "1"
        national_prefix = "1"
        international_prefix = "011"
        bare_is_national = true"#;
    let rules = toml::from_str(rules).unwrap();
    let far = |dialled| Number::read(dialled).unwrap().international(&rules).map(|number| number.to_string());
    assert_eq!(far("212-555-1234").as_deref(), Some("+12125551234"));
    assert_eq!(far("1 (212) 555-1234").as_deref(), Some("+12125551234"));
    assert_eq!(far("011 49 30 123456").as_deref(), Some("+4930123456"));
    assert_eq!((far("*21#"), far("12")), (None, None));
}

#[test]
fn trunks_are_known_by_their_address_and_the_smallest_network_decides() {
    let plan = office();
    let name = |address: &str| plan.trunk_at(address.parse().unwrap()).map(|trunk| trunk.name.as_str());
    assert_eq!(name("192.0.2.1"), Some("provider"));
    assert_eq!(name("::ffff:192.0.2.7"), Some("swiss"));
    assert_eq!(name("2001:db8:5:1::9"), Some("provider"));
    assert_eq!((name("192.0.2.16"), name("2001:db8:6::1")), (None, None));
    assert_eq!(plan.trunk_networks().len(), 3);
}

#[test]
fn a_group_rings_in_turn_or_all_at_once() {
    let mut plan = written();
    let stage = |numbers: &[&'static str]| RingStage { numbers: numbers.to_vec(), secs: 20 };
    assert_eq!(plan.groups[0].stages(), [stage(&["200"]), stage(&["201"])]);
    plan.groups[0].order = Default::default();
    assert_eq!(plan.groups[0].stages(), [stage(&["200", "201"])]);
}

#[test]
fn a_plan_that_leads_nowhere_is_refused_with_all_its_faults() {
    let faults = |change: fn(&mut NumberPlan)| {
        let mut plan = written();
        change(&mut plan);
        Plan::new(plan).err().unwrap_or_default().iter().map(PlanError::to_string).collect::<Vec<_>>()
    };
    assert_eq!(faults(|_| ()), Vec::<String>::new());
    assert_eq!(
        faults(|plan| {
            plan.users[1].number = "200".into();
            plan.groups[0].overflow = Some("777".into());
            plan.trunks[0].addresses.push("0.0.0.0/0".into());
            plan.trunks[1].name = "provider".into();
            plan.blocked.push("0900".into());
        }),
        [
            "number 200 is given twice",
            "`Front desk` names number 201, which is not in the plan",
            "`Front desk` names number 777, which is not in the plan",
            "`0900` is not in international form, such as +4930123456",
            "trunk `provider`: `0.0.0.0/0` is no address or network",
            "trunk `provider` is given twice",
        ]
    );
    assert_eq!(
        faults(|plan| plan.queues[0].overflow = Some("300".into())),
        ["calls to 300 would overflow in a circle", "calls to 500 would overflow in a circle"]
    );
    assert_eq!(faults(|plan| plan.users[0].number = "1 2".into())[0], "`1 2` is no number");
    assert_eq!(faults(|plan| plan.users[0].number = "112".into())[0], "number 112 is given twice");
    assert_eq!(
        faults(|plan| plan.users[0].public = Some("030123200".into()))[0],
        "`030123200` is not in international form, such as +4930123456"
    );
    assert_eq!(faults(|plan| plan.groups[0].ring_secs = 0), ["`Front desk` would ring nobody"]);
    assert_eq!(faults(|plan| plan.trunks.clear()), ["emergency numbers need a trunk"]);
}

#[test]
fn the_plan_is_strict_about_keys_comes_back_from_text_and_shows_no_password_in_logs() {
    assert!(toml::from_str::<NumberPlan>("colour = \"red\"").unwrap_err().to_string().contains("colour"));
    let plan = written();
    assert_eq!(toml::from_str::<NumberPlan>(&toml::to_string(&plan).unwrap()).unwrap(), plan);
    assert!(!format!("{plan:?}").contains("s3cret"));
    let minimal: NumberPlan = toml::from_str("").unwrap();
    let minimal = Plan::new(minimal).unwrap();
    assert_eq!(minimal.route("1", Caller::Trunk("x")), Route::Refused(Refusal::Unknown));
}

proptest! {
    #[test]
    fn whatever_is_dialled_nobody_outside_gets_out(dialled in "(\\+|00|0|)?(\\PC|[0-9*#%]){0,30}") {
        let plan = office();
        for caller in [Caller::Trunk("provider"), Caller::Trunk("swiss"), Caller::Stranger, Caller::User("201")] {
            let route = plan.route(&dialled, caller);
            let out = matches!(route, Route::Trunk { emergency: false, .. });
            prop_assert!(!out, "{dialled:?} by {caller:?}: {route:?}");
        }
    }
}
