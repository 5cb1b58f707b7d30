//! Exports at fixed times.

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
    exports::{ChangeExportSchedule, ExportScheduleView, NewExportSchedule},
};
use touchline_http::{CallerOf, Gate, Operation};
use touchline_model::Ability;

const NEEDS: &[Ability] = &[Ability::Administer];

const ABOUT: &str = "Once an hour, a day or a week the data set is brought up to date below the destination that the \
     operator has configured: a file for each day, and a manifest that says which days are final. Webhooks that want \
     `export.published` hear when something new was published, `export.failed` when it could not be made. A run that \
     failed is tried again three times, and then waits for its next time.";

/// All of them: there are few.
#[derive(Debug, Serialize, JsonSchema)]
struct ExportSchedules {
    /// The oldest first.
    items: Vec<ExportScheduleView>,
}

pub(crate) fn mount<G: Gate>(mount: &mut Mount<G>) {
    let on = |operation: Operation| operation.tag("exports").needs(NEEDS);
    let of_one = |operation: Operation| on(operation).path_param("id", "Id of the scheduled export.");
    mount.add(
        on(Operation::get("list_export_schedules", "/export-schedules"))
            .summary("List scheduled exports")
            .answer_json::<ExportSchedules>(200, "All of them, with how the last run went."),
        list,
    );
    mount.add(
        on(Operation::post("create_export_schedule", "/export-schedules"))
            .summary("Have a data set exported at fixed times")
            .description(ABOUT)
            .body_json::<NewExportSchedule>()
            .answer_json::<ExportScheduleView>(201, "As it is now.")
            .answer_error_when(409, "The operator has configured no destination, or there are too many.")
            .answer_error(422),
        create,
    );
    mount.add(
        of_one(Operation::get("get_export_schedule", "/export-schedules/{id}"))
            .summary("Read one scheduled export")
            .answer_json::<ExportScheduleView>(200, "As it is now."),
        get,
    );
    mount.add(
        of_one(Operation::patch("change_export_schedule", "/export-schedules/{id}"))
            .summary("Change some of a scheduled export, or switch it off and on")
            .description("What is left out stays.")
            .body_json::<ChangeExportSchedule>()
            .answer_json::<ExportScheduleView>(200, "As it is now.")
            .answer_error(409)
            .answer_error(422),
        change,
    );
    mount.add(
        of_one(Operation::delete("delete_export_schedule", "/export-schedules/{id}"))
            .summary("Delete a scheduled export; what it has exported stays")
            .answer_empty(204, "It is gone.")
            .answer_error(409),
        delete,
    );
    mount.add(
        of_one(Operation::post("run_export_schedule", "/export-schedules/{id}/run"))
            .summary("Run a scheduled export now, besides its times")
            .answer_json::<ExportScheduleView>(202, "It is about to run; `last_run` will say how it went.")
            .answer_error(409),
        run,
    );
}

async fn list(State(app): State<App>, CallerOf(caller): CallerOf) -> Result<Json<ExportSchedules>, Problem> {
    Ok(Json(ExportSchedules { items: app.export_schedules(&caller).await? }))
}

async fn create(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<ExportScheduleView>), Problem> {
    let new: NewExportSchedule = input::json(&app, &headers, body).await?;
    Ok((StatusCode::CREATED, Json(app.create_export_schedule(&caller, new).await?)))
}

async fn get(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
) -> Result<Json<ExportScheduleView>, Problem> {
    Ok(Json(app.export_schedule(&caller, &id).await?))
}

async fn change(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<ExportScheduleView>, Problem> {
    let change: ChangeExportSchedule = input::json(&app, &headers, body).await?;
    Ok(Json(app.change_export_schedule(&caller, &id, change).await?))
}

async fn delete(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    app.delete_export_schedule(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn run(
    State(app): State<App>,
    CallerOf(caller): CallerOf,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<ExportScheduleView>), Problem> {
    Ok((StatusCode::ACCEPTED, Json(app.run_export_schedule(&caller, &id).await?)))
}
