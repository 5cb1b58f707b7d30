//! Signing in through an identity provider: OpenID Connect, authorisation code flow with PKCE (OpenID Connect Core 1.0
//! §3.1, RFC 7636). What is remembered between leaving and coming back lies in a cookie of the browser, so any node
//! can go on with it.

use super::{
    SignInError, SignedIn, email_key,
    oidc_http::{Http, Unreachable},
    sign_in::person,
};
use crate::{App, AppError};
use openidconnect::{
    AccessToken, AdditionalClaims, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret,
    CsrfToken, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenFields,
    IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    StandardErrorResponse, StandardTokenIntrospectionResponse, StandardTokenResponse, TokenResponse,
    UserInfoClaims,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreErrorResponseType, CoreGenderClaim,
        CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreProviderMetadata,
        CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenType,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::Mutex;
use touchline_model::{Role, TenantId, User};
use touchline_store::{AuditNote, Batch, Login};

/// An identity provider, as configured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OidcSettings {
    /// Issuer URL; empty: no identity provider.
    pub issuer: String,
    /// Our name there.
    pub client_id: String,
    /// Our secret there.
    pub client_secret: String,
    /// The tenant whose people sign in this way.
    pub tenant: String,
    /// Where browsers reach this server, such as `https://touchline.example`; the provider sends them back to
    /// `/sign-in/oidc/return` below it.
    pub public_url: String,
    /// What is asked for besides `openid`, set apart by blanks.
    pub scopes: String,
    /// The claim that lists a person's groups.
    pub groups_claim: String,
    /// Role of each group, by the group's name. Of several groups the most powerful role counts. When this is empty,
    /// only people who have a log-in already are let in, with the role it says.
    pub roles: BTreeMap<String, String>,
}

impl Default for OidcSettings {
    fn default() -> Self {
        Self {
            issuer: String::new(),
            client_id: String::new(),
            client_secret: String::new(),
            tenant: String::new(),
            public_url: String::new(),
            scopes: "profile email".to_owned(),
            groups_claim: "groups".to_owned(),
            roles: BTreeMap::new(),
        }
    }
}

/// Claims beyond the standard ones, whatever they are called.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Extra(BTreeMap<String, Value>);
impl AdditionalClaims for Extra {}

type Client = openidconnect::Client<
    Extra,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<
        IdTokenFields<
            Extra,
            EmptyExtraTokenFields,
            CoreGenderClaim,
            CoreJweContentEncryptionAlgorithm,
            CoreJwsSigningAlgorithm,
        >,
        CoreTokenType,
    >,
    StandardTokenIntrospectionResponse<EmptyExtraTokenFields, CoreTokenType>,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// How long the provider's own description is believed, in seconds.
const METADATA_SECS: i64 = 3_600;
/// A description this old is asked for anew when a token does not fit: providers replace their keys when they like.
const SUSPECT_SECS: i64 = 1;

/// The identity provider. Nothing is asked of it before somebody wants to sign in.
pub struct Oidc {
    settings: OidcSettings,
    roles: BTreeMap<String, Role>,
    http: Http,
    metadata: Mutex<Option<(CoreProviderMetadata, i64)>>,
}

impl std::fmt::Debug for Oidc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Oidc({})", self.settings.issuer)
    }
}

/// A sign-in that has begun.
#[derive(Clone, Debug)]
pub struct Leaving {
    /// Where to send the browser.
    pub url: String,
    /// What the browser keeps until it comes back.
    pub kept: String,
}

/// Who came back, as the provider says.
#[derive(Debug)]
struct Proved {
    email: String,
    first_name: String,
    last_name: String,
    groups: Vec<String>,
}

impl Oidc {
    /// From the settings; `None` when there is no provider. Fails with what is wrong with them.
    pub fn new(settings: OidcSettings) -> Result<Option<Arc<Self>>, String> {
        if settings.issuer.is_empty() {
            return Ok(None);
        }
        for (key, value) in [
            ("client_id", &settings.client_id),
            ("tenant", &settings.tenant),
            ("public_url", &settings.public_url),
        ] {
            if value.is_empty() {
                return Err(format!("oidc.{key} is missing: sign-in through {} needs it", settings.issuer));
            }
        }
        let mut roles = BTreeMap::new();
        for (group, role) in &settings.roles {
            let known = role.parse().map_err(|()| format!("oidc.roles: there is no role `{role}`"))?;
            roles.insert(group.clone(), known);
        }
        let http = Http::new()?;
        Ok(Some(Arc::new(Self { settings, roles, http, metadata: Mutex::new(None) })))
    }

