//! Numbers and telephones of an organisation.

use crate::{Problem, input, mount::Mount};
use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
};
use schemars::JsonSchema;
use serde::Serialize;
use touchline_app::{
    App,
    live::{ChangeTelephony, DeviceInfo, DevicePassword, NewDevice, TelephonyView},
};
use touchline_http::{CallerOf, Gate, Operation};
use touchline_model::Ability;

const NEEDS: &[Ability] = &[Ability::Administer];

/// All of them: there are few.
#[derive(Debug, Serialize, JsonSchema)]
struct Devices {
    /// By number.
    items: Vec<DeviceInfo>,
}

pub(crate) fn mount<G: Gate>(mount: &mut Mount<G>) {
    let on = |operation: Operation| operation.tag("telephony").needs(NEEDS);
    let of_one = |operation: Operation| on(operation).path_param("id", "Id of the telephone.");
    mount.add(
        on(Operation::get("get_telephony", "/telephony"))
            .summary("Read numbers, queues, trunks, supervision and recording")
            .answer_json::<TelephonyView>(200, "As it is now; version 0 where nothing was set yet."),
        read,
    );
    mount.add(
        on(Operation::put("put_telephony", "/telephony"))
            .summary("Change numbers, queues, trunks, supervision and recording, as a whole")
            .description(
                "`version` is the one that was read: who has not seen the last change changes nothing. All that is wrong \
                 with the plan is told at once. Calls that go on are not touched.",
            )
            .body_json::<ChangeTelephony>()
            .answer_json::<TelephonyView>(200, "As it is now.")
            .answer_error_when(409, "Somebody else has changed it since it was read.")
            .answer_error(422),
        change,
    );
    mount.add(
        on(Operation::get("list_devices", "/telephony/devices"))
            .summary("List telephones")
            .answer_json::<Devices>(200, "All of them, with whether they are registered."),
        list,
    );
    mount.add(
        on(Operation::post("create_device", "/telephony/devices"))
            .summary("Make a telephone")
            .description("Its password is shown this once; only digests of it are kept, as SIP needs them.")
            .body_json::<NewDevice>()
            .answer_json::<DevicePassword>(201, "The telephone and its password.")
            .answer_error_when(409, "Its id, number or SIP user name is taken.")
            .answer_error(422),
        create,
    );
    mount.add(
        of_one(Operation::post("renew_device_password", "/telephony/devices/{id}/password"))
            .summary("Give a telephone another password")
            .answer_json::<DevicePassword>(200, "The telephone and its password, shown this once.")
            .answer_error(409),
        renew,
    );
    mount.add(
        of_one(Operation::delete("delete_device", "/telephony/devices/{id}"))
            .summary("Delete a telephone; its number stays in the plan")
            .answer_empty(204, "It is gone.")
            .answer_error(409),
        delete,
    );
}

async fn read(State(app): State<App>, CallerOf(caller): CallerOf) -> Result<Json<TelephonyView>, Problem> {
    Ok(Json(app.telephony(&caller).await?))
}

async fn change(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<TelephonyView>, Problem> {
    let change: ChangeTelephony = input::json(&app, &headers, body).await?;
    Ok(Json(app.change_telephony(&caller, change).await?))
}

async fn list(State(app): State<App>, CallerOf(caller): CallerOf) -> Result<Json<Devices>, Problem> {
    Ok(Json(Devices { items: app.devices(&caller).await? }))
}

async fn create(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<DevicePassword>), Problem> {
    let new: NewDevice = input::json(&app, &headers, body).await?;
    Ok((StatusCode::CREATED, Json(app.create_device(&caller, new).await?)))
}

async fn renew(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
) -> Result<Json<DevicePassword>, Problem> {
    Ok(Json(app.renew_device_password(&caller, &id).await?))
}

async fn delete(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    app.delete_device(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
