//! The live wall: who sees whom, and what comes of pressing Listen, Coach, Barge and Stop. Telephones are pretended.

use crate::{
    floor::{Floor, order, press, tile},
    world::{ESCAPED, HOSTILE},
};
use http::StatusCode;
use touchline_app::live::{
    ChangeTelephony, Order, Target, Thresholds,
    board::{
        AgentState, CallCommand, Command,
        numbers::{NumberPlan, QueueConfig},
    },
};
use touchline_model::{Caller, Group, GroupKind, Role};

#[tokio::test(flavor = "multi_thread")]
async fn without_telephones_the_wall_says_how_to_get_some_and_nothing_leads_to_it() {
    let floor = Floor::new().await;
    let coach = floor.world.browser("cory", Role::Coach).await;
    let page = coach.page("/live").await;
    assert!(page.contains("No telephones yet") && page.contains("section telephony"), "{page}");
    assert!(!page.contains("href=\"/live\" data-go=\"l\""), "{page}");
    floor.agent("ana", "Ana Ruiz", "5001", None).await;
    let page = coach.page("/live").await;
    assert!(page.contains("href=\"/live\" data-go=\"l\" aria-current=\"page\""), "{page}");
    assert!(page.contains("You have no telephone of your own"), "{page}");
    assert!(tile(&page, "ana").contains("value=\"coach\" class=\"coach\" aria-pressed=\"false\" disabled"));
    let refused = coach.post("/live/supervise", &press("d-ana", "coach")).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.text.contains("role=\"alert\"") && refused.text.contains("That did not work"));
    assert!(floor.orders().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_may_not_see_the_wall_nor_press_anything_on_it() {
    let floor = Floor::new().await;
    floor.agent("ana", "Ana Ruiz", "5001", None).await;
    let agent = floor.world.browser("bob", Role::Agent).await;
    floor.phone("bob", Some("bob"), "5002").await;
    for path in ["/live", "/live/wall"] {
        let page = agent.get(path).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
        assert!(!page.text.contains("Ana Ruiz"));
    }
    for path in ["/live/supervise", "/live/stop"] {
        assert_eq!(agent.post(path, &press("d-ana", "listen")).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert!(!agent.page("/").await.contains("href=\"/live\""));
    let stranger = floor.world.anybody().get("/live").await;
    assert_eq!(stranger.leads_to(), "/sign-in?next=%2Flive");
    assert!(floor.orders().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn coach_is_pressed_the_telephone_rings_and_the_banner_says_who_hears_whom() {
    let floor = Floor::new().await;
    floor.agent("ana", "Ana Ruiz", "5001", None).await;
    floor.phone("c", None, "5000").await;
    let supervisor = floor.supervisor("sue", "Sue Park", "5005").await;
    let other = floor.supervisor("tom", "Tom Hale", "5006").await;
    floor.customer_calls("5001");
    floor.answers("ana");
    floor.passes(74);
    let page = supervisor.page("/live").await;
    let ana = tile(&page, "ana");
    assert!(ana.contains("Talking") && ana.contains("01:14") && ana.contains("5000"), "{ana}");
    assert!(ana.contains("Inbound") && !page.contains("class=\"supervising"), "{page}");
    floor.orders();

    let pressed = supervisor.post("/live/supervise", &press("d-ana", "coach")).await;
    assert_eq!(pressed.leads_to(), "/live#supervision");
    let invited: Vec<_> = floor
        .orders()
        .into_iter()
        .filter_map(|it| match it {
            Order::Invite { to: Target::Device(device), .. } => Some(device.0),
            _ => None,
        })
        .collect();
    assert_eq!(invited, ["d-sue"], "the supervisor's telephone is rung, and nobody else's");
    let page = supervisor.page("/live").await;
    assert!(page.contains("Your telephone rings. Answer it to coach Ana Ruiz."), "{page}");
    assert!(page.contains("class=\"supervising coach\""), "not on the call yet: {page}");

    floor.answers("sue");
    floor.passes(5);
    let fragment = supervisor.page("/live/wall").await;
    assert!(!fragment.contains("<html"));
    assert!(fragment.contains("class=\"supervising coach on\""), "{fragment}");
    assert!(fragment.contains("<strong>You are coaching Ana Ruiz. Only Ana Ruiz hears you.</strong>"));
    assert!(fragment.contains(">00:05</span>"), "{fragment}");
    assert!(tile(&fragment, "ana").contains("class=\"coach\" aria-pressed=\"true\">"));
    let seen = other.page("/live").await;
    assert!(tile(&seen, "ana").contains("Sue Park coaches") && !seen.contains("class=\"supervising"));
    let taken = other.post("/live/supervise", &press("d-ana", "listen")).await;
    assert_eq!(taken.status, StatusCode::CONFLICT);
    assert!(taken.text.contains("That did not work: somebody else supervises this agent."), "{}", taken.text);

    // From coaching one may join; back to coaching not, unless so configured.
    assert_eq!(
        supervisor.post("/live/supervise", &press("d-ana", "barge")).await.leads_to(),
        "/live#supervision"
    );
    let page = supervisor.page("/live").await;
    assert!(page.contains("You have joined Ana Ruiz’s call. Everybody hears you."), "{page}");
    let ana = tile(&page, "ana");
    assert!(ana.contains("value=\"coach\" class=\"coach\" aria-pressed=\"false\" disabled"), "{ana}");
    assert!(ana.contains("value=\"listen\" class=\"listen\" aria-pressed=\"false\">"), "{ana}");
    let back = supervisor.post("/live/supervise", &press("d-ana", "coach")).await;
    assert_eq!(back.status, StatusCode::CONFLICT);
    floor.orders();

    let (sue, ana) = (floor.line("sue"), floor.line("ana"));
    assert_eq!(supervisor.post("/live/stop", &[]).await.leads_to(), "/live#supervision");
    let hung_up: Vec<_> = floor
        .orders()
        .into_iter()
        .filter_map(|it| match it {
            Order::HangUp { line, .. } => Some(line),
            _ => None,
        })
        .collect();
    assert_eq!(hung_up, [sue], "only the supervisor leaves, not {ana:?}");
    let page = supervisor.page("/live").await;
    assert!(!page.contains("class=\"supervising") && tile(&page, "ana").contains("Talking"), "{page}");
    let again = supervisor.post("/live/stop", &[]).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "there is nothing to stop");

    floor.world.app.live().written().await;
    let trail = floor.world.app.audit_page(&floor.world.admin, 0, 200).await.unwrap();
    let told: Vec<_> =
        trail.iter().map(|it| it.action.as_str()).filter(|it| it.starts_with("supervision.")).collect();
    assert_eq!(told.len(), 3, "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_may_wait_for_the_next_call_and_think_better_of_it() {
    let floor = Floor::new().await;
    floor.agent("ana", "Ana Ruiz", "5001", None).await;
    floor.phone("c", None, "5000").await;
    let supervisor = floor.supervisor("sue", "Sue Park", "5005").await;
    supervisor.post("/live/supervise", &press("d-ana", "listen")).await.leads_to();
    assert!(
        supervisor.page("/live").await.contains("You will listen to Ana Ruiz as soon as there is a call.")
    );
    supervisor.post("/live/supervise", &press("d-ana", "barge")).await.leads_to();
    let page = supervisor.page("/live").await;
    assert!(page.contains("You will join Ana Ruiz as soon as there is a call."), "{page}");
    supervisor.post("/live/stop", &[]).await.leads_to();
    floor.customer_calls("5001");
    floor.answers("ana");
    let rung = floor
        .orders()
        .into_iter()
        .any(|it| matches!(it, Order::Invite { to: Target::Device(device), .. } if device.0 == "d-sue"));
    assert!(!rung, "who has stopped is not rung");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_needs_a_look_most_comes_first_and_tiles_say_what_goes_on() {
    let floor = Floor::new().await;
    for (id, name, number) in [
        ("ana", "Ana Ruiz", "5001"),
        ("bea", "Bea Lind", "5002"),
        ("cem", HOSTILE, "5003"),
        ("dan", "Dan Ode", "5004"),
    ] {
        floor.agent(id, name, number, None).await;
    }
    floor.phone("c", None, "5000").await;
    floor.user("eve", "Eve Oak", None).await;
    floor.phone("eve", Some("eve"), "5007").await;
    let queue = QueueConfig {
        number: "7000".to_owned(),
        name: "Billing".to_owned(),
        members: vec!["bea".into()],
        ..queue()
    };
    let telephony = floor.world.app.telephony(&floor.world.admin).await.unwrap();
    let plan = NumberPlan { queues: vec![queue], ..telephony.settings.plan };
    let change = ChangeTelephony { version: telephony.version, plan, ..ChangeTelephony::default() };
    floor.world.app.change_telephony(&floor.world.admin, change).await.unwrap();
    floor.does("dan", Command::State(AgentState::NotReady(Some("Lunch".to_owned()))));
    let supervisor = floor.supervisor("sue", "Sue Park", "5005").await;
    let page = supervisor.page("/live").await;
    assert_eq!(order(&page), ["cem", "ana", "bea", "dan", "eve"], "ready by name, then away, then gone");
    assert!(tile(&page, "cem").contains(ESCAPED) && !page.contains(HOSTILE), "{page}");
    assert!(tile(&page, "dan").contains("Lunch") && tile(&page, "eve").contains("Not at work"));
    assert!(page.contains("5 agents: 0 on calls, 3 ready"), "{page}");

    floor.passes(10);
    floor.customer_calls("7000");
    let page = supervisor.page("/live").await;
    assert_eq!(order(&page)[0], "bea");
    assert!(tile(&page, "bea").contains("Ringing") && tile(&page, "bea").contains("Inbound · Billing"));
    assert!(page.contains(">Billing</th>"), "{page}");
    floor.answers("bea");
    floor.passes(30);
    let ana = Caller { user: Some("ana".into()), ..floor.world.admin.clone() };
    let dial = Command::Dial { number: "5003".to_owned(), data: serde_json::Map::new() };
    floor.world.app.live().command(&ana, dial).unwrap();
    floor.answers("ana");
    floor.answers("cem");
    let bea = Caller { user: Some("bea".into()), ..floor.world.admin.clone() };
    let call = floor.world.app.live().call_views(&bea)[0].call;
    floor.does("bea", Command::Call(call, CallCommand::Mute(true)));
    assert!(tile(&supervisor.page("/live").await, "bea").contains("Muted"));
    floor.does("bea", Command::Call(call, CallCommand::Mute(false)));
    floor.does("bea", Command::Call(call, CallCommand::Hold));
    floor.passes(7);
    let page = supervisor.page("/live").await;
    assert_eq!(order(&page)[0], "bea", "who has been on a call longest");
    let bea = tile(&page, "bea");
    assert!(
        bea.contains("On hold") && bea.contains(">00:07</span>") && bea.contains(">00:37</span>"),
        "{bea}"
    );
    let ana = tile(&page, "ana");
    assert!(ana.contains("Internal") && ana.contains(ESCAPED), "the other party by name: {ana}");
}

fn queue() -> QueueConfig {
    serde_json::from_str("{\"number\":\"7000\",\"name\":\"x\",\"members\":[]}").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leads_a_group_sees_its_people_alone_and_the_wall_can_be_narrowed_to_a_group() {
    let floor = Floor::new().await;
    let sue = floor.supervisor("sue", "Sue Park", "5005").await;
    let tom = floor.supervisor("tom", "Tom Hale", "5006").await;
    for (id, name, manager) in [("g-1", "Billing", Some("sue")), ("g-2", "Support", None)] {
        let group = Group {
            id: id.into(),
            name: name.to_owned(),
            kind: GroupKind::Team,
            parent_id: None,
            manager_id: manager.map(Into::into),
            active: true,
        };
        floor.world.app.put_one(&floor.world.admin, group).await.unwrap();
    }
    floor.agent("ana", "Ana Ruiz", "5001", Some("g-1")).await;
    floor.agent("bea", "Bea Lind", "5002", Some("g-2")).await;
    let page = sue.page("/live").await;
    assert_eq!(order(&page), ["ana"]);
    assert!(!page.contains("Bea Lind") && !page.contains("Support"), "{page}");
    let refused = sue.post("/live/supervise", &press("d-bea", "listen")).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.text.contains("this agent is in none of your groups"), "{}", refused.text);
    assert!(!refused.text.contains("Bea Lind"));
    assert_eq!(order(&tom.page("/live").await), ["ana", "bea", "sue"]);
    let narrowed = tom.page("/live?group=g-2").await;
    assert_eq!(order(&narrowed), ["bea"]);
    assert!(narrowed.contains("<option value=\"g-2\" selected>Support</option>"), "{narrowed}");
    let pressed =
        tom.post("/live/supervise", &[("device", "d-bea"), ("mode", "listen"), ("group", "g-2")]).await;
    assert_eq!(pressed.leads_to(), "/live?group=g%2D2#supervision");
    assert!(tom.page("/live?group=none").await.contains("Nobody in this group has a telephone."));
    assert_eq!(tom.post("/live/supervise", &press("d-bea", "spy")).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_too_long_is_marked_and_queues_say_how_many_were_answered_in_time() {
    let floor = Floor::new().await;
    floor.agent("bea", "Bea Lind", "5002", None).await;
    floor.phone("c", None, "5000").await;
    let queue = QueueConfig { name: "Billing".to_owned(), members: vec!["bea".into()], ..queue() };
    let telephony = floor.world.app.telephony(&floor.world.admin).await.unwrap();
    let plan = NumberPlan { queues: vec![queue], ..telephony.settings.plan };
    let thresholds = Thresholds { answer_within: Some(10), long_hold: Some(30), ..Thresholds::default() };
    let change =
        ChangeTelephony { version: telephony.version, plan, thresholds, ..ChangeTelephony::default() };
    floor.world.app.change_telephony(&floor.world.admin, change).await.unwrap();
    let supervisor = floor.supervisor("sue", "Sue Park", "5005").await;
    assert!(supervisor.page("/live").await.contains("no calls yet"));
    floor.customer_calls("7000");
    floor.passes(10);
    floor.answers("bea");
    let page = supervisor.page("/live").await;
    assert!(page.contains("<strong>100 % of 1</strong>"), "{page}");
    assert!(page.contains("Answered in time: within 10 s, since 09:30, when this server started."), "{page}");
    floor.does("bea", Command::Call(floor.call_of("bea").parse().unwrap(), CallCommand::Hold));
    floor.passes(29);
    assert!(!tile(&supervisor.page("/live").await, "bea").contains("On hold for long"));
    floor.passes(1);
    assert!(tile(&supervisor.page("/live").await, "bea").contains("On hold for long"));
    floor.does("bea", Command::Call(floor.call_of("bea").parse().unwrap(), CallCommand::Retrieve));
    floor.passes(870);
    let bea = tile(&supervisor.page("/live").await, "bea");
    assert!(bea.contains("Long call") && !bea.contains("On hold"), "{bea}");
    floor.hangs_up("c");

    // The next one waits for longer than anybody should.
    floor.does("bea", Command::State(AgentState::NotReady(None)));
    floor.customer_calls("7000");
    floor.passes(59);
    assert!(!supervisor.page("/live").await.contains("Too long"));
    floor.passes(1);
    let page = supervisor.page("/live").await;
    assert!(page.contains("Too long") && page.contains(">01:00</strong>"), "{page}");
    floor.hangs_up("c");
    let page = supervisor.page("/live").await;
    assert!(page.contains("<strong>50 % of 2</strong>") && !page.contains("Too long"), "{page}");
}
