//! Bodies of requests, names of files, headers of reports.

use crate::{
    columns::{AGENT_SUMMARY, CONTACT_EXPORT, WORK_SESSIONS},
    csv::Column,
    file_name,
    request::{self, Known, Object, Wanted},
    times,
};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use touchline_model::ContactChannel as C;

fn object(value: Value) -> Object {
    value.as_object().unwrap().clone()
}

fn known() -> Known {
    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
    Known { inboxes: ids(&["i1", "i2"]), teams: ids(&["t1"]) }
}

/// A good request with some fields replaced; null takes one away.
fn with(fields: Value) -> Value {
    let mut body =
        json!({ "metricSet": "WorkSessionsReport", "startAt": "2026-03-02", "endAt": "2026-03-02" });
    for (name, value) in object(fields) {
        body[name] = value;
    }
    body
}

fn read(body: Value) -> Result<Wanted, Value> {
    let zone = times::zone("America/Los_Angeles").unwrap();
    request::read(&object(body), &zone, &known()).map_err(|wrong| serde_json::to_value(wrong).unwrap())
}

fn good(fields: Value) -> Wanted {
    read(with(fields.clone())).unwrap_or_else(|wrong| panic!("{fields}: {wrong}"))
}

/// `attr code detail` of each error.
fn wrong(body: Value) -> Vec<String> {
    let errors = read(body.clone()).map(|_| ()).expect_err(&body.to_string());
    let text = |error: &Value, name: &str| error[name].as_str().unwrap_or("-").to_owned();
    let line = |error: &Value| ["attr", "code", "detail"].map(|name| text(error, name)).join(" | ");
    errors.as_array().unwrap().iter().map(line).collect()
}

fn window(wanted: &Wanted) -> String {
    format!("{}/{}", wanted.window.start, wanted.window.end)
}

fn names<R>(columns: &[Column<R>]) -> Vec<&'static str> {
    columns.iter().map(|column| column.name).collect()
}

// covers(gladly): S3.1, R-9
#[test]
fn days_are_days_of_the_zone_and_the_last_one_counts() {
    let one = good(json!({}));
    assert_eq!(window(&one), "2026-03-02T08:00:00Z/2026-03-03T08:00:00Z", "the organisation's zone");
    let utc = good(json!({ "timezone": "UTC", "endAt": "2026-03-03" }));
    assert_eq!(window(&utc), "2026-03-02T00:00:00Z/2026-03-04T00:00:00Z");
    // A day of 23 hours, and one of 25.
    let spring = good(json!({ "timezone": "Europe/Berlin", "startAt": "2026-03-29", "endAt": "2026-03-29" }));
    assert_eq!(window(&spring), "2026-03-28T23:00:00Z/2026-03-29T22:00:00Z");
    let autumn = good(json!({ "timezone": "europe/berlin", "startAt": "2026-10-25", "endAt": "2026-10-25" }));
    assert_eq!(window(&autumn), "2026-10-24T22:00:00Z/2026-10-25T23:00:00Z");
    // Midnight does not exist on this day.
    let beirut = good(json!({ "timezone": "Asia/Beirut", "startAt": "2026-03-29", "endAt": "2026-03-29" }));
    assert_eq!(window(&beirut), "2026-03-28T22:00:00Z/2026-03-29T21:00:00Z");
    let ever = good(json!({ "timezone": "UTC", "startAt": "0001-01-01", "endAt": "9999-12-31" }));
    assert_eq!(window(&ever), "0001-01-01T00:00:00Z/9999-12-30T22:00:00.999999Z");
}

