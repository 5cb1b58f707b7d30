//! What the columns of a table mean, by their names.

use csv::StringRecord;

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Id,
    StartedAt,
    Duration,
    Direction,
    AgentId,
    AgentEmail,
    /// The agent by id, address or name.
    Agent,
    Channel,
    Recording,
    Metadata(String),
    Nameless,
}

impl Column {
    /// What it is read as; none for a field of the caller's own.
    pub(super) const fn meaning(&self) -> Option<&'static str> {
        Some(match self {
            Self::Id => "id",
            Self::StartedAt => "started_at",
            Self::Duration => "duration",
            Self::Direction => "direction",
            Self::AgentId => "agent_id",
            Self::AgentEmail => "agent_email",
            Self::Agent => "agent",
            Self::Channel => "channel",
            Self::Recording => "recording",
            Self::Metadata(_) | Self::Nameless => return None,
        })
    }
}

/// Small letters, and one underscore for whatever divides words.
fn plain(name: &str) -> String {
    let words = name.split([' ', '-', '_', '.']).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_").to_lowercase()
}

/// What the columns of a header mean. Names that other systems use count only where no column has the name that is
/// documented, so that a table which has both keeps the other as a field.
pub(super) fn columns(names: &StringRecord) -> Vec<Column> {
    let mut columns: Vec<Column> = names.iter().map(column).collect();
    for (at, name) in names.iter().enumerate() {
        let Some(meant) = synonym(&plain(name)) else { continue };
        let agent = |it: &Column| matches!(it, Column::AgentId | Column::AgentEmail | Column::Agent);
        let taken = columns.iter().any(|it| *it == meant || (agent(&meant) && agent(it)));
        if !taken {
            columns[at] = meant;
        }
    }
    columns
}

/// Other names that a column may have.
fn synonym(plain: &str) -> Option<Column> {
    Some(match plain {
        "started" | "start_at" | "start_date" | "start_datetime" | "datetime" | "date_time" | "timestamp" => {
            Column::StartedAt
        }
        "length" | "duration_seconds" | "duration_secs" | "call_duration" => Column::Duration,
        "call_direction" => Column::Direction,
        "agentid" => Column::AgentId,
        "agent_mail" | "agent_e_mail" | "agentemail" | "agent_address" => Column::AgentEmail,
        "agent" | "agent_name" | "agentname" | "employee" | "employee_id" | "handled_by" => Column::Agent,
        "audio" | "audio_file" | "recording_file" | "recording_name" | "file_name" | "filename" => {
            Column::Recording
        }
        _ => return None,
    })
}

fn column(name: &str) -> Column {
    let name = name.trim();
    match plain(name).as_str() {
        "" => Column::Nameless,
        "id" | "contact_id" | "call_id" => Column::Id,
        "started_at" | "start_time" | "start" => Column::StartedAt,
        "duration" => Column::Duration,
        "direction" => Column::Direction,
        "agent_id" => Column::AgentId,
        "agent_email" => Column::AgentEmail,
        "channel" => Column::Channel,
        "recording" | "original_path" | "file" => Column::Recording,
        _ => Column::Metadata(name.strip_prefix("metadata.").unwrap_or(name).to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_other_systems_are_understood_where_no_column_has_the_documented_one() {
        let columns = |text: &str| super::columns(&text.split(',').collect::<Vec<_>>().into());
        let own = |name: &str| Column::Metadata(name.to_owned());
        assert_eq!(
            columns("Call ID,timestamp,Agent Name,filename,note"),
            [Column::Id, Column::StartedAt, Column::Agent, Column::Recording, own("note")]
        );
        assert_eq!(
            columns("id,started_at,timestamp,agent_email,agent,agent_name"),
            [
                Column::Id,
                Column::StartedAt,
                own("timestamp"),
                Column::AgentEmail,
                own("agent"),
                own("agent_name")
            ]
        );
        assert_eq!(columns("Agent E-Mail,agent")[..], [Column::AgentEmail, own("agent")]);
    }
}
