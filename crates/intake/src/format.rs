//! What a file may be, by the names that the options use.

use std::str::FromStr;

macro_rules! named {
    ($(#[$about:meta])* $type:ident { $($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $type { $($(#[$doc])* $variant),+ }

        impl $type {
            /// All of them, in order.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its name in options, reports and pages.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
        impl FromStr for $type {
            type Err = ();
            fn from_str(text: &str) -> Result<Self, ()> {
                match text { $($name => Ok(Self::$variant),)+ _ => Err(()) }
            }
        }
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                let known = Self::ALL.iter().map(|it| it.name()).collect::<Vec<_>>().join(", ");
                text.parse().map_err(|()| {
                    serde::de::Error::custom(format_args!("`{text}` is none of {known}"))
                })
            }
        }
    };
}

named! {
    /// What files are.
    #[derive(Default)]
    Format {
        /// Their content tells.
        #[default]
        Auto = "auto",
        /// Native records, one a line.
        Ndjson = "ndjson",
        /// A table of calls with a header row.
        Csv = "csv",
        /// Messages of chats or e-mail threads, one a line.
        Messages = "messages",
        /// Whisper's `verbose_json`.
        Whisper = "whisper",
        /// WebVTT.
        Vtt = "vtt",
        /// SubRip.
        Srt = "srt",
        /// The JSON that Amazon Transcribe writes.
        AwsTranscribe = "aws-transcribe",
        /// The JSON of Deepgram's answers for recordings.
        Deepgram = "deepgram",
        /// The JSON of AssemblyAI's transcripts.
        AssemblyAi = "assemblyai",
    }
}

named! {
    /// Kinds of native records, in the order in which they are read: what others refer to comes first.
    Kind {
        /// Groups of people.
        Groups = "groups",
        /// People.
        Users = "users",
        /// KPIs.
        Kpis = "kpis",
        /// Topics.
        Topics = "topics",
        /// Scorecards.
        Scorecards = "scorecards",
        /// Contacts, with or without transcripts.
        Contacts = "contacts",
        /// Evaluations.
        Evaluations = "evaluations",
        /// Comments and highlights.
        Feedback = "feedback",
        /// Shares.
        Shares = "shares",
        /// Listening times.
        Listens = "listens",
        /// Coaching plans.
        Plans = "plans",
        /// Coaching sessions.
        Sessions = "sessions",
        /// Observations of KPIs.
        Observations = "observations",
    }
}
