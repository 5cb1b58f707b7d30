//! Telephones and log-ins of the simulated people, made by the same use cases as everybody's.

use touchline_app::{
    App,
    live::{ChangeTelephony, NewDevice, board::numbers::QueueConfig},
    people::NewLogin,
};
use touchline_model::{Caller, Role, User, UserId};

/// The queue that simulated customers call.
pub(super) const QUEUE: &str = "5110";
const QUEUE_NAME: &str = "Customer line (simulated)";

/// A telephone of somebody.
pub(super) struct Line {
    /// Id of the telephone.
    pub(super) device: String,
    pub(super) number: String,
    pub(super) sip_user: String,
    pub(super) sip_password: String,
}

/// Somebody of ours.
pub(super) struct Employee {
    pub(super) line: Line,
    pub(super) email: String,
    pub(super) password: String,
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Sets up the queue, with these people in it.
pub(super) async fn queue(app: &App, caller: &Caller, members: &[UserId]) -> Result<(), String> {
    let now = app.telephony(caller).await.map_err(text)?;
    let queue = QueueConfig {
        number: QUEUE.to_owned(),
        name: QUEUE_NAME.to_owned(),
        members: members.to_vec(),
        ring_secs: 15,
        overflow_after_secs: None,
        overflow: None,
        overflow_when_nobody: false,
        max_waiting: 100,
        wrap_up_secs: 2,
        misses: 0,
        public: None,
    };
    let mut settings = now.settings;
    match settings.plan.queues.iter_mut().find(|it| it.number == QUEUE) {
        Some(there) => *there = queue,
        None => settings.plan.queues.push(queue),
    }
    let change = ChangeTelephony {
        version: now.version,
        plan: settings.plan,
        monitoring: settings.monitoring,
        recording: settings.recording,
        thresholds: settings.thresholds,
    };
    app.change_telephony(caller, change).await.map_err(text)?;
    Ok(())
}

/// A telephone, made or given a new password.
async fn line(
    app: &App,
    caller: &Caller,
    user: Option<UserId>,
    id: String,
    number: String,
) -> Result<Line, String> {
    let there = app.devices(caller).await.map_err(text)?.iter().any(|it| it.id == id);
    let made = match there {
        true => app.renew_device_password(caller, &id).await,
        false => {
            let new = NewDevice {
                id: Some(id),
                user,
                sip_user: Some(format!("sim-{number}")),
                number,
                public: false,
            };
            app.create_device(caller, new).await
        }
    };
    let made = made.map_err(text)?;
    Ok(Line {
        device: made.device.id,
        number: made.device.number,
        sip_user: made.device.sip_user,
        sip_password: made.password,
    })
}

/// The telephone of a customer: nobody's, and so one that may call our numbers only.
pub(super) async fn customer(app: &App, caller: &Caller, place: usize) -> Result<Line, String> {
    // Numbers that the regulator keeps free for films and samples.
    line(app, caller, None, format!("sim-customer-{place}"), format!("07700900{:03}", 100 + place)).await
}

/// Somebody of ours, with a telephone and a new password.
pub(super) async fn employee(
    app: &App,
    caller: &Caller,
    user: &UserId,
    role: Role,
    number: usize,
) -> Result<Employee, String> {
    let email = app.get::<User>(caller, user.as_str()).await.map_err(text)?.value.email;
    let new = NewLogin { user: user.0.clone(), role, password: None, reset: true };
    let password = app.put_login(caller, new).await.map_err(text)?.unwrap_or_default();
    let line = line(app, caller, Some(user.clone()), format!("sim-{user}"), number.to_string()).await?;
    Ok(Employee { line, email, password })
}
