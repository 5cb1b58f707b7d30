//! Who may use which resource (contract §2.1). Who asks was found out by the layer in front.

use crate::{
    ApiError,
    roles::{Rank, rank_of},
    sessions::Session,
};
use axum::{
    http::{Extensions, HeaderMap, Method},
    response::{IntoResponse, Response},
};
use std::net::SocketAddr;
use touchline_http::{Gate, Refusal};
use touchline_model::{Ability, Caller};

/// The gate of the dialect.
#[derive(Clone, Copy, Debug)]
pub struct GenesysGate;

/// What a resource needs, by its path below `/api/v2`. Paths that do not exist need nothing, and are not found.
pub(crate) fn needed(path: &str) -> Rank {
    let segments: Vec<&str> = path.split('/').filter(|it| !it.is_empty()).skip(2).collect();
    match segments.as_slice() {
        ["me"] => Rank::Login,
        ["users", _, "devices"] | ["devices", ..] | ["agent-groups", ..] => Rank::Supervisor,
        ["me" | "users" | "contacts" | "settings" | "voice-environments", ..] => Rank::Agent,
        _ => Rank::Login,
    }
}

impl Gate for GenesysGate {
    async fn identify(&self, _: &HeaderMap, _: SocketAddr) -> Result<Caller, Refusal> {
        Err(Refusal::Unauthenticated)
    }

    async fn identify_request(
        &self,
        _: &HeaderMap,
        _: SocketAddr,
        extensions: &Extensions,
    ) -> Result<Caller, Refusal> {
        extensions.get::<Session>().map(|it| it.caller.clone()).ok_or(Refusal::Unauthenticated)
    }

    async fn admit_request(
        &self,
        caller: &Caller,
        _: &Method,
        path: &str,
        _: &Extensions,
    ) -> Result<(), Refusal> {
        // The ability only stands for the refusal; its wording names the role.
        if rank_of(caller) < needed(path) { Err(Refusal::Forbidden(Ability::ReadContacts)) } else { Ok(()) }
    }

    fn refuse(&self, refusal: Refusal) -> Response {
        match refusal {
            Refusal::Forbidden(_) => {
                let message = "your role does not allow this";
                ApiError::new(crate::Code::NoRight, message).into_response()
            }
            other => ApiError::from(other).into_response(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers(genesys): S2.1, OC-19, R-11
    #[test]
    fn each_resource_needs_its_role() {
        for (path, rank) in [
            ("/api/v2/me", Rank::Login),
            ("/api/v2/me/", Rank::Login),
            ("/api/v2/me/devices/7", Rank::Agent),
            ("/api/v2/me/calls", Rank::Agent),
            ("/api/v2/users", Rank::Agent),
            ("/api/v2/users/7", Rank::Agent),
            ("/api/v2/users/7/devices", Rank::Supervisor),
            ("/api/v2/devices", Rank::Supervisor),
            ("/api/v2/devices/7", Rank::Supervisor),
            ("/api/v2/agent-groups/7/users", Rank::Supervisor),
            ("/api/v2/contacts", Rank::Agent),
            ("/api/v2/settings/agent-states", Rank::Agent),
            ("/api/v2/voice-environments", Rank::Agent),
            ("/api/v2/nonsense", Rank::Login),
        ] {
            assert_eq!(needed(path), rank, "{path}");
        }
    }
}
