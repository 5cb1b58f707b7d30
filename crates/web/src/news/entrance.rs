//! Who may hear news: whoever may see pages, from our own pages alone.

use super::News;
use crate::{
    Web,
    gate::{SESSION, cookie},
    guard::is_foreign,
};
use http::Method;
use touchline_http::push::{Entrance, Identity, Knock, Turned, Visitor};

/// In front of the endpoint of the pages: the cookie of their session, looked up with every request.
#[derive(Clone)]
pub(crate) struct PagesEntrance {
    pub(crate) web: Web,
    pub(crate) news: News,
}

impl Entrance for PagesEntrance {
    async fn enter(&self, knock: Knock<'_>) -> Result<Visitor, Turned> {
        // A socket would go on after its session has ended; a request is short, and each one shows the cookie.
        if knock.upgrade {
            return Err(Turned::Forbidden("pages hear news by long-polling"));
        }
        if is_foreign(&Method::POST, knock.headers) {
            return Err(Turned::Forbidden("this request does not come from a page of this server"));
        }
        let token = cookie(knock.headers, SESSION).ok_or(Turned::Stranger(None))?;
        let found = self.web.app.session(token, &knock.peer.ip().to_string()).await;
        let (caller, session) = found
            .map_err(|error| {
                tracing::warn!(%error, "a session could not be looked up");
                Turned::Unavailable
            })?
            .ok_or(Turned::Stranger(None))?;
        let user = caller.user.as_ref().ok_or(Turned::Stranger(None))?;
        self.news.came(&caller, user);
        let mut visitor = Visitor::new(Identity::new(caller.tenant.as_str(), user.as_str()));
        visitor.http_session = Some(super::name_of(&caller, &session).into());
        Ok(visitor)
    }

    fn secure_cookies(&self) -> bool {
        self.web.config.secure_cookies
    }

    fn same_site(&self) -> Option<&'static str> {
        Some("Lax")
    }
}
