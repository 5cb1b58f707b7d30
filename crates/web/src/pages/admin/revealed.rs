//! What is shown once and never again: a new password, token or key.

use super::{Tab, frame};
use crate::{Web, error::PageError, filters, gate::is_secure, shell::Shell, texts, visit::Visit};
use askama::Template;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, header};

/// Something to be copied.
pub(super) struct Shown {
    /// Key of the text that says what it is.
    pub(super) label: &'static str,
    /// What it says.
    pub(super) value: String,
}

#[derive(Template)]
#[template(path = "admin/revealed.html")]
struct Revealed<'a> {
    shell: Shell,
    tabs: Vec<Tab>,
    help: String,
    shown: Vec<Shown>,
    curl: Option<String>,
    back: &'a str,
}

impl Shown {
    fn words(&self) -> &'static str {
        texts::t(self.label)
    }
}
impl Revealed<'_> {
    fn try_it(&self) -> &'static str {
        texts::t("admin.try_it")
    }
}

/// A page with secrets, which no cache keeps. `help` says in words whose they are, `back` leads on.
pub(super) fn page(
    visit: &Visit,
    tab: &str,
    help: String,
    shown: Vec<Shown>,
    curl: Option<String>,
    back: &str,
) -> Result<Response, PageError> {
    let (shell, tabs) = frame(visit, texts::t("admin.shown_once"), tab);
    let mut response = visit.page(&Revealed { shell, tabs, help, shown, curl, back });
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The address of this server as the browser knows it.
pub(crate) fn origin(web: &Web, headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '-' | '[' | ']' | '_');
    let host = if !host.is_empty() && host.chars().all(plain) { host } else { "localhost" };
    let scheme = if is_secure(web, headers) { "https" } else { "http" };
    format!("{scheme}://{host}")
}

/// A text that a shell takes as it is.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_shell_takes_a_quoted_text_as_it_is() {
        assert_eq!(quoted("plain"), "'plain'");
        assert_eq!(quoted("it's $HOME `x`"), r"'it'\''s $HOME `x`'");
    }
}
