//! The names that this machine knows: its own way for addresses, and the DNS servers that it is configured with for the rest.

use super::{Names, Naptr, Srv};
use crate::endpoint::Promised;
use hickory_resolver::{
    TokioResolver,
    proto::rr::{RData, RecordType},
};
use std::{
    net::IpAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

/// A caller waits meanwhile: servers that say nothing to a question are not waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Reads `/etc/resolv.conf` when it is asked for the first time.
#[derive(Clone, Default)]
pub struct SystemNames(Arc<OnceLock<Option<TokioResolver>>>);

impl std::fmt::Debug for SystemNames {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SystemNames")
    }
}

impl SystemNames {
    async fn records(&self, name: &str, kind: RecordType) -> Vec<RData> {
        let resolver = self.0.get_or_init(|| {
            let made = TokioResolver::builder_tokio().and_then(|it| it.build());
            made.inspect_err(
                |error| tracing::warn!(%error, "no DNS servers: trunks are found by their addresses only"),
            )
            .ok()
        });
        let Some(resolver) = resolver else { return vec![] };
        // With a dot at its end no local domain is added to it.
        let asked = resolver.lookup(format!("{}.", name.trim_end_matches('.')), kind);
        let Ok(answered) = tokio::time::timeout(PATIENCE, asked).await else {
            tracing::debug!(name, %kind, "no answer");
            return vec![];
        };
        match answered {
            Ok(found) => found.answers().iter().map(|record| record.data.clone()).collect(),
            Err(error) => {
                tracing::debug!(%error, name, %kind, "nothing found");
                vec![]
            }
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Names for SystemNames {
    fn naptr<'a>(&'a self, name: &'a str) -> Promised<'a, Vec<Naptr>> {
        Box::pin(async move {
            let all = self.records(name, RecordType::NAPTR).await.into_iter();
            all.filter_map(|record| match record {
                RData::NAPTR(it) => Some(Naptr {
                    order: it.order,
                    preference: it.preference,
                    flags: text(&it.flags),
                    service: text(&it.services),
                    replacement: it.replacement.to_ascii(),
                }),
                _ => None,
            })
            .collect()
        })
    }

    fn srv<'a>(&'a self, name: &'a str) -> Promised<'a, Vec<Srv>> {
        Box::pin(async move {
            let all = self.records(name, RecordType::SRV).await.into_iter();
            all.filter_map(|record| match record {
                RData::SRV(it) => Some(Srv {
                    priority: it.priority,
                    weight: it.weight,
                    port: it.port,
                    target: it.target.to_ascii(),
                }),
                _ => None,
            })
            .collect()
        })
    }

    fn addresses<'a>(&'a self, name: &'a str) -> Promised<'a, Vec<IpAddr>> {
        Box::pin(async move {
            let mut found: Vec<IpAddr> = match tokio::net::lookup_host((name, 0)).await {
                Ok(found) => found.map(|it| it.ip()).collect(),
                Err(error) => {
                    tracing::debug!(%error, name, "no address");
                    vec![]
                }
            };
            found.dedup();
            found
        })
    }
}
