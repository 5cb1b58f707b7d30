//! Topics as people work on them: what a draft would find, how often each was found, and how far matching has come.

mod preview;
mod trend;

pub use preview::{TopicExample, TopicPreview};
pub use trend::{TopicTrend, TopicTrends};
