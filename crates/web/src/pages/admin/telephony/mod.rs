//! Telephony of an organisation: numbers of people, ring groups, queues, trunks, telephones, and what holds for all calls.
//!
//! The four kinds of entries of the number plan are edited by the same handlers ([`entry`]); each says what its form looks
//! like ([`Entry`](entry::Entry)). What a plan may be, the app decides.

mod devices;
mod draft;
mod entry;
mod form;
mod groups;
mod known;
mod numbers;
mod overview;
mod policy;
mod queues;
mod trunks;
mod wrongs;

use crate::Web;
use touchline_app::live::board::numbers::{QueueConfig, RingGroup, Trunk, UserNumber};
use touchline_http::{Gate, Routes};
use touchline_model::Ability;

const NEEDS: &[Ability] = &[Ability::Administer];
/// The overview.
const HERE: &str = "/admin/telephony";

pub(super) fn mount<G: Gate>(routes: &mut Routes<G, Web>) {
    overview::mount(routes);
    devices::mount(routes);
    policy::mount(routes);
    entry::mount::<G, UserNumber>(routes);
    entry::mount::<G, RingGroup>(routes);
    entry::mount::<G, QueueConfig>(routes);
    entry::mount::<G, Trunk>(routes);
}
