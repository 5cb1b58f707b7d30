//! People who sign in to the pages: log-ins, sessions, the first administrator.

mod colleagues;
mod directory;
mod first;
mod logins;
mod oidc;
mod oidc_http;
mod remaining;
mod sessions;
mod sign_in;
mod strangers;

pub use colleagues::Colleague;
pub use first::FirstAdministrator;
pub use logins::{LoginView, NewLogin};
pub use oidc::{Leaving, Oidc, OidcSettings};
pub(crate) use sessions::IDLE_SECS;
pub use sessions::{SessionView, Viewer};
pub use sign_in::{SignInError, SignedIn};
pub(crate) use strangers::Strangers;

use crate::AppError;
use argon2::{Argon2, PasswordHasher};
use touchline_model::{Invalid, validate};

/// Fewest characters of a password (NIST SP 800-63B-4 §3.1.1.2 asks for 15 where it is the only factor, 8 at least).
const PASSWORD_CHARS: usize = 12;

/// An e-mail address as log-ins are looked up by.
fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Refuses a password that is too short, too long, or holds nothing but the e-mail address.
fn check_password(field: &str, password: &str, email: &str) -> Result<(), Invalid> {
    if password.chars().count() < PASSWORD_CHARS {
        return Err(Invalid::new(field, format!("must have at least {PASSWORD_CHARS} characters")));
    }
    validate::bounded(field, password, 1_000)?;
    let mut kinds: Vec<char> = password.chars().collect();
    kinds.sort_unstable();
    kinds.dedup();
    if kinds.len() < 4 || password.to_lowercase() == email_key(email) {
        return Err(Invalid::new(field, "is too easy to guess"));
    }
    Ok(())
}

/// The argon2id string of a password. Slow on purpose, so it runs off the request threads.
async fn hash(password: String) -> Result<String, AppError> {
    let hashed = tokio::task::spawn_blocking(move || {
        Argon2::default().hash_password(password.as_bytes()).map(|it| it.to_string())
    });
    let hashed = hashed.await.map_err(|e| AppError::Internal(Box::new(e)))?;
    hashed.map_err(|e| AppError::Internal(e.to_string().into()))
}
