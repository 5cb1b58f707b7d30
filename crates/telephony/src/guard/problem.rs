//! What can be wrong with a message, and the answer that each fault gets.

use crate::limits::Refused;

/// A fault of a message. The codes are those of RFC 3261 §21.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// No well-formed request line or status line.
    StartLine,
    /// No empty line behind the header.
    NoEnd,
    /// A line without a colon, or with a name that is no token.
    FieldLine,
    /// CR or LF alone; other software might see two lines where we see one.
    LineBreak,
    /// The header is not UTF-8.
    NotUtf8,
    /// A control character, NUL among them.
    Control,
    /// More header lines than allowed.
    ManyFields,
    /// The header, one value or the whole message is larger than allowed.
    TooLarge,
    /// The Request-URI is malformed, or has headers.
    RequestUri,
    /// A field that every request needs is not there.
    Missing(&'static str),
    /// A field that may stand once stands twice.
    Doubled(&'static str),
    /// A field's value is malformed.
    Field(&'static str),
    /// CSeq names another method than the request line.
    CSeqMethod,
    /// Content-Length is larger than what came.
    Cut,
    /// The body is larger than allowed.
    BodyTooLarge,
    /// A version other than 2.0.
    Version,
    /// A method that nobody has defined.
    UnknownMethod,
    /// A method that is not offered here.
    Method,
    /// A request that is allowed only inside of a dialog.
    Outside,
    /// A request of a dialog without the dialog's tag.
    NoDialog,
    /// A Request-URI that is neither `sip:` nor `sips:` nor `tel:`.
    Scheme,
    /// Extensions that are required and not supported.
    Extension(String),
    /// A body of a type or encoding that is not understood.
    MediaType,
    /// The caller accepts no session description.
    NotAcceptable,
    /// Max-Forwards has run out.
    Hops,
    /// A response for somebody else: not exactly one Via.
    NotOurs,
}

impl Problem {
    /// Status code of the answer.
    pub const fn code(&self) -> u16 {
        match self {
            Self::ManyFields | Self::TooLarge => 513,
            Self::BodyTooLarge => 413,
            Self::Version => 505,
            Self::UnknownMethod => 501,
            Self::Method => 405,
            Self::Outside => 403,
            Self::NoDialog => 481,
            Self::Scheme => 416,
            Self::Extension(_) => 420,
            Self::MediaType => 415,
            Self::NotAcceptable => 406,
            Self::Hops => 483,
            _ => 400,
        }
    }

    /// Reason phrase of the answer. Of a 400 it tells the fault, as RFC 3261 §21.4.1 wants; never text of the sender's.
    pub fn phrase(&self) -> String {
        match self {
            Self::StartLine => "Malformed request line".into(),
            Self::NoEnd => "No empty line behind the header".into(),
            Self::FieldLine => "Malformed header line".into(),
            Self::LineBreak => "CR or LF alone".into(),
            Self::NotUtf8 => "Header is not UTF-8".into(),
            Self::Control => "Control character in the header".into(),
            Self::ManyFields | Self::TooLarge => "Message Too Large".into(),
            Self::RequestUri => "Malformed Request-URI".into(),
            Self::Missing(name) => format!("Missing {name}"),
            Self::Doubled(name) => format!("More than one {name}"),
            Self::Field(name) => format!("Malformed {name}"),
            Self::CSeqMethod => "CSeq names another method".into(),
            Self::Cut => "Content-Length is larger than the message".into(),
            Self::BodyTooLarge => "Request Entity Too Large".into(),
            Self::Version => "Version Not Supported".into(),
            Self::UnknownMethod => "Not Implemented".into(),
            Self::Method => "Method Not Allowed".into(),
            Self::Outside => "Forbidden".into(),
            Self::NoDialog => "Call/Transaction Does Not Exist".into(),
            Self::Scheme => "Unsupported URI Scheme".into(),
            Self::Extension(_) => "Bad Extension".into(),
            Self::MediaType => "Unsupported Media Type".into(),
            Self::NotAcceptable => "Not Acceptable".into(),
            Self::Hops => "Too Many Hops".into(),
            Self::NotOurs => "Not exactly one Via".into(),
        }
    }
}

/// Why a message was dropped without a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// A keep-alive; nothing is wrong.
    KeepAlive,
    /// Not SIP at all.
    NotSip,
    /// A faulty response; responses are never answered.
    Response(Problem),
    /// A faulty ACK; those are never answered either.
    Ack(Problem),
    /// The acknowledgement of an answer that the guard gave.
    OwnAnswer,
    /// A faulty request that lacks what an answer must repeat.
    Unanswerable(Problem),
    /// The source sends too much, or is banned.
    Flood(Refused),
}
