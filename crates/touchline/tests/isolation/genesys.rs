//! The voice dialect: people log in by name and password, and what they want is an operation in a body.

use super::{Route, SECRET, new_login, routes_of};
use crate::common::{Engine, Server, Site, answer};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

/// The number of a telephone that acme alone has.
const NUMBER: &str = "5909";
/// Everything that can be wanted with a telephone, and with a call (contract genesys-voice §3.2, §3.3).
const OF_DEVICE: &str = "ForwardCallsOn ForwardCallsOff DoNotDisturbOn DoNotDisturbOff ListenIn Coach BargeIn \
                         CancelSupervisorMonitoring";
const OF_CALL: &str = "Answer Hangup Hold Retrieve MuteCall UnmuteCall SendDtmf SingleStepTransfer InitiateTransfer \
                       InitiateConference SingleStepConference CompleteTransfer CompleteConference SwapCalls \
                       RemoveParticipantFromConference AttachUserData UpdateUserData DeleteUserData DeleteUserDataPair \
                       StartCallRecording PauseCallRecording ResumeCallRecording StopCallRecording SwitchToListenIn \
                       SwitchToBargeIn SwitchToCoach MuteMonitoredUser UnmuteMonitoredUser";

/// Somebody who has logged in.
struct Person<'a> {
    server: &'a Server,
    cookie: String,
    csrf: String,
}

