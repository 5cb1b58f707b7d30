//! Sets of topics and what they found. Old results stay visible until a new set has been through the whole store.

use crate::{
    BadRow, Batch, Row, Store, StoreError, Value,
    sql::{id_list, json},
};
use std::collections::HashMap;
use touchline_model::{QuestionCounts, TenantId, Topic, TopicHit};

/// Whether readers see a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TopicSetState {
    /// Readers see its results.
    Visible,
    /// It is being matched against the store.
    Building,
}

/// What topics were at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicSet {
    /// Grows with every set of the tenant.
    pub generation: i64,
    /// Visible or building.
    pub state: TopicSetState,
    /// The topics.
    pub topics: Vec<Topic>,
    /// Last contact id that the walk has done.
    pub walked: String,
    /// Contacts walked.
    pub done: i64,
    /// Contacts when the walk began.
    pub total: i64,
}

/// What a set found in one contact.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopicResult {
    /// Where phrases were found.
    pub hits: Vec<TopicHit>,
    /// Sentences with a canonical question.
    pub questions: QuestionCounts,
}

const VERSION: u8 = 1;

const SETS: &str = "SELECT generation, state, topics, walked, done, total FROM topic_sets WHERE tenant = ? \
     AND state <> 'dropped' ORDER BY generation";
const PUT_SET: &str = "INSERT INTO topic_sets (tenant, generation, state, topics, walked, done, total) \
     VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, generation) DO UPDATE SET state = excluded.state, \
     walked = excluded.walked, done = excluded.done, total = excluded.total";
// A dropped set stays known until its results are gone, so that erasing a contact finds them all.
const DROP_SET: &str = "UPDATE topic_sets SET state = 'dropped' WHERE tenant = ? AND generation = ?";
const FORGET_SETS: &str = "DELETE FROM topic_sets WHERE tenant = ? AND generation < ? AND state = 'dropped'";
// In steps, so that dropping a million old results never holds the writer for long.
const DELETE_RESULTS: &str = "DELETE FROM topic_results WHERE tenant = ? AND generation < ? AND contact IN \
     (SELECT contact FROM topic_results WHERE tenant = ? AND generation < ? LIMIT 5000) RETURNING 1";
const EPOCH: &str = "SELECT topic_epoch FROM tenants WHERE tenant = ?";
const HOLD_EPOCH: &str = "UPDATE tenants SET topic_epoch = topic_epoch WHERE tenant = ? AND topic_epoch = ?";
const MOVE_EPOCH: &str =
    "UPDATE tenants SET topic_epoch = topic_epoch + 1 WHERE tenant = ? AND topic_epoch = ?";
const PUT_RESULT: &str = "INSERT INTO topic_results (tenant, generation, contact, hits, q_internal, q_external, \
     q_unknown) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, generation, contact) DO UPDATE SET \
     hits = excluded.hits, q_internal = excluded.q_internal, q_external = excluded.q_external, \
     q_unknown = excluded.q_unknown";
const RESULTS: &str = "SELECT contact, hits, q_internal, q_external, q_unknown FROM topic_results \
     WHERE tenant = ? AND generation = ? AND contact IN (SELECT value FROM json_each(?))";
pub(crate) const DELETE_OF_CONTACT: &str = "DELETE FROM topic_results WHERE tenant = ? AND contact = ? AND \
     generation IN (SELECT generation FROM topic_sets WHERE tenant = ?)";

fn set(row: &Row<'_>) -> Result<TopicSet, BadRow> {
    Ok(TopicSet {
        generation: row.int(0)?,
        state: if row.text(1)? == "visible" { TopicSetState::Visible } else { TopicSetState::Building },
        topics: row.json(2)?,
        walked: row.string(3)?,
        done: row.int(4)?,
        total: row.int(5)?,
    })
}

fn result(row: &Row<'_>) -> Result<(String, TopicResult), BadRow> {
    let blob = row.blob(1)?;
    let hits = match blob.split_first() {
        Some((&VERSION, body)) => postcard::from_bytes(body).map_err(|e| BadRow::new(1, e))?,
        _ => return Err(BadRow::new(1, "has an unknown version")),
    };
    let count = |column: usize| u32::try_from(row.int(column)?).map_err(|e| BadRow::new(column, e));
    let questions = QuestionCounts { internal: count(2)?, external: count(3)?, unknown: count(4)? };
    Ok((row.string(0)?, TopicResult { hits, questions }))
}

