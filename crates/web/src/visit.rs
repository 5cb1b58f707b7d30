//! The visit: who looks at a page, in which zone and theme, and what they sent.

use crate::{
    Web,
    error::{PageError, rendered},
    gate::{SESSION, cookie},
    shell::{Shell, Theme},
    texts,
};
use askama::Template;
use axum::{
    extract::{FromRequest, FromRequestParts, RawForm, Request},
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderValue, StatusCode, header, request::Parts};
use jiff::tz::TimeZone;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use touchline_app::people::Viewer;
use touchline_http::{CallerOf, Query};
use touchline_model::{Caller, Timestamp};

/// The cookie that carries a message to the next page.
const DONE: &str = "touchline_done";

/// Somebody looking at a page. Only for operations that are not public.
pub(crate) struct Visit {
    /// Who, for use cases.
    pub(crate) caller: Caller,
    /// Who, for people.
    pub(crate) viewer: Viewer,
    /// The zone that the browser told of; UTC until it has.
    pub(crate) zone: TimeZone,
    /// Now.
    pub(crate) now: Timestamp,
    /// What the session's cookie holds.
    pub(crate) token: String,
    theme: Theme,
    /// Whether there is anything live that they may see.
    live: bool,
    done: Option<String>,
}

impl FromRequestParts<Web> for Visit {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, PageError> {
        let caller =
            CallerOf::from_request_parts(parts, web).await.map_err(|status| PageError::new(status, ""))?.0;
        let viewer = web.app.viewer(&caller).await?;
        let headers = &parts.headers;
        let zone = cookie(headers, "tz").map(|it| percent_decode_str(it).decode_utf8_lossy().into_owned());
        let done = cookie(headers, DONE).map(|it| percent_decode_str(it).decode_utf8_lossy().into_owned());
        Ok(Self {
            live: web.app.live().has_wall(&caller),
            caller,
            viewer,
            zone: zone.and_then(|name| TimeZone::get(&name).ok()).unwrap_or(TimeZone::UTC),
            now: web.app.clock().now(),
            token: cookie(headers, SESSION).unwrap_or_default().to_owned(),
            theme: cookie(headers, "theme").map(Theme::parse).unwrap_or_default(),
            done,
        })
    }
}

impl Visit {
    /// What stands around a page: `title` in words, `section` of the navigation.
    pub(crate) fn shell(&self, title: impl Into<String>, section: &str) -> Shell {
        Shell {
            title: title.into(),
            nav: Shell::nav_of(&self.caller, self.live, section),
            viewer: Some(self.viewer.clone()),
            caller: Some(self.caller.clone()),
            zone: self.zone.clone(),
            now: self.now,
            theme: self.theme,
            done: self.done.clone(),
        }
    }

    /// A page. The message of the deed before is shown once.
    pub(crate) fn page(&self, template: &impl Template) -> Response {
        let mut response = rendered(template);
        if self.done.is_some() {
            let forget =
                HeaderValue::from_static("touchline_done=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
            response.headers_mut().append(header::SET_COOKIE, forget);
        }
        response
    }
}

/// A page with what was typed, because something in it is wrong.
pub(crate) fn again(template: &impl Template) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, rendered(template)).into_response()
}

/// Goes to another page after a deed, which says there what was done (`done` is the key of a text).
pub(crate) fn done(to: &str, done: &str) -> Response {
    done_text(to, texts::t(done))
}

/// The same with a text that was put together.
pub(crate) fn done_text(to: &str, done: &str) -> Response {
    let mut response = Redirect::to(to).into_response();
    let text = utf8_percent_encode(done, NON_ALPHANUMERIC);
    let cookie = format!("{DONE}={text}; Path=/; HttpOnly; SameSite=Lax; Max-Age=60");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// The fields of a form.
pub(crate) struct Fields(Query);

impl Fields {
    /// One field, trimmed; empty when absent or given twice.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }
    /// One field as it was typed: for passwords.
    pub(crate) fn raw(&self, name: &str) -> &str {
        self.0.one(name).ok().flatten().unwrap_or_default()
    }
    /// One field, unless it is empty.
    pub(crate) fn maybe(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }
    /// Whether a box is ticked.
    pub(crate) fn ticked(&self, name: &str) -> bool {
        !self.text(name).is_empty()
    }
    /// Every value of a field that may come often.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.0.all(name).collect()
    }
}

impl FromRequest<Web> for Fields {
    type Rejection = PageError;

    async fn from_request(request: Request, web: &Web) -> Result<Self, PageError> {
        let RawForm(bytes) = RawForm::from_request(request, web)
            .await
            .map_err(|error| PageError::new(error.into_response().status(), "the form could not be read"))?;
        let text =
            std::str::from_utf8(&bytes).map_err(|_| PageError::new(StatusCode::BAD_REQUEST, "not UTF-8"))?;
        Ok(Self(Query::parse(Some(text))?))
    }
}