impl<'a> Person<'a> {
    async fn log_in(server: &'a Server, email: &str, password: &str) -> Self {
        let request = server.client.get(format!("{}/api/v2/me", server.base));
        let response = request.basic_auth(email, Some(password)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{email} is let in");
        let text = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        let cookie = text("set-cookie").split(';').next().unwrap().to_owned();
        Self { server, cookie, csrf: text("x-csrf-token") }
    }

    /// Status, `statusCode`, and the whole answer.
    async fn ask(&self, method: &Method, url: &str, body: Option<&Value>) -> (StatusCode, i64, String) {
        let request = self.server.client.request(method.clone(), format!("{}{url}", self.server.base));
        let mut request = request.header(header::COOKIE, &self.cookie).header("x-csrf-token", &self.csrf);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        let json: Value = serde_json::from_str(&text).unwrap();
        (status, json["statusCode"].as_i64().unwrap(), text)
    }

    async fn sees(&self, url: &str) -> Value {
        let (_, code, text) = self.ask(&Method::GET, url, None).await;
        assert_eq!(code, 0, "{url}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    async fn does(&self, url: &str, body: Value) {
        let (_, code, text) = self.ask(&Method::POST, url, Some(&body)).await;
        assert_eq!(code, 0, "{url} {body}: {text}");
    }

    /// Begins work, and a call that no telephone answers; its id.
    async fn calls(&self, device: &str) -> String {
        self.does(
            "/api/v2/me",
            json!({ "operationName": "StartContactCenterSession", "channels": ["voice"] }),
        )
        .await;
        let dial = json!({ "operationName": "Dial", "destination": { "phoneNumber": NUMBER } });
        self.does(&format!("/api/v2/me/devices/{device}/calls"), dial).await;
        let calls = self.sees("/api/v2/me/calls?fields=*").await;
        calls["calls"][0]["id"].as_str().unwrap_or_else(|| panic!("{calls}")).to_owned()
    }
}

async fn device(server: &Server, token: &str, body: Value) {
    let request = server.client.post(format!("{}/api/touchline/v1/telephony/devices", server.base));
    answer(request.bearer_auth(token).json(&body), StatusCode::CREATED).await;
}

/// What is to be tried at a route, with everything that any of it needs, of acme's where it names something.
fn wishes(route: &Route, call: &str) -> Vec<Option<Value>> {
    let of = |names: &str| {
        let wish = |name: &str| {
            Some(json!({
                "operationName": name, "destination": { "phoneNumber": NUMBER }, "phoneNumber": NUMBER,
                "digits": "1", "participant": NUMBER, "userData": { "k": "v" }, "key": "k",
                "consultCallUri": format!("/api/v2/me/calls/{call}"),
                "otherCallUri": format!("/api/v2/me/calls/{call}"),
            }))
        };
        names.split_whitespace().map(wish).collect()
    };
    match route.id {
        _ if route.method == Method::GET => vec![None],
        "postMe" => of("NotReady AuxWork AfterCallWork Ready"),
        "postChannel" => of("NotReady Ready"),
        "postOwnDevice" => of(OF_DEVICE),
        "dial" => of("Dial"),
        "postCall" => of(OF_CALL),
        other => panic!("what can be wanted of {other}?"),
    }
}

async fn story(engine: Engine) {
    let site = Site::fresh(engine).await;
    let other_token = site.new_tenant("other");
    let server = site.serve();
    let email = format!("{SECRET}@acme.example");
    server.put("/groups/7", &json!({ "name": SECRET })).await;
    let person = json!({ "email": email, "first_name": SECRET, "last_name": "X", "team_id": "7" });
    server.put("/users/7", &person).await;
    let password = new_login(&site, &email, "acme", "administrator");
    let owner_devices =
        [json!({ "id": "7", "user": "7", "number": "5001" }), json!({ "id": "7b", "number": NUMBER })];
    for body in owner_devices {
        device(&server, &server.token, body).await;
    }
    let other_email = "administrator@other.example";
    let other_password = new_login(&site, other_email, "other", "administrator");
    let people =
        server.client.get(format!("{}/api/touchline/v1/users", server.base)).bearer_auth(&other_token);
    let people = answer(people, StatusCode::OK).await;
    let other_user = &people["items"][0]["id"];
    // The same number in another organisation is another telephone.
    device(&server, &other_token, json!({ "id": "8", "user": other_user, "number": "5001" })).await;
    let agent_password = new_login(&site, "agent@acme.example", "acme", "agent");

    let owner = Person::log_in(&server, &email, &password).await;
    let other = Person::log_in(&server, other_email, &other_password).await;
    let agent = Person::log_in(&server, "agent@acme.example", &agent_password).await;
    let call = owner.calls("7").await;
    let user = owner.sees("/api/v2/me").await["user"]["id"].as_str().unwrap().to_owned();
    let routes = touchline_api_genesys::routes(&site.config().genesys);
    let mut routes = routes_of("/api/v2", routes.operations());
    assert!(routes.len() > 20, "{} routes", routes.len());
    for route in &mut routes {
        route.url = route
            .url
            .replace("/calls/7", &format!("/calls/{call}"))
            .replace("/users/7", &format!("/users/{user}"));
        if route.method == Method::GET && !route.id.ends_with("Channel") {
            route.url.push_str("?fields=*&subresources=*");
        }
    }
    let everything = "/api/v2/devices?fields=*&subresources=*";
    let before = (
        owner.sees(everything).await,
        owner.sees(&format!("/api/v2/me/calls/{call}")).await["call"]["state"].clone(),
    );

    let (mut shown, mut hidden) = (0, 0);
    for route in &routes {
        let at = format!("{} {} ({})", route.method, route.url, route.id);
        for sign in [None, Some(&server.token)] {
            let request =
                server.client.request(route.method.clone(), format!("{}{}", server.base, route.url));
            let request = sign.iter().fold(request, |it, token| it.bearer_auth(token));
            let text = request.body("{}").send().await.unwrap();
            assert_eq!(text.status(), StatusCode::UNAUTHORIZED, "{at} as a stranger");
            let text = text.text().await.unwrap();
            assert!(text.contains(r#""statusCode":20"#) && !text.contains(SECRET), "{at}: {text}");
        }
        // Channels and environments are the server's, and have other names.
        let names_a_record =
            (route.url.contains("/7") || route.url.contains(&call) || route.url.contains(&user))
                && !route.url.contains("/me/channels/")
                && !route.url.contains("/voice-environments/");
        if route.method == Method::GET {
            let (_, code, text) = owner.ask(&route.method, &route.url, None).await;
            assert!(code == 0 || !names_a_record, "{at} as the owner: {text}");
            shown += usize::from([SECRET, NUMBER].iter().any(|it| text.contains(it)));
            let (status, code, text) = agent.ask(&route.method, &route.url, None).await;
            if ["/devices", "/agent-groups"].iter().any(|it| route.url.contains(it))
                && !route.url.contains("/me/")
            {
                assert_eq!((status, code), (StatusCode::FORBIDDEN, 5), "{at} as an agent: {text}");
            }
        }
        for wish in wishes(route, &call) {
            let (status, code, text) = other.ask(&route.method, &route.url, wish.as_ref()).await;
            assert!(!status.is_server_error(), "{at} {wish:?} as another tenant: {status} {text}");
            let secrets = [SECRET, NUMBER, call.as_str(), user.as_str()];
            assert!(
                !secrets.iter().any(|it| text.contains(it)),
                "{at} {wish:?} shows another tenant's data: {text}"
            );
            if names_a_record {
                assert_eq!(
                    (status, code),
                    (StatusCode::NOT_FOUND, 6),
                    "{at} {wish:?} as another tenant: {text}"
                );
                hidden += 1;
            }
        }
    }
    assert!(shown >= 9 && hidden > 40, "{shown} routes show something, {hidden} wishes were refused");

    // Nor can it be named in what is wanted with something of one's own.
    other
        .does("/api/v2/me", json!({ "operationName": "StartContactCenterSession", "channels": ["voice"] }))
        .await;
    for (name, value) in [("targetDeviceUri", "/api/v2/devices/7"), ("phoneNumber", NUMBER)] {
        for mode in ["ListenIn", "Coach", "BargeIn"] {
            let wish = json!({ "operationName": mode, name: value });
            let (_, code, text) = other.ask(&Method::POST, "/api/v2/me/devices/8", Some(&wish)).await;
            assert_eq!(code, 6, "{wish}: {text}");
        }
    }
    let own_call = other.calls("8").await;
    for name in ["SwapCalls", "CompleteTransfer", "CompleteConference"] {
        let uri = format!("/api/v2/me/calls/{call}");
        let wish = json!({ "operationName": name, "otherCallUri": uri, "consultCallUri": uri });
        let (_, code, text) =
            other.ask(&Method::POST, &format!("/api/v2/me/calls/{own_call}"), Some(&wish)).await;
        assert!([2, 6].contains(&code), "{wish}: {text}");
    }

    let after = (
        owner.sees(everything).await,
        owner.sees(&format!("/api/v2/me/calls/{call}")).await["call"]["state"].clone(),
    );
    assert_eq!(before, after, "acme's telephones and calls are as they were");
    let own = owner.sees("/api/v2/me/calls").await;
    assert!(!own.to_string().contains(&own_call), "{own}");
    drop(server);
    site.assert_healthy();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_voice_client_sees_or_touches_what_is_another_tenants_on_sqlite() {
    story(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_voice_client_sees_or_touches_what_is_another_tenants_on_postgres() {
    story(Engine::Postgres).await;
}
