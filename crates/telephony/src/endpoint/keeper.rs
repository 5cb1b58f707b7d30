//! Recordings that are complete, on their way to the exchange.

use super::Exchange;
use crate::sound::Recorded;
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc::UnboundedReceiver;
use touchline_app::live::RecordedCall;

/// After a failure, so long until the next try; longer each time.
const AGAIN: Duration = Duration::from_secs(2);
/// Never longer than this.
const LONGEST: Duration = Duration::from_secs(300);

/// Hands recordings over, one after another; ends when there will be no more. What cannot be handed over stays where it
/// is, and is found again at the next start.
pub(super) async fn keep(exchange: Arc<dyn Exchange>, mut recordings: UnboundedReceiver<Recorded>) {
    while let Some(recorded) = recordings.recv().await {
        let mut wait = AGAIN;
        loop {
            let recording = RecordedCall {
                customer_facing: recorded.conversation.clone(),
                coach: recorded.whisper.clone(),
                cut: recorded.cut,
            };
            match exchange.recorded(recorded.tenant.clone(), recorded.call, recording).await {
                Ok(()) => break,
                Err(error) => tracing::warn!(%error, "a recording could not be kept; once more in {wait:?}"),
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST);
        }
        recorded.tidy();
    }
}