impl Batch {
    /// Creates a set, or notes its progress or its becoming visible.
    pub fn put_topic_set(&mut self, set: &TopicSet) -> &mut Self {
        let state = match set.state {
            TopicSetState::Visible => "visible",
            TopicSetState::Building => "building",
        };
        let params = vec![
            Value::Text(self.tenant.0.clone()),
            set.generation.into(),
            state.into(),
            json(&set.topics),
            (&set.walked).into(),
            set.done.into(),
            set.total.into(),
        ];
        self.run(PUT_SET, params)
    }

    /// Drops a set: nobody sees it any more. Its results are removed by [`Store::drop_topic_results`].
    pub fn drop_topic_set(&mut self, generation: i64) -> &mut Self {
        self.run(DROP_SET, vec![Value::Text(self.tenant.0.clone()), generation.into()])
    }

    /// Forgets dropped sets older than `generation`, once their results are gone.
    pub fn forget_topic_sets(&mut self, generation: i64) -> &mut Self {
        self.forget_topic_weeks(generation);
        self.run(FORGET_SETS, vec![Value::Text(self.tenant.0.clone()), generation.into()])
    }

    /// The batch holds only while no set was made or became visible since `epoch` was read.
    pub fn hold_topic_epoch(&mut self, epoch: i64) -> &mut Self {
        self.run(HOLD_EPOCH, vec![Value::Text(self.tenant.0.clone()), epoch.into()]).expect(1)
    }

    /// Tells everybody who read `epoch` that sets have changed.
    pub fn move_topic_epoch(&mut self, epoch: i64) -> &mut Self {
        self.run(MOVE_EPOCH, vec![Value::Text(self.tenant.0.clone()), epoch.into()]).expect(1)
    }

    /// Writes what a set found in a contact.
    pub fn put_topic_result(&mut self, generation: i64, contact: &str, result: &TopicResult) -> &mut Self {
        let topics = result.hits.iter().map(|hit| hit.topic).collect();
        self.put_topics(generation, contact, &topics);
        let mut hits = vec![VERSION];
        // Writing plain data to memory cannot fail.
        hits.extend(postcard::to_stdvec(&result.hits).unwrap_or_default());
        let params = vec![
            Value::Text(self.tenant.0.clone()),
            generation.into(),
            contact.into(),
            hits.into(),
            result.questions.internal.into(),
            result.questions.external.into(),
            result.questions.unknown.into(),
        ];
        self.run(PUT_RESULT, params)
    }
}

impl Store {
    /// The tenant's sets, oldest first, and the epoch that they belong to.
    pub async fn topic_sets(&self, tenant: &TenantId) -> Result<(i64, Vec<TopicSet>), StoreError> {
        // The epoch first: if sets change in between, a batch that holds the epoch is refused.
        let epoch = self.first(EPOCH, vec![tenant.as_str().into()], |row| row.int(0)).await?;
        let epoch = epoch.ok_or_else(|| StoreError::NoTenant(tenant.0.clone()))?;
        Ok((epoch, self.query(SETS, vec![tenant.as_str().into()], set).await?))
    }

    /// What a set found in these contacts.
    pub async fn topic_results(
        &self,
        tenant: &TenantId,
        generation: i64,
        contacts: &[String],
    ) -> Result<HashMap<String, TopicResult>, StoreError> {
        let params = vec![tenant.as_str().into(), generation.into(), id_list(contacts)];
        Ok(self.query(RESULTS, params, result).await?.into_iter().collect())
    }

    /// Drops some results of sets older than `generation`. Whether any were left to drop.
    pub async fn drop_topic_results(&self, tenant: &TenantId, generation: i64) -> Result<bool, StoreError> {
        let t = || Value::from(tenant.as_str());
        let params = vec![t(), generation.into(), t(), generation.into()];
        let results = !self.write_returning(DELETE_RESULTS, params, |_| Ok(())).await?.is_empty();
        Ok(self.drop_found_topics(tenant, generation).await? || results)
    }
}

pub(crate) const STATEMENTS: &[&str] = &[
    SETS,
    PUT_SET,
    DROP_SET,
    FORGET_SETS,
    DELETE_RESULTS,
    EPOCH,
    HOLD_EPOCH,
    MOVE_EPOCH,
    PUT_RESULT,
    RESULTS,
    DELETE_OF_CONTACT,
];
