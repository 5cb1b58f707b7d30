//! The number plan: what a dialled number means, and which agent a queue rings next.
//!
//! ```toml
//! [telephony]
//! emergency = ["112", "110"]
//!
//! [telephony.dialling]
//! country_code = "49"
//!
//! [[telephony.users]]
//! number = "200"
//! user = "u-ana"
//! public = "+4930123200"
//!
//! [[telephony.queues]]
//! number = "500"
//! name = "Billing"
//! members = ["u-ana", "u-ben"]
//! overflow = "200"
//! overflow_after_secs = 120
//!
//! [[telephony.trunks]]
//! name = "provider"
//! server = "sip.provider.example"
//! addresses = ["192.0.2.0/28"]
//! ```
//!
//! [`NumberPlan`] is that text, [`Plan`] the same after it was checked; [`Plan::route`] and [`Dispatcher`] are pure.

mod config;
mod dial;
mod dispatcher;
mod escapes;
pub mod net;
mod plan;
mod queue;

pub use config::{
    Dialling, NumberPlan, QueueConfig, RingGroup, RingOrder, Secret, Trunk, TrunkRegistration, UserNumber,
};
pub use dial::{NotANumber, Number};
pub use dispatcher::Dispatcher;
pub use escapes::decode;
pub use plan::{Caller, Plan, PlanError, Refusal, RingStage, Route};
pub use queue::{QueueAction, QueueEvent};
