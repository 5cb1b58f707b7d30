//! Telephones, and supervision, which is set up at the supervisor's own (contract §3.2, §4).

use crate::{
    ApiError,
    answer::{self, Code},
    config::Feature,
    dialect::Dialect,
    fields::Fields,
    me::{may_use_voice, needs},
    operation::Operation,
    roles::{Rank, rank_of},
    select::Selection,
    wire,
};
use axum::{
    extract::{Path, RawQuery, Request, State},
    response::Response,
};
use touchline_app::live::board::{Command, DeviceId, DeviceView, Given, Mode, Scope, WatchWish};
use touchline_http::CallerOf;
use touchline_model::Caller;

/// Fields by which lists can be filtered.
const FILTERS: [&str; 8] = [
    "id",
    "deviceState",
    "phoneNumber",
    "e164Number",
    "telephonyNetwork",
    "doNotDisturb",
    "forwardTo",
    "voiceEnvironmentUri",
];

/// Telephones as answers show them.
pub(crate) fn device_fields(dialect: &Dialect, views: &[DeviceView]) -> Vec<Fields> {
    let fields = |view| Fields::of(&wire::device(&dialect.config, &dialect.prefix, view, true));
    views.iter().map(fields).collect()
}

fn list(dialect: &Dialect, query: Option<&str>, views: &[DeviceView]) -> Result<Response, ApiError> {
    needs(dialect, Feature::Voice)?;
    let selection = Selection::read(query, &FILTERS)?;
    Ok(selection.list("devices", device_fields(dialect, views)))
}

fn single(
    dialect: &Dialect,
    query: Option<&str>,
    views: &[DeviceView],
    id: &str,
) -> Result<Response, ApiError> {
    needs(dialect, Feature::Voice)?;
    let selection = Selection::read(query, &[])?;
    let view = views.iter().find(|it| it.device.id.0 == id).ok_or_else(|| ApiError::not_found("device"))?;
    let fields = Fields::of(&wire::device(&dialect.config, &dialect.prefix, view, true));
    Ok(answer::found("device", &selection.trim(fields)))
}

/// `GET /me/devices`
pub(crate) async fn own(
    State(dialect): State<Dialect>,
    CallerOf(caller): CallerOf,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    list(&dialect, query.as_deref(), &dialect.app.live().device_views(&caller))
}

/// `GET /me/devices/{id}`
pub(crate) async fn own_one(
    State(dialect): State<Dialect>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    single(&dialect, query.as_deref(), &dialect.app.live().device_views(&caller), &id)
}

/// `GET /devices`
pub(crate) async fn all(
    State(dialect): State<Dialect>,
    CallerOf(caller): CallerOf,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    list(&dialect, query.as_deref(), &dialect.app.live().all_device_views(&caller))
}

/// `GET /devices/{id}`
pub(crate) async fn one(
    State(dialect): State<Dialect>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    single(&dialect, query.as_deref(), &dialect.app.live().all_device_views(&caller), &id)
}

/// `GET /users/{id}/devices`
pub(crate) async fn of_user(
    State(dialect): State<Dialect>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let people = dialect.app.colleagues(&caller).await?;
    let person = people.iter().find(|it| wire::wire_id(&it.user.id) == id);
    let person = person.ok_or_else(|| ApiError::not_found("user"))?;
    let mut views = dialect.app.live().all_device_views(&caller);
    views.retain(|it| it.device.user.as_ref() == Some(&person.user.id));
    list(&dialect, query.as_deref(), &views)
}

/// Refuses telephones of others (6), and those at which the caller does not work now (2): what is wanted would happen at
/// another one.
pub(crate) fn working_at(dialect: &Dialect, caller: &Caller, device: &DeviceId) -> Result<(), ApiError> {
    let own = dialect.app.live().device_views(caller);
    if !own.iter().any(|it| it.device.id == *device) {
        return Err(ApiError::not_found("device"));
    }
    let meant = own.iter().find(|it| it.active).or(own.first());
    if meant.is_some_and(|it| it.device.id == *device) {
        return Ok(());
    }
    Err(ApiError::new(Code::NotNow, "you do not work at this device now"))
}

/// `POST /me/devices/{id}`
pub(crate) async fn post(
    State(dialect): State<Dialect>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let operation = Operation::read(request).await?;
    let monitors =
        matches!(operation.name.as_str(), "ListenIn" | "Coach" | "BargeIn" | "CancelSupervisorMonitoring");
    let known = monitors
        || matches!(
            operation.name.as_str(),
            "ForwardCallsOn" | "ForwardCallsOff" | "DoNotDisturbOn" | "DoNotDisturbOff"
        );
    if !known {
        return Err(operation.unknown());
    }
    may_use_voice(&dialect, &caller)?;
    if monitors {
        needs(&dialect, Feature::Monitoring)?;
        if rank_of(&caller) < Rank::Supervisor {
            return Err(ApiError::new(Code::NoRight, "only supervisors may watch"));
        }
    }
    working_at(&dialect, &caller, &DeviceId(id))?;
    let command = command(&dialect, &operation)?;
    dialect.app.live().command(&caller, command)?;
    Ok(answer::accepted())
}

fn command(dialect: &Dialect, operation: &Operation) -> Result<Command, ApiError> {
    Ok(match operation.name.as_str() {
        "ForwardCallsOn" => Command::Forward(Some(operation.number("destination")?)),
        "ForwardCallsOff" => Command::Forward(None),
        "DoNotDisturbOn" => Command::DoNotDisturb(true),
        "DoNotDisturbOff" => Command::DoNotDisturb(false),
        "ListenIn" => Command::Watch(wish(dialect, operation, Mode::Listen)),
        "Coach" => Command::Watch(wish(dialect, operation, Mode::Coach)),
        "BargeIn" => Command::Watch(wish(dialect, operation, Mode::BargeIn)),
        "CancelSupervisorMonitoring" => Command::Unwatch,
        _ => return Err(operation.unknown()),
    })
}

/// What cannot be read goes on as such: the order in which it is refused is the board's.
fn wish(dialect: &Dialect, operation: &Operation, mode: Mode) -> WatchWish {
    let target = match operation.text("targetDeviceUri") {
        Ok(None) => None,
        Ok(Some(uri)) => Some(dialect.prefix.device(uri)),
        Err(_) => Some(None),
    };
    let number = operation.get("phoneNumber").map(|_| operation.number("phoneNumber"));
    let number = match number {
        Some(Ok(number)) => Some(number),
        // A number that is none is nobody's.
        Some(Err(error)) if error.code == Code::BadValue => Some(String::new()),
        Some(Err(_)) | None => None,
    };
    WatchWish {
        mode,
        target,
        number,
        scope: given(
            operation,
            "supervisorMonitoringScope",
            &[("Agent", Scope::Agent), ("Call", Scope::Call)],
        ),
        once: given(operation, "supervisorMonitoringMode", &[("NextCall", true), ("AllCalls", false)]),
    }
}

fn given<T: Copy>(operation: &Operation, name: &str, values: &[(&str, T)]) -> Given<T> {
    let Some(value) = operation.get(name) else { return Given::Absent };
    let found = value.as_str().and_then(|text| values.iter().find(|(it, _)| *it == text));
    found.map_or(Given::Bad, |(_, value)| Given::Value(*value))
}
