//! The operations of the dialect (contract §3).

use crate::{
    GenesysConfig,
    answer::ErrorBody,
    calls, devices,
    dialect::Dialect,
    directory,
    gate::GenesysGate,
    me,
    operation::{MAX_BODY, OperationBody},
    settings,
};
use schemars::JsonSchema;
use touchline_http::{DocInfo, ErrorDoc, Operation, Routes, Security};

/// What stands before every path.
pub(crate) const PREFIX: &str = "/api/v2";

const DESCRIPTION: &str = "Compatible with the voice and supervisor-monitoring part of Genesys Web Services 8.5: sessions, agent \
    states, telephones, calls, supervision. An answer `{\"statusCode\":0}` means that an operation was accepted; what \
    comes of it is told on the notification channels (CometD at `/api/v2/notifications`).";

/// `statusCode`, and what was asked for.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "describes what is written field by field")]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Envelope")]
struct EnvelopeBody {
    /// 0; 7 if only a part of it was done.
    status_code: u8,
}

type GenesysRoutes = Routes<GenesysGate, Dialect>;

/// All operations, for the router, the document, and tests that walk them.
pub fn routes(_: &GenesysConfig) -> GenesysRoutes {
    let error = ErrorDoc::of::<ErrorBody>("application/json;charset=UTF-8");
    let info = DocInfo::new("Genesys Web Services voice", "2", DESCRIPTION, Security::Basic, error);
    let mut routes = Routes::new(GenesysGate, PREFIX, info);
    own(&mut routes);
    of_calls(&mut routes);
    of_all(&mut routes);
    routes
}

/// The OpenAPI 3.1 document of the dialect.
pub fn document(config: &GenesysConfig) -> serde_json::Value {
    routes(config).document()
}

fn get(id: &'static str, path: &'static str, summary: &'static str) -> Operation {
    Operation::get(id, path).summary(summary).answer_json::<EnvelopeBody>(200, "What was asked for.")
}

fn list(id: &'static str, path: &'static str, summary: &'static str) -> Operation {
    use touchline_http::Shape::Text;
    get(id, path, summary)
        .query("fields", Text, false, "`*` for whole objects, or the names of fields; without it addresses.")
        .query("subresources", Text, false, "`*`, or the names of what is to be embedded.")
}

fn post(id: &'static str, path: &'static str, summary: &'static str) -> Operation {
    Operation::post(id, path)
        .summary(summary)
        .body_json::<OperationBody>()
        .max_body(MAX_BODY as u64)
        .header("X-CSRF-TOKEN", touchline_http::Shape::Text, false, "As given with any GET.")
        .answer_json::<EnvelopeBody>(200, "Accepted.")
        .answer_error_when(409, "Somebody else has it.")
}

fn own(routes: &mut GenesysRoutes) {
    let id = "Id of the telephone.";
    routes
        .add(list("getMe", "/me", "Who asks").tag("Session"), me::get)
        .add(
            post("postMe", "/me", "Begin or end work; agent state")
                .tag("Session")
                .description("`StartContactCenterSession`, `EndContactCenterSession`, `Ready`, `NotReady`, `AfterCallWork`, `AuxWork`, `Offline`."),
            me::post,
        )
        .add(
            get("getChannel", "/me/channels/{channel}", "The voice channel")
                .tag("Session")
                .path_param("channel", "`voice`."),
            me::channel,
        )
        .add(
            post("postChannel", "/me/channels/{channel}", "Agent state")
                .tag("Session")
                .path_param("channel", "`voice`."),
            me::post_channel,
        )
        .add(list("listOwnDevices", "/me/devices", "Own telephones").tag("Devices"), devices::own)
        .add(list("getOwnDevice", "/me/devices/{id}", "An own telephone").tag("Devices").path_param("id", id), devices::own_one)
        .add(
            post("postOwnDevice", "/me/devices/{id}", "Forwarding, do not disturb, supervision")
                .tag("Devices")
                .path_param("id", id)
                .description("`ForwardCallsOn`, `ForwardCallsOff`, `DoNotDisturbOn`, `DoNotDisturbOff`, `ListenIn`, `Coach`, `BargeIn`, `CancelSupervisorMonitoring`."),
            devices::post,
        );
}

fn of_calls(routes: &mut GenesysRoutes) {
    let id = "Id of the call.";
    routes
        .add(
            post("dial", "/me/devices/{id}/calls", "Call somebody")
                .tag("Calls")
                .path_param("id", "Id of the telephone.")
                .description("`Dial`."),
            calls::dial,
        )
        .add(list("listCalls", "/me/calls", "Own calls").tag("Calls"), calls::own)
        .add(list("getCall", "/me/calls/{id}", "An own call").tag("Calls").path_param("id", id), calls::one)
        .add(
            post("postCall", "/me/calls/{id}", "Something with a call")
                .tag("Calls")
                .path_param("id", id)
                .description("One of the call's `capabilities`."),
            calls::post,
        );
}

fn of_all(routes: &mut GenesysRoutes) {
    let (device, user, group) = ("Id of the telephone.", "Id of the user.", "Id of the group.");
    routes
        .add(list("listDevices", "/devices", "All telephones").tag("Devices"), devices::all)
        .add(
            list("getDevice", "/devices/{id}", "A telephone").tag("Devices").path_param("id", device),
            devices::one,
        )
        .add(list("listUsers", "/users", "People").tag("Directory"), directory::users)
        .add(
            list("getUser", "/users/{id}", "Somebody").tag("Directory").path_param("id", user),
            directory::user,
        )
        .add(
            list("listDevicesOfUser", "/users/{id}/devices", "Somebody's telephones")
                .tag("Devices")
                .path_param("id", user),
            devices::of_user,
        )
        .add(list("listContacts", "/contacts", "The telephone book").tag("Directory"), directory::contacts)
        .add(list("listAgentGroups", "/agent-groups", "Groups").tag("Directory"), directory::groups)
        .add(
            list("getAgentGroup", "/agent-groups/{id}", "A group").tag("Directory").path_param("id", group),
            directory::group,
        )
        .add(
            list("listUsersOfAgentGroup", "/agent-groups/{id}/users", "The people of a group")
                .tag("Directory")
                .path_param("id", group),
            directory::users_of_group,
        )
        .add(
            list("listAgentStates", "/settings/agent-states", "Agent states").tag("Settings"),
            settings::agent_states,
        )
        .add(
            list("listVoiceEnvironments", "/voice-environments", "Voice environments").tag("Settings"),
            settings::voice_environments,
        )
        .add(
            list("getVoiceEnvironment", "/voice-environments/{id}", "A voice environment")
                .tag("Settings")
                .path_param("id", "Its id."),
            settings::voice_environment,
        );
}
