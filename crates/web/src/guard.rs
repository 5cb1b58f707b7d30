//! What stands before every page: other sites cannot make a signed-in browser change anything, strangers are sent to
//! the sign-in, and browsers are told to run nothing but our own scripts.

use crate::{Web, error};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Nothing from elsewhere, no inline script or style, no framing.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     media-src 'self'; connect-src 'self'; font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

pub(crate) async fn guard(State(web): State<Web>, request: Request, next: Next) -> Response {
    let (method, wants_page) = (request.method().clone(), wants_page(request.headers()));
    let target = request.uri().path_and_query().map_or("/", |it| it.as_str()).to_owned();
    let mut response = if is_foreign(&method, request.headers()) {
        error::page(StatusCode::FORBIDDEN, "this request does not come from a page of this server")
    } else {
        next.run(request).await
    };
    if response.status() == StatusCode::UNAUTHORIZED && wants_page && method == Method::GET {
        response = to_sign_in(&web, &target).await;
    }
    let headers = response.headers_mut();
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("same-origin"));
    response
}

/// Whether another site makes the browser send this. `Sec-Fetch-Site` says so in every current browser; `Origin` in
/// older ones. A post with neither comes from no browser, and is refused because nobody else uses the pages.
pub(crate) fn is_foreign(method: &Method, headers: &HeaderMap) -> bool {
    if method.is_safe() {
        return false;
    }
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text(header::HeaderName::from_static("sec-fetch-site")) {
        return site != "same-origin" && site != "none";
    }
    let origin = text(header::ORIGIN).and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    origin.is_none() || origin != text(header::HOST)
}

fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("text/html")
}

async fn to_sign_in(web: &Web, target: &str) -> Response {
    if web.app.is_fresh().await.unwrap_or(false) {
        return Redirect::to("/setup").into_response();
    }
    match target {
        "/" => Redirect::to("/sign-in").into_response(),
        _ => {
            let next = utf8_percent_encode(target, NON_ALPHANUMERIC);
            Redirect::to(&format!("/sign-in?next={next}")).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(k, v)| (header::HeaderName::from_static(k), HeaderValue::from_static(v))).collect()
    }

    #[test]
    fn only_our_own_pages_may_post() {
        let post = |pairs: &[(&'static str, &'static str)]| is_foreign(&Method::POST, &headers(pairs));
        assert!(!post(&[("sec-fetch-site", "same-origin")]));
        assert!(post(&[("sec-fetch-site", "cross-site")]));
        assert!(post(&[("sec-fetch-site", "same-site"), ("origin", "http://a:1"), ("host", "a:1")]));
        assert!(!post(&[("origin", "http://a:1"), ("host", "a:1")]));
        assert!(post(&[("origin", "http://evil"), ("host", "a:1")]));
        assert!(post(&[("origin", "null"), ("host", "a:1")]));
        assert!(post(&[]), "a post without any origin");
        assert!(
            !is_foreign(&Method::GET, &headers(&[("sec-fetch-site", "cross-site")])),
            "links may lead here"
        );
    }
}
