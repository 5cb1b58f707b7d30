//! Tenants: made by an operator.

use crate::{
    App, AppError,
    credentials::{CreatedCredential, NewCredential},
    require,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use touchline_model::{Ability, Caller, Invalid, Tenant, TenantId, validate};
use touchline_store::{AuditNote, Batch};

/// A tenant to be made.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTenant {
    /// Short name: 1 to 40 lower-case letters, digits and `-`, beginning with a letter.
    pub id: String,
    /// Name for people.
    pub name: String,
}

/// The tenant of operators' credentials.
pub const SERVER: &str = "_server";

impl App {
    /// Makes a tenant.
    pub async fn create_tenant(&self, caller: &Caller, new: NewTenant) -> Result<Tenant, AppError> {
        require(caller, Ability::Operate)?;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let starts = new.id.starts_with(|c: char| c.is_ascii_lowercase());
        if !starts || new.id.len() > 40 || !new.id.chars().all(plain) {
            let reason = "must be 1 to 40 lower-case letters, digits and `-`, beginning with a letter";
            return Err(Invalid::new("id", reason).into());
        }
        validate::name("name", &new.name)?;
        let tenant = Tenant { id: TenantId(new.id), name: new.name, created_at: self.clock.now() };
        if !self.store.create_tenant(&tenant).await? {
            return Err(AppError::Conflict(format!("there already is a tenant `{}`", tenant.id)));
        }
        let mut batch = Batch::new(&tenant.id);
        batch.audit(AuditNote::new(caller, "tenant.create", tenant.id.as_str(), &*tenant.name));
        self.store.apply(batch).await?;
        Ok(tenant)
    }

    /// Makes a credential of a tenant, so that somebody can begin there.
    pub async fn create_tenant_credential(
        &self,
        caller: &Caller,
        tenant: &str,
        new: NewCredential,
    ) -> Result<CreatedCredential, AppError> {
        require(caller, Ability::Operate)?;
        let tenant = TenantId(tenant.to_owned());
        if tenant.as_str() == SERVER || !self.store.tenants().await?.iter().any(|it| it.id == tenant) {
            return Err(Invalid::new("tenant", format!("there is no tenant `{tenant}`")).into());
        }
        // Inside the tenant this operator may do what the tenant's own administrator may, and is named in its trail.
        let inside = Caller { tenant, abilities: Ability::all_of_tenant(), ..caller.clone() };
        self.create_credential(&inside, new).await
    }

    /// Every tenant.
    pub async fn tenants(&self, caller: &Caller) -> Result<Vec<Tenant>, AppError> {
        require(caller, Ability::Operate)?;
        Ok(self.store.tenants().await?)
    }
}