// covers(gladly), S3.1
#[test]
fn minutes_are_taken_by_all_ten_names_and_the_last_one_counts() {
    for (name, _) in crate::metric_sets::ACCEPTED {
        let body = json!({ "metricSet": name, "startAtTime": "2026-03-02T10:00:59Z",
            "endAtTime": "2026-03-02T13:30+02:00", "startAt": null, "timezone": null });
        let wanted = read(body).unwrap();
        assert_eq!(window(&wanted), "2026-03-02T10:00:00Z/2026-03-02T11:31:00Z", "{name}");
        assert_eq!((wanted.name, times::name(&wanted.zone)), (name, "UTC"));
        assert_eq!(good(json!({ "metricSet": name })).name, name, "days too");
    }
}

// covers(gladly): S2.3, S3.1, R-28
#[test]
fn what_is_missing_is_named_in_the_order_of_the_table() {
    let all = [
        "metricSet | blank | metricSet must be specified",
        "startAt | blank | startAt must be specified",
        "endAt | blank | endAt must be specified",
    ];
    assert_eq!(wrong(json!({})), all);
    assert_eq!(wrong(json!({ "metricSet": null, "startAt": "", "endAt": null })), all);
    assert_eq!(wrong(with(json!({ "metricSet": "" }))), all[..1]);
    let several = wrong(json!({
        "metricSet": "AgentSummary", "startAt": "2026-13-01", "endAt": 5, "timezone": "Mars",
        "aggregationLevel": "yearly",
        "filters": { "phoneNumber": "+15551234567", "teams": ["t9"], "inboxes": ["i1"], "channel": "chat" },
    }));
    assert_eq!(
        several,
        [
            "startAt | invalid | the specified value is not a valid date",
            "endAt | invalid | the specified value is not a valid date",
            "timezone | invalid | the specified value is not a valid time zone",
            "aggregationLevel | invalid | the specified value is not a valid aggregation level",
            "filters.channel | invalid | the channel filter cannot be applied to the AgentSummary metricSet",
            "filters.inboxes | invalid | the inboxes filter cannot be applied to the AgentSummary metricSet",
            "filters.teams | present | the requested team does not exist",
            "filters.phoneNumber | invalid | the phoneNumber filter cannot be applied to the AgentSummary metricSet",
        ]
    );
}

// covers(gladly), S3.2
#[test]
fn reports_that_we_do_not_make_are_refused_by_their_canonical_name() {
    let refusal = |name: &str| format!("metricSet | invalid | the {name} metricSet is not supported");
    assert_eq!(wrong(with(json!({ "metricSet": "taskexportreport" }))), [refusal("TaskExportReport")]);
    assert_eq!(wrong(with(json!({ "metricSet": "Nonsense" }))), [refusal("Nonsense")]);
    assert_eq!(wrong(with(json!({ "metricSet": 7 }))), [refusal("7")]);
    for name in crate::metric_sets::OTHERS {
        assert_eq!(wrong(with(json!({ "metricSet": name }))), [refusal(name)]);
    }
}

// covers(gladly)
#[test]
fn the_two_forms_of_a_window_do_not_mix() {
    let time =
        json!({ "startAtTime": "2026-03-02T10:00Z", "endAtTime": "2026-03-02T11:00Z", "timezone": "UTC" });
    let refusal = |field: &str| {
        format!("{field} | present | {field} must not be specified together with startAtTime and endAtTime")
    };
    assert_eq!(wrong(with(time.clone())), ["startAt", "endAt", "timezone"].map(refusal));
    let half =
        json!({ "metricSet": "AgentSummary", "endAt": "2026-03-02", "startAtTime": "2026-03-02T10:00Z" });
    assert_eq!(wrong(half), [refusal("endAt"), "endAtTime | blank | endAtTime must be specified".into()]);
    let other = json!({ "metricSet": "AgentSummary", "endAtTime": "2026-03-02T10:00Z" });
    assert_eq!(wrong(other), ["startAtTime | blank | startAtTime must be specified"]);
}

