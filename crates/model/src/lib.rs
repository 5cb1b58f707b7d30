//! The nouns of Touchline: ids, units, clock, abilities and the records that every view shares. No I/O.
//!
//! # Glossary
//!
//! | word | what it is |
//! |---|---|
//! | tenant | one customer of the server, fully isolated from the others |
//! | user | a person; an agent, a coach, a manager |
//! | group | a node of the tree of people; a *team* is a leaf, a *department* holds teams |
//! | contact | one interaction: a call, a chat, a mail |
//! | transcript | the words of a contact with times, and who spoke them |
//! | segment | a maximal run of words of one speaker |
//! | topic | words and phrases to find; a *hit* is where one was found |
//! | scorecard | sections of questions with a scoring scheme |
//! | event | something that happened to a contact, conversation, task or agent; never changed afterwards |
//! | conversation | a customer's thread; holds contacts |
//! | evaluation | a filled-in scorecard for a contact, by one person |
//! | plan, coaching session | a coaching plan; a one-to-one meeting of it |
//! | KPI, observation | a number worth watching; one value of it for a person |
//! | feedback, share, listen | a comment or highlight; a contact shown to others; time spent listening |
//! | change | one committed write; `seq` numbers them per tenant in commit order |
//!
//! The serde shapes of the records here are also the wire shapes of the native API
//! (`docs/decisions/0002-native-shapes-are-the-models.md`), so they are strict: an unknown field is refused.

pub mod ability;
pub mod analysis;
pub mod coaching;
pub mod contact;
pub mod directory;
pub mod events;
pub mod ids;
pub mod quality;
pub mod record;
pub mod time;
pub mod topic;
pub mod transcript;
pub mod validate;

pub use ability::{Ability, Caller, Role};
pub use analysis::{CallStats, QuestionAndAnswer, QuestionCounts, Summary, SummaryLine, TalkSpeed};
pub use coaching::{
    CallReview, CoachingSession, Feedback, FeedbackKind, Frequency, Kpi, Listen, Observation, Plan,
    RawAnswer, ReviewQuestion, Share,
};
pub use contact::{Channel, Contact, ContactState, CrmEntity, CrmMatch, Direction, Recording};
pub use directory::{Group, GroupKind, Inbox, Tenant, User};
pub use events::{ContactChannel, Event, EventContent, EventKind, Initiator};
pub use ids::*;
pub use quality::{Answer, Evaluation, Question, Scheme, Scorecard};
pub use record::{Kind, Record, Seq, Stored};
pub use time::{Clock, FakeClock, MediaTime, SystemClock, Timestamp};
pub use topic::{Topic, TopicHit, TopicScope};
pub use transcript::{Segment, Speaker, SpeakerType, Transcript, Word};
pub use validate::{Invalid, Validate};
