//! Somebody who can let others in always remains: the last administrator neither leaves nor is deleted.

use crate::{App, AppError, records::Ruled};
use touchline_model::{Ability, Invalid, Role, TenantId, User};

/// Why the last one stays.
const LAST: &str = "the last administrator must stay one";

impl App {
    /// Whether anybody but these people can sign in as an administrator.
    pub(super) async fn others_administer(&self, tenant: &TenantId, but: &[&str]) -> Result<bool, AppError> {
        let logins = self.store.logins(tenant).await?;
        let administer =
            |it: &&touchline_store::Login| it.role == Role::Administrator && !but.contains(&it.user.as_str());
        let ids: Vec<String> = logins.iter().filter(administer).map(|it| it.user.0.clone()).collect();
        let people = self.store.get_many::<User>(tenant, &ids).await?;
        Ok(people.iter().any(|it| it.value.active))
    }

    /// Which of these people administer now, and would leave nobody who does if all of them went.
    async fn last_administrators(&self, tenant: &TenantId, ids: &[&str]) -> Result<Vec<String>, AppError> {
        if ids.is_empty() || self.others_administer(tenant, ids).await? {
            return Ok(vec![]);
        }
        let logins = self.store.logins(tenant).await?;
        let administer = logins.into_iter().filter(|it| it.role == Role::Administrator);
        Ok(administer.map(|it| it.user.0).filter(|id| ids.contains(&id.as_str())).collect())
    }
}

impl Ruled for User {
    const READ: Ability = Ability::ReadDirectory;
    const WRITE: Ability = Ability::WriteDirectory;

    async fn check(app: &App, tenant: &TenantId, items: &[Self]) -> Result<Vec<Option<Invalid>>, AppError> {
        let leaving: Vec<&str> = items.iter().filter(|it| !it.active).map(|it| it.id.as_str()).collect();
        let last = app.last_administrators(tenant, &leaving).await?;
        let fault = |it: &Self| (!it.active && last.contains(&it.id.0)).then(|| Invalid::new("active", LAST));
        Ok(items.iter().map(fault).collect())
    }

    async fn may_delete(app: &App, tenant: &TenantId, item: &Self) -> Result<(), AppError> {
        match app.last_administrators(tenant, &[item.id.as_str()]).await?.is_empty() {
            true => Ok(()),
            false => Err(AppError::Conflict(LAST.to_owned())),
        }
    }
}