// covers(gladly): S2.3, X-7
#[test]
fn windows_end_after_they_start() {
    let minutes = |start: &str, end: &str| {
        wrong(json!({ "metricSet": "AgentSummary", "startAtTime": start, "endAtTime": end }))
    };
    let text = ["startAtTime | invalid | endAtTime must occur after startAtTime"];
    assert_eq!(minutes("2026-03-02T10:00Z", "2026-03-02T10:00Z"), text);
    assert_eq!(minutes("2026-03-02T10:00:10Z", "2026-03-02T10:00:50Z"), text, "the same minute");
    assert_eq!(minutes("2026-03-02T10:00Z", "2026-03-02T11:00+02:00"), text);
    let bad = "endAtTime | invalid | the specified value is not a valid time";
    assert_eq!(minutes("2026-03-02T10:00Z", "2026-03-02T11:00"), [bad], "without an offset");
    let backwards = wrong(with(json!({ "endAt": "2026-03-01" })));
    assert_eq!(backwards, ["startAt | invalid | endAt must occur after startAt"]);
}

// covers(gladly), S3.1
#[test]
fn half_hours_are_for_a_month_of_the_reports_zone() {
    let half = |start: &str, end: &str, zone: &str| {
        read(with(json!({ "metricSet": "AgentSummaryV2", "aggregationLevel": "halfHourly", "startAt": start,
            "endAt": end, "timezone": zone })))
        .map(|_| ())
    };
    // 31 days with a change of clocks in them, one way and the other.
    assert!(half("2026-03-01", "2026-03-31", "Europe/Berlin").is_ok());
    assert!(half("2026-10-01", "2026-10-31", "Europe/Berlin").is_ok());
    assert!(half("2026-03-01", "2026-04-01", "Europe/Berlin").is_err());
    let minutes = |end: &str| {
        read(json!({ "metricSet": "AgentSummary", "aggregationLevel": "halfHourly",
            "startAtTime": "2026-03-01T00:00Z", "endAtTime": end }))
    };
    assert!(minutes("2026-04-01T00:00Z").is_ok());
    let wrong = minutes("2026-04-01T00:01Z").unwrap_err();
    let text = json!([{ "attr": "aggregationLevel", "code": "invalid",
        "detail": "the specified value is not a valid aggregation level" }]);
    assert_eq!(wrong, text);
    // Other reports have no level, so nothing about it is wrong.
    for set in ["ContactExportReport", "WorkSessionsReport"] {
        good(json!({ "metricSet": set, "aggregationLevel": "yearly", "endAt": "2026-12-31" }));
        good(json!({ "metricSet": set, "aggregationLevel": "halfHourly", "endAt": "2026-12-31" }));
    }
    good(json!({ "metricSet": "AgentSummary", "aggregationLevel": null }));
}

