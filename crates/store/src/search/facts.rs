//! What decides whether a contact that was proposed fits, and what a list shows of it.

use super::{CallKey, key, statements::*};
use crate::{
    BadRow, Row, Store, StoreError,
    sql::{id_list, json},
};
use touchline_model::{MediaTime, Seq, Speaker, TenantId, TopicId, Transcript};

/// What decides whether a contact fits, without its texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallFacts {
    /// Its place.
    pub key: CallKey,
    /// The agent.
    pub agent: Option<String>,
    /// Channel, as on the wire.
    pub channel: String,
    /// Direction, as on the wire.
    pub direction: String,
    /// State.
    pub state: String,
    /// How long it lasted.
    pub duration: MediaTime,
    /// Number of its last change.
    pub seq: Seq,
}

fn facts(row: &Row<'_>) -> Result<CallFacts, BadRow> {
    Ok(CallFacts {
        key: key(row)?,
        agent: row.maybe_string(2)?,
        channel: row.string(3)?,
        direction: row.string(4)?,
        state: row.string(5)?,
        duration: MediaTime::from_micros(row.int(6)?),
        seq: row.int(7)?,
    })
}

impl Store {
    /// The facts of these contacts, in no order; contacts that do not exist are left out.
    pub async fn call_facts(
        &self,
        tenant: &TenantId,
        contacts: &[String],
    ) -> Result<Vec<CallFacts>, StoreError> {
        self.query(FACTS, vec![tenant.as_str().into(), id_list(contacts)], facts).await
    }

    /// What was said in these contacts, with the speakers recognised once they were analysed, in no order; contacts
    /// without words are left out.
    pub async fn spoken(
        &self,
        tenant: &TenantId,
        contacts: &[String],
    ) -> Result<Vec<(String, Transcript)>, StoreError> {
        self.query(SPOKEN, vec![tenant.as_str().into(), id_list(contacts)], |row| {
            let mut transcript = crate::transcripts::decode(&row.blob(1)?).map_err(|e| BadRow::new(1, e))?;
            if row.maybe_text(2)?.is_some() {
                transcript.speakers = row.json::<Vec<Speaker>>(2)?;
            }
            Ok((row.string(0)?, transcript))
        })
        .await
    }

    /// How many bytes the words of these contacts take in the store, in no order; contacts without words are left out.
    pub async fn spoken_bytes(
        &self,
        tenant: &TenantId,
        contacts: &[String],
    ) -> Result<Vec<(String, i64)>, StoreError> {
        let params = vec![tenant.as_str().into(), id_list(contacts)];
        self.query(SPOKEN_BYTES, params, |row| Ok((row.string(0)?, row.int(1)?))).await
    }

    /// The internal share of talk time in these contacts; contacts without an analysis are left out.
    pub async fn talk_ratios(
        &self,
        tenant: &TenantId,
        contacts: &[String],
    ) -> Result<Vec<(String, f64)>, StoreError> {
        /// The one number of [`touchline_model::CallStats`] that is shown in lists.
        #[derive(serde::Deserialize)]
        struct Ratio {
            talk_ratio: f64,
        }
        self.query(STATS, vec![tenant.as_str().into(), id_list(contacts)], |row| {
            Ok((row.string(0)?, row.json::<Ratio>(1)?.talk_ratio))
        })
        .await
    }

    /// Which of these contacts somebody has commented on.
    pub async fn commented(&self, tenant: &TenantId, contacts: &[String]) -> Result<Vec<String>, StoreError> {
        self.query(COMMENTED, vec![tenant.as_str().into(), id_list(contacts)], |row| row.string(0)).await
    }

    /// Which of these contacts somebody has evaluated.
    pub async fn evaluated(&self, tenant: &TenantId, contacts: &[String]) -> Result<Vec<String>, StoreError> {
        self.query(EVALUATED, vec![tenant.as_str().into(), id_list(contacts)], |row| row.string(0)).await
    }

    /// In which of these contacts a set found one of some topics.
    pub async fn with_topics(
        &self,
        tenant: &TenantId,
        generation: i64,
        topics: &[TopicId],
        contacts: &[String],
    ) -> Result<Vec<String>, StoreError> {
        let params = vec![tenant.as_str().into(), generation.into(), json(topics), id_list(contacts)];
        self.query(WITH_TOPICS, params, |row| row.string(0)).await
    }

    /// The set whose results readers see.
    pub async fn visible_topics(&self, tenant: &TenantId) -> Result<Option<i64>, StoreError> {
        self.first(VISIBLE, vec![tenant.as_str().into()], |row| row.int(0)).await
    }

    /// Who is in one of these teams or departments.
    pub async fn users_in(&self, tenant: &TenantId, groups: &[String]) -> Result<Vec<String>, StoreError> {
        let params = vec![tenant.as_str().into(), id_list(groups), id_list(groups)];
        self.query(USERS_IN, params, |row| row.string(0)).await
    }
}
