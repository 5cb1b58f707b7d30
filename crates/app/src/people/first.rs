//! The first administrator of a fresh server.

use super::{NewLogin, check_password};
use crate::{App, AppError, tenants::NewTenant};
use touchline_model::{Caller, Invalid, Role, User, validate};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// What a fresh server is told about itself.
#[derive(Clone, Debug)]
pub struct FirstAdministrator {
    /// Name of the organisation.
    pub organisation: String,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// E-mail address to sign in with.
    pub email: String,
    /// Password.
    pub password: String,
}

impl App {
    /// Whether nobody can sign in to this server yet.
    pub async fn is_fresh(&self) -> Result<bool, AppError> {
        Ok(!self.store.any_login().await?)
    }

    /// Makes the organisation (unless there is exactly one already, made on the command line) and its administrator.
    /// Refused once anybody can sign in.
    pub async fn set_up(&self, source: &str, first: FirstAdministrator) -> Result<(), AppError> {
        if !self.is_fresh().await? {
            return Err(AppError::Conflict("this server has been set up already".to_owned()));
        }
        // Everything is checked before anything is written, so that a refusal leaves nothing behind.
        if !first.email.contains('@') {
            return Err(Invalid::new("email", "is no e-mail address").into());
        }
        validate::name("email", &first.email)?;
        validate::name("first_name", &first.first_name)?;
        validate::name("last_name", &first.last_name)?;
        validate::name("organisation", &first.organisation)?;
        check_password("password", &first.password, &first.email)?;
        let tenants = self.store.tenants().await?;
        let operator =
            Caller { source: source.to_owned(), ..Caller::system(crate::tenants::SERVER.into(), "setup") };
        let tenant = match &tenants[..] {
            [only] => only.id.clone(),
            _ => {
                if first.organisation.trim().is_empty() {
                    return Err(Invalid::new("organisation", "must not be empty").into());
                }
                let id = short_name(&first.organisation, |id| tenants.iter().any(|it| it.id.as_str() == id));
                self.create_tenant(&operator, NewTenant { id, name: first.organisation }).await?.id
            }
        };
        let inside = Caller { tenant, ..operator };
        let user = User {
            email: first.email,
            first_name: first.first_name,
            last_name: first.last_name,
            active: true,
            ..User::default()
        };
        let made = self.put_one(&inside, user).await?;
        let login = NewLogin {
            user: made.id,
            role: Role::Administrator,
            password: Some(first.password),
            reset: false,
        };
        self.put_login(&inside, login).await.map(|_| ())
    }
}

/// A name as one spells it without letters of one's own, in lower case: `Müller` is `mueller`, `Café` is `cafe`.
fn in_ascii(name: &str) -> String {
    let mut out = String::new();
    // Composed first, so that `u` with a combining diaeresis is `ü` as well.
    for c in name.to_lowercase().nfc() {
        match c {
            'ä' | 'æ' => out.push_str("ae"),
            'ö' | 'ø' | 'œ' => out.push_str("oe"),
            'ü' => out.push_str("ue"),
            'å' => out.push_str("aa"),
            'ß' => out.push_str("ss"),
            'þ' => out.push_str("th"),
            'ð' | 'đ' => out.push('d'),
            'ł' => out.push('l'),
            'ı' => out.push('i'),
            // Anything else loses its accents.
            c => out.extend(std::iter::once(c).nfd().filter(|it| !is_combining_mark(*it))),
        }
    }
    out
}

/// A tenant's short name made of the organisation's name, not taken yet.
fn short_name(name: &str, taken: impl Fn(&str) -> bool) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let words: Vec<String> = in_ascii(name)
        .chars()
        .map(plain)
        .collect::<String>()
        .split('-')
        .filter(|word| !word.is_empty())
        .map(ToOwned::to_owned)
        .collect();
    let joined: String =
        words.join("-").trim_start_matches(|c: char| !c.is_ascii_lowercase()).chars().take(30).collect();
    let base = match joined.trim_end_matches('-') {
        "" => "main",
        base => base,
    };
    let numbered = (2..).map(|n| format!("{base}-{n}"));
    std::iter::once(base.to_owned()).chain(numbered).find(|id| !taken(id)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::short_name;

    #[test]
    fn an_organisation_gets_a_short_name_that_is_free() {
        let taken = |id: &str| ["acme", "acme-2"].contains(&id);
        assert_eq!(short_name("Larkmoor Broadband Ltd.", taken), "larkmoor-broadband-ltd");
        assert_eq!(short_name("ACME", taken), "acme-3");
        assert_eq!(short_name("42 & Söhne", taken), "soehne");
        assert_eq!(short_name("Müller & Söhne GmbH", taken), "mueller-soehne-gmbh");
        assert_eq!(short_name("Mu\u{308}ller Straße", taken), "mueller-strasse");
        assert_eq!(short_name("Café Łódź Ångström", taken), "cafe-lodz-aangstroem");
        assert_eq!(short_name("日本", taken), "main");
    }
}