// covers(gladly), S3.1
#[test]
fn filters_apply_where_they_apply_and_their_defaults_everywhere() {
    let all =
        json!({ "channel": "voice", "inboxes": ["i2", "i1"], "teams": ["t1"], "phoneNumber": null, "x": 1 });
    let wanted = good(json!({ "filters": all, "unknownKey": true }));
    assert_eq!(wanted.channels, [C::PhoneCall, C::Voicemail, C::AbandonedCall]);
    let ids: Vec<_> = wanted.inboxes.iter().map(|id| id.as_str()).collect();
    assert_eq!((ids, wanted.teams[0].as_str()), (vec!["i2", "i1"], "t1"));
    for (channel, is) in [
        ("chat", C::Chat),
        ("email", C::Email),
        ("fbMessenger", C::FbMessenger),
        ("sms", C::Sms),
        ("twitter", C::Twitter),
        ("whatsapp", C::Whatsapp),
        ("instagramDirect", C::InstagramDirect),
    ] {
        let body = json!({ "metricSet": "ContactExportReport", "filters": { "channel": channel } });
        assert_eq!(good(body).channels, [is]);
    }
    let none = json!({ "channel": "allChannels", "inboxes": [], "teams": [] });
    for (set, _) in crate::metric_sets::ACCEPTED {
        let wanted = good(json!({ "metricSet": set, "filters": none }));
        assert!(wanted.channels.is_empty() && wanted.inboxes.is_empty() && wanted.teams.is_empty());
        good(json!({ "metricSet": set, "filters": null }));
        let phone = wrong(with(json!({ "metricSet": set, "filters": { "phoneNumber": "+1" } })));
        let detail = format!("the phoneNumber filter cannot be applied to the {set} metricSet");
        assert_eq!(phone, [format!("filters.phoneNumber | invalid | {detail}")]);
    }
    let refused = |set: &str, filters: Value| wrong(with(json!({ "metricSet": set, "filters": filters })));
    assert_eq!(
        refused("contactexportreportv3", json!({ "teams": ["t1"] })),
        [
            "filters.teams | invalid | the teams filter cannot be applied to the ContactExportReportV3 metricSet"
        ]
    );
    assert_eq!(
        refused("WorkSessionsReport", json!({ "inboxes": ["i1", "nothing"] })),
        ["filters.inboxes | present | the requested inbox does not exist"]
    );
    assert_eq!(
        refused("WorkSessionsReport", json!({ "channel": "fax", "inboxes": "i1", "teams": [1] })),
        [
            "filters.channel | invalid | the specified value is not a valid channel",
            "filters.inboxes | invalid | the specified value is not a valid list of inbox ids",
            "filters.teams | invalid | the specified value is not a valid list of team ids",
        ]
    );
    assert_eq!(
        refused("AgentSummary", json!([])),
        ["filters | invalid | the specified value is not a valid object"]
    );
}

// covers(gladly): S3.3, S2.3
#[test]
fn the_work_session_operation_needs_both_minutes() {
    let read = |body: Value| {
        request::work_session_events(&object(body)).map_err(|wrong| serde_json::to_value(wrong).unwrap())
    };
    let (span, window) =
        read(json!({ "startAtTime": "2020-03-02T10:00Z", "endAtTime": "2020-03-02T11:00Z", "x": 1 }))
            .unwrap();
    assert_eq!(
        (window.start.to_string(), window.end.to_string()),
        ("2020-03-02T10:00:00Z".into(), "2020-03-02T11:01:00Z".into())
    );
    let file = file_name::work_session_events(span);
    assert_eq!(file, "WorkSessionEventsReport-20200302T1000Z-20200302T1100Z.csv");
    let blank =
        |attr: &str| json!({ "attr": attr, "code": "blank", "detail": format!("{attr} must be specified") });
    assert_eq!(read(json!({})).unwrap_err(), json!([blank("startAtTime"), blank("endAtTime")]));
}

// covers(gladly), S2.4
#[test]
fn files_are_named_after_report_window_and_level() {
    let file = |fields: Value| file_name::report(&good(fields));
    assert_eq!(
        file(json!({ "metricSet": "agentsummary", "startAt": "2019-05-01", "endAt": "2019-05-16" })),
        "AgentSummary-20190501-20190516-Daily.csv"
    );
    for (level, suffix) in [
        ("halfHourly", "HalfHourly"),
        ("weekly", "Weekly"),
        ("monthly", "Monthly"),
        ("quarterly", "Quarterly"),
    ] {
        let name = file(json!({ "metricSet": "AgentSummaryReport", "aggregationLevel": level }));
        assert_eq!(name, format!("AgentSummaryReport-20260302-20260302-{suffix}.csv"));
    }
    let export = file(json!({ "metricSet": "contactExportReportV3", "aggregationLevel": "weekly" }));
    assert_eq!(export, "ContactExportReportV3-20260302-20260302.csv");
    let minutes = json!({ "metricSet": "AgentSummary", "startAt": null, "endAt": null,
        "startAtTime": "2020-03-02T12:00+02:00", "endAtTime": "2020-03-03T10:00Z" });
    assert_eq!(file(minutes), "AgentSummary-20200302T1000Z-20200303T1000Z-Daily.csv");
}

