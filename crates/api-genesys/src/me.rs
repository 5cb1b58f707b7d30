//! Who asks: themselves, their session, and what they are ready for (contract §3.1).

use crate::{
    ApiError,
    answer::{self, Code, ErrorBody},
    config::Feature,
    devices::device_fields,
    dialect::Dialect,
    door::Goodbye,
    fields::Fields,
    operation::Operation,
    roles::{self, Rank, rank_of},
    select::Selection,
    sessions::Session,
    wire,
};
use axum::{
    Extension,
    extract::{Path, RawQuery, Request, State},
    http::StatusCode,
    response::Response,
};
use serde::Serialize;
use touchline_app::live::board::{AgentState, Command, Refused};
use touchline_http::CallerOf;
use touchline_model::Caller;

/// `GET /me`
pub(crate) async fn get(
    State(dialect): State<Dialect>,
    CallerOf(caller): CallerOf,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let selection = Selection::read(query.as_deref(), &[])?;
    let viewer = dialect.app.viewer(&caller).await?;
    let mut user = Fields::of(&wire::user(
        &dialect.prefix,
        &wire::UserFields {
            id: &viewer.user.id,
            tenant: &caller.tenant,
            login: &viewer.email,
            first_name: &viewer.user.first_name,
            last_name: &viewer.user.last_name,
            email: &viewer.user.email,
            roles: roles::names(rank_of(&caller)),
            enabled: viewer.user.active,
        },
    ));
    if rank_of(&caller) >= Rank::Agent {
        embed(&dialect, &caller, &selection, &mut user);
    }
    Ok(answer::found("user", &selection.trim(user)))
}

/// Everything that state recovery asks for in one go.
fn embed(dialect: &Dialect, caller: &Caller, selection: &Selection, user: &mut Fields) {
    #[derive(Serialize)]
    struct FeatureBody {
        id: &'static str,
    }
    let live = dialect.app.live();
    if selection.embeds("devices") {
        user.set("devices", &device_fields(dialect, &live.device_views(caller)));
    }
    if selection.embeds("calls") {
        let calls: Vec<_> = live
            .call_views(caller)
            .iter()
            .map(|view| Fields::of(&wire::call(dialect.calling(), view)))
            .collect();
        user.set("calls", &calls);
    }
    if selection.embeds("channels") {
        user.set("channels", &[wire::channel(&state_of(dialect, caller))]);
    }
    if selection.embeds("skills") {
        user.set("skills", &[(); 0]);
    }
    if selection.embeds("settings") {
        user.set("settings", &Fields::default());
    }
    if selection.embeds("features") {
        let features: Vec<_> =
            dialect.config.features.iter().map(|it| FeatureBody { id: it.name() }).collect();
        user.set("features", &features);
    }
}

/// The state of somebody at the telephone they work at.
fn state_of(dialect: &Dialect, caller: &Caller) -> AgentState {
    let views = dialect.app.live().device_views(caller);
    let view = views.iter().find(|it| it.active).or(views.first());
    view.map(|it| it.state.clone()).unwrap_or_default()
}

/// `POST /me`
pub(crate) async fn post(
    State(dialect): State<Dialect>,
    CallerOf(caller): CallerOf,
    Extension(session): Extension<Session>,
    request: Request,
) -> Result<Response, ApiError> {
    let operation = Operation::read(request).await?;
    match operation.name.as_str() {
        "StartContactCenterSession" => start(&dialect, &caller, &operation),
        "EndContactCenterSession" => {
            match dialect.app.live().command(&caller, Command::End) {
                // Who has no telephone has nothing to end but the session.
                Ok(()) | Err(Refused::NotFound(_)) => {}
                Err(refused) => return Err(refused.into()),
            }
            dialect.sessions.leave(&session).await?;
            let mut response = answer::accepted();
            response.extensions_mut().insert(Goodbye(session.id));
            Ok(response)
        }
        _ => set_state(&dialect, &caller, &operation),
    }
}

/// `Ready`, `NotReady` and so on.
fn set_state(dialect: &Dialect, caller: &Caller, operation: &Operation) -> Result<Response, ApiError> {
    let found = wire::AGENT_STATES.iter().find(|(name, _)| *name == operation.name);
    let (_, state) = found.ok_or_else(|| operation.unknown())?;
    may_use_voice(dialect, caller)?;
    let state = match state {
        AgentState::NotReady(_) => AgentState::NotReady(operation.text("reason")?.map(str::to_owned)),
        other => other.clone(),
    };
    dialect.app.live().command(caller, Command::State(state))?;
    Ok(answer::accepted())
}

