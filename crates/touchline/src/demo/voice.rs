//! Telephones of the sample: two agents, a supervisor, and a customer who may call them.

use serde::{Deserialize, Serialize};
use touchline_app::{
    App,
    live::{
        ChangeTelephony, NewDevice,
        board::numbers::{NumberPlan, QueueConfig, RingGroup, RingOrder, UserNumber},
    },
    people::NewLogin,
};
use touchline_demo::cast;
use touchline_model::{Caller, Role, User, UserId};

/// Log-in of the Genesys voice dialect.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Genesys {
    /// User name: the person's e-mail address.
    pub user_name: String,
    /// Password.
    pub password: String,
    /// `supervisor` or `agent`.
    pub role: String,
    /// Number of the person's telephone.
    pub phone_number: String,
    /// Its id.
    pub device_id: String,
}

/// Log-in of a telephone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sip {
    /// `supervisor`, `agent` or `customer`.
    pub role: String,
    /// User name.
    pub user: String,
    /// Password.
    pub password: String,
    /// Number.
    pub number: String,
    /// Domain: any name or address of the server.
    pub domain: String,
}

/// A telephone of the sample.
struct Desk {
    role: &'static str,
    number: &'static str,
    device: &'static str,
    user: Option<(UserId, Role)>,
}

/// A password of somebody who has one already.
pub(super) struct Known<'a> {
    pub(super) email: &'a str,
    pub(super) password: &'a str,
}

/// Numbers and telephones, and how to log in. `known` are the people whose passwords were made before.
pub(super) async fn telephones(
    app: &App,
    caller: &Caller,
    known: &[Known<'_>],
    domain: &str,
) -> Result<(Vec<Genesys>, Vec<Sip>), String> {
    let cast = cast();
    let agents = vec![cast.agent.clone(), cast.colleague.clone()];
    let desk = |role, number, device, user| Desk { role, number, device, user };
    let desks = [
        desk(
            "supervisor",
            "5005",
            "efe1ab32-53f9-43ce-b65e-5768c61f7d4a",
            Some((cast.supervisor, Role::Coach)),
        ),
        desk("agent", "5001", "9c14cad7-17c4-48d0-8492-7cf0ff92c224", Some((cast.agent, Role::Agent))),
        desk("agent", "5002", "74152ed8-858f-4a33-9e96-36213a678d30", Some((cast.colleague, Role::Agent))),
        desk("customer", "5000", "51e2fb4c-6b3a-4d0b-9d59-08a3e1f2c7b6", None),
    ];
    let plan = plan(&desks, agents);
    let version = app.telephony(caller).await.map_err(super::text)?.version;
    let change = ChangeTelephony { version, plan, ..ChangeTelephony::default() };
    app.change_telephony(caller, change).await.map_err(super::text)?;
    let there = app.devices(caller).await.map_err(super::text)?;
    let (mut genesys, mut sip) = (Vec::new(), Vec::new());
    for Desk { role, number, device, user } in desks {
        // A load that was broken off goes on: nobody has read its passwords.
        let made = match there.iter().any(|it| it.id == device) {
            true => app.renew_device_password(caller, device).await,
            false => {
                let user = user.as_ref().map(|it| it.0.clone());
                let id = Some(device.to_owned());
                let new = NewDevice { id, user, number: number.to_owned(), ..NewDevice::default() };
                app.create_device(caller, new).await
            }
        };
        let made = made.map_err(super::text)?;
        sip.push(Sip {
            role: role.to_owned(),
            user: made.device.sip_user,
            password: made.password,
            number: number.to_owned(),
            domain: domain.to_owned(),
        });
        let Some((user, role_here)) = user else { continue };
        let email = app.get::<User>(caller, user.as_str()).await.map_err(super::text)?.value.email;
        let password = match known.iter().find(|it| it.email == email) {
            Some(known) => known.password.to_owned(),
            None => {
                let new = NewLogin { user: user.0, role: role_here, password: None, reset: true };
                app.put_login(caller, new).await.map_err(super::text)?.unwrap_or_default()
            }
        };
        genesys.push(Genesys {
            user_name: email,
            password,
            role: role.to_owned(),
            phone_number: number.to_owned(),
            device_id: device.to_owned(),
        });
    }
    Ok((genesys, sip))
}

fn plan(desks: &[Desk], agents: Vec<UserId>) -> NumberPlan {
    let numbers =
        |role: &str| desks.iter().filter(|it| it.role == role).map(|it| it.number.to_owned()).collect();
    let user = |desk: &Desk| {
        let (user, _) = desk.user.clone()?;
        Some(UserNumber { number: desk.number.to_owned(), user, public: None, outside: true })
    };
    NumberPlan {
        users: desks.iter().filter_map(user).collect(),
        groups: vec![RingGroup {
            number: "5200".to_owned(),
            name: "Billing, whoever is there".to_owned(),
            members: numbers("agent"),
            order: RingOrder::All,
            ring_secs: 20,
            overflow: Some("5100".to_owned()),
            public: None,
        }],
        queues: vec![QueueConfig {
            number: "5100".to_owned(),
            name: "Billing line".to_owned(),
            members: agents,
            ring_secs: 15,
            overflow_after_secs: None,
            overflow: None,
            overflow_when_nobody: false,
            max_waiting: 100,
            wrap_up_secs: 0,
            misses: 3,
            public: None,
        }],
        ..NumberPlan::default()
    }
}