// covers(gladly): S4
#[test]
fn work_sessions_have_19_columns() {
    let expected = "id,contact_session_id,contact_session_created_at,customer_id,conversation_id,inbox_id,channel,\
        direction,agent_accepted_at,contact_session_routed_at,agent_id,sla_fulfilled_at,contact_session_ended_at,\
        status,within_sla,work_session_handle_time_sec,work_session_after_contact_time_sec,\
        work_session_unknown_time_sec,accepted_inbox_id";
    assert_eq!(names(&WORK_SESSIONS).join(","), expected);
}

// covers(gladly): S5, X-9
#[test]
fn the_contact_export_has_36_columns() {
    let expected = "Timezone Filter,Queued At,Customer ID,Conversation ID,Contact ID,Link,Channel,Direction,\
        Contact Initiator,Entry Point,Final IVR Selection,Due At,First Accepted At,First Accepted Agent ID,\
        First Accepted Agent Name,Fulfilled At,Fulfilled Type,Fulfilled Before Due,Ended At,Ended Status,\
        Ended Reason,Inbox ID - Created,Inbox Name - Created,Inbox ID - Current,Inbox Name - Current,\
        Assigned Agent ID - Current,Assigned Agent Name - Current,Queued-to-First Accepted Time in seconds,\
        Queued-to-Fulfilled Time in seconds,Queued-to-Ended Time in seconds,\
        First Accepted-to-Fulfilled Time in seconds,Handle Time in seconds,After Contact Time in seconds,\
        Hold Time in seconds,Talk Time in seconds,Transfers";
    assert_eq!(names(&CONTACT_EXPORT).join(","), expected);
}

// covers(gladly): S6, X-10
#[test]
fn the_agent_summary_has_41_columns_and_eight_breakdowns_of_nine_channels() {
    let names = names(&AGENT_SUMMARY);
    let plain = "Timezone Filter,Bucket Beginning,Bucket End,Name,Email,Agent ID,User Status,Role(s),Inbox(es),\
        Team(s),Logged In,Logged Out,Logged In Time in seconds,Went Away,Returned from Away,Changed Active Reason,\
        Active Time in seconds,Away Time in seconds,Available Time in seconds - Any,\
        Available Time in seconds - Mail,Available Time in seconds - Messaging,Available Time in seconds - Task,\
        Available Time in seconds - Voice,Contact Offered,Contact Accepted,Contact Declined,Contact Missed,\
        Contact Started,Contact Transferred,Contact Ended,Message Sent,Handle Time in seconds,\
        After Contact Time in seconds,Hold Time in seconds,Conversation Closed,Task Created,Task Closed,\
        Task Reopened,Task Commented On,Task Content Updated,Task Due Date Updated";
    assert_eq!(names[..41].join(","), plain);
    let metrics = [
        "Contact Offered",
        "Contact Accepted",
        "Contact Declined",
        "Contact Missed",
        "Contact Started",
        "Message Sent",
        "Handle Time in seconds",
        "After Contact Time in seconds",
    ];
    let channels = [
        "Chat",
        "Email",
        "FB Messenger",
        "Instagram Direct",
        "Phone Call",
        "SMS",
        "Twitter",
        "Voicemail",
        "WhatsApp",
    ];
    let blocks: Vec<_> = metrics
        .iter()
        .flat_map(|metric| channels.iter().map(move |channel| format!("{metric} - {channel}")))
        .collect();
    assert_eq!(names[41..], blocks);
    assert_eq!(names.len(), 113);
}

#[test]
fn the_zone_of_a_report_by_minutes_is_utc_and_of_days_the_one_asked_for() {
    let zone = |wanted: &Wanted| times::name(&wanted.zone).to_owned();
    assert_eq!(zone(&good(json!({}))), "America/Los_Angeles");
    assert_eq!(zone(&good(json!({ "timezone": "asia/tokyo" }))), "Asia/Tokyo");
    assert_eq!(times::name(&TimeZone::UTC), "UTC");
}