/// Feature, then role.
pub(crate) fn may_use_voice(dialect: &Dialect, caller: &Caller) -> Result<(), ApiError> {
    needs(dialect, Feature::Voice)?;
    if rank_of(caller) < Rank::Agent {
        return Err(ApiError::new(Code::NoRight, "your role does not allow this"));
    }
    Ok(())
}

/// Refuses what this server does not offer (OC-13).
pub(crate) fn needs(dialect: &Dialect, feature: Feature) -> Result<(), ApiError> {
    if dialect.config.offers(feature) {
        return Ok(());
    }
    Err(ApiError::new(Code::Forbidden, format!("the feature {} is not available", feature.name())))
}

/// One channel of several that were to be started.
#[derive(Serialize)]
struct Part<'a> {
    channel: &'a str,
    #[serde(flatten)]
    outcome: Outcome,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Outcome {
    Failed(ErrorBody),
    #[serde(rename_all = "camelCase")]
    Done {
        status_code: u8,
    },
}

fn start(dialect: &Dialect, caller: &Caller, operation: &Operation) -> Result<Response, ApiError> {
    may_use_voice(dialect, caller)?;
    let mut channels = operation.texts("channels")?;
    let mut seen = std::collections::BTreeSet::new();
    channels.retain(|it| seen.insert(*it));
    let device = operation.text("devicePath")?;
    for other in ["place", "loginCode", "queue"] {
        operation.text(other)?;
    }
    let outcomes: Vec<(&str, Result<(), ApiError>)> =
        channels.into_iter().map(|it| (it, start_channel(dialect, caller, it, device))).collect();
    let failed = outcomes.iter().filter(|(_, it)| it.is_err()).count();
    if failed == outcomes.len() {
        // All have failed: one of the errors speaks for them.
        return outcomes.into_iter().find_map(|(_, it)| it.err()).map_or_else(|| Ok(answer::accepted()), Err);
    }
    if failed == 0 {
        return Ok(answer::accepted());
    }
    let part = |(channel, outcome): &(&'_ str, Result<(), ApiError>)| {
        let outcome = match outcome {
            Ok(()) => Outcome::Done { status_code: 0 },
            Err(error) => Outcome::Failed(error.body()),
        };
        Fields::of(&Part { channel, outcome })
    };
    let body = Fields::default()
        .with("statusCode", &Code::Partial.number())
        .with("statusMessage", &"some channels could not be started")
        .with("channels", &outcomes.iter().map(part).collect::<Vec<_>>());
    Ok(answer::json(StatusCode::OK, &body))
}

fn start_channel(
    dialect: &Dialect,
    caller: &Caller,
    channel: &str,
    device: Option<&str>,
) -> Result<(), ApiError> {
    if channel != wire::channel_name() {
        return Err(ApiError::new(Code::Forbidden, format!("there is no channel `{channel}` here")));
    }
    if let Some(path) = device {
        let wanted = dialect.prefix.device(path).ok_or_else(|| ApiError::not_found("device"))?;
        return Ok(dialect.app.live().command(caller, Command::StartAt(wanted))?);
    }
    Ok(dialect.app.live().command(caller, Command::Start)?)
}

fn known(channel: &str) -> Result<(), ApiError> {
    if channel == wire::channel_name() { Ok(()) } else { Err(ApiError::not_found("channel")) }
}

/// `GET /me/channels/{channel}`
pub(crate) async fn channel(
    State(dialect): State<Dialect>,
    CallerOf(caller): CallerOf,
    Path(channel): Path<String>,
) -> Result<Response, ApiError> {
    known(&channel)?;
    needs(&dialect, Feature::Voice)?;
    Ok(answer::found("channel", &wire::channel(&state_of(&dialect, &caller))))
}

/// `POST /me/channels/{channel}`
pub(crate) async fn post_channel(
    State(dialect): State<Dialect>,
    CallerOf(caller): CallerOf,
    Path(channel): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let operation = Operation::read(request).await?;
    known(&channel)?;
    set_state(&dialect, &caller, &operation)
}
