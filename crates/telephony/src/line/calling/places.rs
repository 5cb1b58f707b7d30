//! A trunk may have several places: when one says nothing, or that it cannot now, the next is called (RFC 3263 §4.3).

use super::{super::Input, Fork, Line, Phase};
use crate::{
    locate::Server,
    wire::{Flow, Opened, message::escaped},
};
use std::{collections::VecDeque, sync::Arc};
use tokio::time::Instant;
use touchline_live::numbers::Trunk;

/// One way to whom we call.
pub(super) struct Way {
    pub(super) flow: Flow,
    /// The Request-URI.
    pub(super) target: String,
    pub(super) trunk: Option<Box<Trunk>>,
    /// Where else the same trunk can be reached.
    pub(super) elsewhere: VecDeque<Arc<Opened>>,
}

impl Line {
    /// The first of these places that can be reached at all; `ipv6` if our description is for one family already.
    pub(super) async fn way_out(
        &self,
        trunk: &Trunk,
        number: &str,
        mut places: VecDeque<Arc<Opened>>,
        ipv6: Option<bool>,
    ) -> Option<Way> {
        let server = Server::read(&trunk.server)?;
        let target = format!("sip:{}@{}", escaped(number), server.address);
        while let Some(place) = places.pop_front() {
            if ipv6.is_some_and(|ipv6| ipv6 != place.hop.address.is_ipv6()) {
                continue;
            }
            if let Some(flow) = self.shared.wire.way_to(&place).await {
                return Some(Way { flow, target, trunk: Some(Box::new(trunk.clone())), elsewhere: places });
            }
        }
        None
    }

    /// Calls the next place of the trunk instead of this one, if there is one and nobody has decided yet. If this one
    /// says something after all, it hears that we have changed our mind; if it answers first, it has the call.
    pub(in crate::line) async fn go_elsewhere(&mut self, which: usize) -> bool {
        let Phase::Calling(calling) = &self.phase else { return false };
        let super::Called::Trunk { number, .. } = &calling.called else { return false };
        let number = number.clone();
        let Some(fork) = self.forks.get_mut(which).filter(|fork| !fork.withdrawn) else { return false };
        fork.patience = None;
        let (places, trunk) = (std::mem::take(&mut fork.elsewhere), fork.trunk.clone());
        let ipv6 = fork.dialog.flow.local.is_ipv6();
        let Some(trunk) = trunk.filter(|_| !places.is_empty()) else { return false };
        let Some(way) = self.way_out(&trunk, &number, places, Some(ipv6)).await else { return false };
        tracing::info!(trunk = %trunk.name, to = %way.flow.peer.address, "the next place of the trunk is tried");
        if let Some(fork) = self.forks.get_mut(which) {
            fork.withdrawn = true;
            fork.refused = Some(503);
        }
        let offer = self.shared.offer(&mut self.sound);
        self.fork(way, &offer);
        true
    }

    /// When the next place is to be tried.
    pub(in crate::line) fn patience(&self) -> Option<Instant> {
        self.forks.iter().filter(|fork| fork.waits()).filter_map(|fork| fork.patience).min()
    }

    /// Finds out who has said nothing for too long.
    pub(in crate::line) fn lose_patience(&mut self, now: Instant) {
        for (which, fork) in self.forks.iter_mut().enumerate() {
            if fork.waits() && fork.patience.take_if(|due| *due <= now).is_some() {
                let _line_is_gone = self.me.send(Input::Silent(which));
            }
        }
    }
}

impl Fork {
    /// Nothing has come from there.
    fn waits(&self) -> bool {
        !self.heard && !self.withdrawn && self.refused.is_none()
    }
}