    /// Speaks to the provider by its own description, which is at most `age` seconds old.
    async fn client(&self, app: &App, age: i64) -> Result<Client, AppError> {
        let now = app.clock.now().micros() / 1_000_000;
        let mut known = self.metadata.lock().await;
        let fresh = known.as_ref().filter(|(_, at)| now - at < age).map(|(it, _)| it.clone());
        let metadata = match fresh {
            Some(metadata) => metadata,
            None => {
                let issuer = IssuerUrl::new(self.settings.issuer.clone()).map_err(failed)?;
                let found = CoreProviderMetadata::discover_async(issuer, &self.http).await.map_err(failed)?;
                *known = Some((found.clone(), now));
                found
            }
        };
        let back = format!("{}/sign-in/oidc/return", self.settings.public_url.trim_end_matches('/'));
        let secret =
            Some(self.settings.client_secret.clone()).filter(|it| !it.is_empty()).map(ClientSecret::new);
        let client =
            Client::from_provider_metadata(metadata, ClientId::new(self.settings.client_id.clone()), secret);
        Ok(client.set_redirect_uri(RedirectUrl::new(back).map_err(failed)?))
    }

    /// Whether browsers reach this server through HTTPS.
    pub fn is_secure(&self) -> bool {
        self.settings.public_url.starts_with("https://")
    }

    /// Sends a browser to the provider.
    async fn leave(&self, app: &App) -> Result<Leaving, AppError> {
        let client = self.client(app, METADATA_SECS).await?;
        let (state, nonce) = (app.new_secret(), app.new_secret());
        // Two of 192 bits are 64 characters: RFC 7636 asks for 43 to 128.
        let verifier = PkceCodeVerifier::new(format!("{}{}", app.new_secret(), app.new_secret()));
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
        let kept = format!("{state}.{nonce}.{}", verifier.secret());
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .set_pkce_challenge(challenge);
        for scope in self.settings.scopes.split_whitespace() {
            request = request.add_scope(Scope::new(scope.to_owned()));
        }
        Ok(Leaving { url: request.url().0.to_string(), kept })
    }

    /// Who came back with a code.
    async fn prove(&self, app: &App, code: &str, state: &str, kept: &str) -> Result<Proved, SignInError> {
        let mut parts = kept.split('.');
        let (Some(known), Some(nonce), Some(verifier)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(SignInError::Wrong);
        };
        // Another browser, or another site, began this.
        if known.is_empty() || known != state {
            return Err(SignInError::Wrong);
        }
        let client = self.client(app, METADATA_SECS).await?;
        let tokens = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(failed)?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.to_owned()))
            .request_async(&self.http)
            .await
            .map_err(failed)?;
        let id_token = tokens.id_token().ok_or_else(|| failed(Unreachable::new("no id token")))?;
        // The library judges its times by the computer's clock.
        let nonce = Nonce::new(nonce.to_owned());
        let (newer, verifier);
        let claims = match id_token.claims(&client.id_token_verifier(), &nonce) {
            Ok(claims) => claims,
            Err(ClaimsVerificationError::SignatureVerification(_)) => {
                newer = self.client(app, SUSPECT_SECS).await?;
                verifier = newer.id_token_verifier();
                id_token.claims(&verifier, &nonce).map_err(failed)?
            }
            Err(error) => return Err(failed(error).into()),
        };
        let text = |it: Option<&str>| it.unwrap_or_default().to_owned();
        let first = |it: Option<&openidconnect::LocalizedClaim<openidconnect::EndUserGivenName>>| {
            text(it.and_then(|names| names.get(None)).map(|name| name.as_str()))
        };
        let last = |it: Option<&openidconnect::LocalizedClaim<openidconnect::EndUserFamilyName>>| {
            text(it.and_then(|names| names.get(None)).map(|name| name.as_str()))
        };
        let mut proved = Proved {
            email: text(claims.email().map(|it| it.as_str())),
            first_name: first(claims.given_name()),
            last_name: last(claims.family_name()),
            groups: self.groups(claims.additional_claims()),
        };
        let mut verified = claims.email_verified();
        // Many providers tell no more than the subject here, and the rest at their user-info endpoint.
        if let Ok(request) = client.user_info(
            AccessToken::new(tokens.access_token().secret().clone()),
            Some(claims.subject().clone()),
        ) {
            let told: UserInfoClaims<Extra, CoreGenderClaim> =
                request.request_async(&self.http).await.map_err(failed)?;
            if let Some(email) = told.email() {
                proved.email = email.as_str().to_owned();
                verified = told.email_verified();
            }
            if proved.first_name.is_empty() {
                proved.first_name = first(told.given_name());
            }
            if proved.last_name.is_empty() {
                proved.last_name = last(told.family_name());
            }
            proved.groups.extend(self.groups(told.additional_claims()));
        }
        match verified {
            // Whoever may write any address into their profile could otherwise be anybody.
            Some(false) => Err(SignInError::Wrong),
            _ if proved.email.is_empty() => Err(SignInError::Wrong),
            _ => Ok(proved),
        }
    }

    fn groups(&self, extra: &Extra) -> Vec<String> {
        match extra.0.get(&self.settings.groups_claim) {
            Some(Value::Array(list)) => {
                list.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect()
            }
            Some(Value::String(one)) => vec![one.clone()],
            _ => vec![],
        }
    }

    /// The most powerful role that the groups give; [`Role::ALL`] is in this order.
    fn role_of(&self, groups: &[String]) -> Option<Role> {
        Role::ALL.into_iter().find(|role| groups.iter().any(|group| self.roles.get(group) == Some(role)))
    }
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> AppError {
    AppError::Internal(Box::new(error))
}

