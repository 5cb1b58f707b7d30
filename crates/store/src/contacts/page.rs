//! What the page of one contact needs: remarks, shares, evaluations, the peaks of its recording; and who listened until when.

use crate::{Batch, Store, StoreError, records::stored};
use touchline_model::{Evaluation, Feedback, Listen, Share, Stored, TenantId, Timestamp};

const REMARKS: &str = "SELECT id, contact, author, given_at, kind, text, start, end_, modified, seq FROM feedback \
     WHERE tenant = ? AND contact = ? ORDER BY start, given_at, id LIMIT ?";
const SHARES_OF: &str = "SELECT id, contact, author, shared_at, recipient_ids, recipient_emails, modified, seq \
     FROM shares WHERE tenant = ? AND contact = ? ORDER BY shared_at, id LIMIT ?";
const EVALUATIONS_OF: &str = "SELECT id, contact, scorecard, reviewer, agent, scored_at, answers, modified, seq \
     FROM evaluations WHERE tenant = ? AND contact = ? ORDER BY scored_at DESC, id LIMIT ?";
const PEAKS: &str = "SELECT body FROM peaks WHERE tenant = ? AND sha256 = ?";
const PUT_PEAKS: &str = "INSERT INTO peaks (tenant, sha256, body) VALUES (?, ?, ?) \
     ON CONFLICT (tenant, sha256) DO UPDATE SET body = excluded.body";
const DELETE_PEAKS: &str = "DELETE FROM peaks WHERE tenant = ? AND sha256 = ?";
// Stretches that end after `until` come from elsewhere (imports may hold any time) and are left out.
const LAST_LISTEN: &str = "SELECT id, contact, listener, started_at, duration, day, counted, modified, seq FROM listens \
     WHERE tenant = ? AND listener = ? AND started_at >= ? AND started_at + duration <= ? \
     ORDER BY started_at + duration DESC, id DESC LIMIT 1";
const HOLD_LISTENING: &str = "UPDATE tenants SET seq = seq WHERE tenant = ? AND ? = (SELECT \
     COALESCE(MAX(started_at + duration), 0) FROM listens WHERE tenant = ? AND listener = ? AND started_at >= ? \
     AND started_at + duration <= ?)";

impl Batch {
    /// Keeps the peaks of a recording, in the form of their maker.
    pub fn put_peaks(&mut self, sha256: &str, body: &[u8]) -> &mut Self {
        self.run(PUT_PEAKS, vec![self.t(), sha256.into(), body.to_vec().into()])
    }

    /// Forgets the peaks of a recording.
    pub fn delete_peaks(&mut self, sha256: &str) -> &mut Self {
        self.run(DELETE_PEAKS, vec![self.t(), sha256.into()])
    }

    /// The batch holds only while what a person has listened to between two instants ends at `end` (the start of time
    /// for nothing), as [`Store::last_listen`] told.
    pub fn hold_listening(
        &mut self,
        listener: &str,
        from: Timestamp,
        until: Timestamp,
        end: Timestamp,
    ) -> &mut Self {
        let params = vec![self.t(), end.into(), self.t(), listener.into(), from.into(), until.into()];
        self.run(HOLD_LISTENING, params).expect(1)
    }
}

impl Store {
    /// Comments and highlights of a contact, by their place in it; at most so many.
    pub async fn remarks(
        &self,
        tenant: &TenantId,
        contact: &str,
        limit: usize,
    ) -> Result<Vec<Stored<Feedback>>, StoreError> {
        let params = vec![tenant.as_str().into(), contact.into(), (limit as i64).into()];
        self.query(REMARKS, params, stored).await
    }

    /// To whom a contact was shown, by time; at most so many.
    pub async fn shares_of(
        &self,
        tenant: &TenantId,
        contact: &str,
        limit: usize,
    ) -> Result<Vec<Stored<Share>>, StoreError> {
        let params = vec![tenant.as_str().into(), contact.into(), (limit as i64).into()];
        self.query(SHARES_OF, params, stored).await
    }

    /// The evaluations of a contact, newest first; at most so many.
    pub async fn evaluations_of(
        &self,
        tenant: &TenantId,
        contact: &str,
        limit: usize,
    ) -> Result<Vec<Stored<Evaluation>>, StoreError> {
        let params = vec![tenant.as_str().into(), contact.into(), (limit as i64).into()];
        self.query(EVALUATIONS_OF, params, stored).await
    }

    /// The peaks of a recording, as they were kept.
    pub async fn peaks(&self, tenant: &TenantId, sha256: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let params = vec![tenant.as_str().into(), sha256.into()];
        self.first(PEAKS, params, |row| row.blob(0)).await
    }

    /// The stretch of a person's listening that ends last, of those that began at `from` or later and have ended by
    /// `until`.
    pub async fn last_listen(
        &self,
        tenant: &TenantId,
        listener: &str,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Stored<Listen>>, StoreError> {
        let params = vec![tenant.as_str().into(), listener.into(), from.into(), until.into()];
        self.first(LAST_LISTEN, params, stored).await
    }
}

pub(crate) const STATEMENTS: &[&str] =
    &[REMARKS, SHARES_OF, EVALUATIONS_OF, PEAKS, PUT_PEAKS, DELETE_PEAKS, LAST_LISTEN, HOLD_LISTENING];