impl App {
    /// Sends a browser to the identity provider.
    pub async fn begin_oidc(&self, oidc: &Oidc) -> Result<Leaving, AppError> {
        oidc.leave(self).await
    }

    /// Begins a session for whoever the identity provider has proved to be one of us. With a mapping of groups the
    /// person's role follows it at each sign-in, and nobody without a mapped group is let in; a person who is not in
    /// the directory is put there. Without one the person needs a log-in that an administrator has given. The last
    /// administrator stays one.
    pub async fn finish_oidc(
        &self,
        oidc: &Oidc,
        code: &str,
        state: &str,
        kept: &str,
        source: &str,
        browser: &str,
    ) -> Result<SignedIn, SignInError> {
        let proved = oidc.prove(self, code, state, kept).await?;
        let tenant = TenantId(oidc.settings.tenant.clone());
        let email = email_key(&proved.email);
        let known = self.store.login_by_email(&email).await?.filter(|it| it.tenant == tenant);
        let mapped = oidc.role_of(&proved.groups);
        let role = match (&known, mapped, oidc.roles.is_empty()) {
            (_, Some(role), _) => role,
            (Some(login), None, true) => login.role,
            (known, ..) => return self.not_let_in(known.as_ref(), "no group of ours", source).await,
        };
        let user = match &known {
            Some(login) => login.user.clone(),
            None => self.person_of(&tenant, &email, &proved).await?,
        };
        // The person may sign in already, by another address than the directory's.
        let known = match known {
            None => self.store.login(&tenant, user.as_str()).await?,
            known => known,
        };
        let person_row = self.store.get::<User>(&tenant, user.as_str()).await?;
        if !person_row.is_some_and(|it| it.value.active) {
            return self.not_let_in(known.as_ref(), "has left", source).await;
        }
        let administers = known.as_ref().is_some_and(|it| it.role == Role::Administrator);
        let role = match administers && !self.others_administer(&tenant, &[user.as_str()]).await? {
            true => Role::Administrator,
            false => role,
        };
        let login = Login {
            role,
            email: email.clone(),
            ..known.clone().unwrap_or_else(|| Login {
                tenant: tenant.clone(),
                user,
                email,
                role,
                password: None,
                failures: 0,
                locked_until: None,
                created_at: self.clock.now(),
            })
        };
        if known.as_ref() != Some(&login) {
            let mut batch = Batch::new(&tenant);
            let about = format!("{role}, by the identity provider");
            batch.put_login(&login).audit(AuditNote::new(
                &person(&login, source),
                "login.put",
                login.user.as_str(),
                about,
            ));
            self.store.apply(batch).await?;
        }
        self.begin_session(login, source, browser, "identity provider").await
    }

    /// Writes down that the provider has proved somebody with a log-in, who is not let in all the same.
    async fn not_let_in(
        &self,
        known: Option<&Login>,
        why: &str,
        source: &str,
    ) -> Result<SignedIn, SignInError> {
        if let Some(login) = known {
            let about = format!("by the identity provider: {why}");
            self.note(&person(login, source), "session.refuse", login.user.as_str(), about).await?;
        }
        Err(SignInError::Wrong)
    }

    /// The person with an e-mail address, put into the directory if need be.
    async fn person_of(
        &self,
        tenant: &TenantId,
        email: &str,
        proved: &Proved,
    ) -> Result<touchline_model::UserId, AppError> {
        let everybody = self.everything::<User>(tenant).await?;
        if let Some(user) = everybody.into_iter().find(|it| email_key(&it.email) == email) {
            return Ok(user.id);
        }
        let new = User {
            email: proved.email.clone(),
            first_name: proved.first_name.clone(),
            last_name: proved.last_name.clone(),
            active: true,
            ..User::default()
        };
        let caller = touchline_model::Caller::system(tenant.clone(), "oidc");
        Ok(self.put_one(&caller, new).await?.id.into())
    }
}
