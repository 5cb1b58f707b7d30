//! Values of a table's cells.

use serde_json::Value;
use touchline_model::{Channel, Direction, MediaTime};

/// JSON numbers and booleans as such, when writing them again gives the same text; everything else is a string. So
/// `007`, `+49 30`, `1.50` and numbers too long for exactness stay as written.
pub(crate) fn typed(text: &str) -> Value {
    match serde_json::from_str::<Value>(text) {
        Ok(value @ (Value::Number(_) | Value::Bool(_)))
            if serde_json::to_string(&value).is_ok_and(|it| it == text) =>
        {
            value
        }
        _ => Value::String(text.to_owned()),
    }
}

/// Seconds, or `MM:SS`, or `HH:MM:SS`.
pub(crate) fn length(text: &str) -> Result<MediaTime, String> {
    let wrong = || format!("`{text}` is neither seconds nor MM:SS nor HH:MM:SS");
    let parts: Vec<&str> = text.split(':').collect();
    let (last, whole) = parts.split_last().ok_or_else(wrong)?;
    if whole.len() > 2 {
        return Err(wrong());
    }
    let mut seconds: f64 = last.parse().map_err(|_| wrong())?;
    if !whole.is_empty() && !(0.0..60.0).contains(&seconds) {
        return Err(wrong());
    }
    for (part, unit) in whole.iter().rev().zip([60.0, 3600.0]) {
        seconds += f64::from(part.parse::<u32>().map_err(|_| wrong())?) * unit;
    }
    // The model says which lengths are believed.
    serde_json::from_value(serde_json::json!(seconds)).map_err(|e| e.to_string())
}

/// Who began the call.
pub(crate) fn direction(text: &str) -> Result<Direction, String> {
    match text.to_lowercase().as_str() {
        "inbound" | "in" => Ok(Direction::Inbound),
        "outbound" | "out" => Ok(Direction::Outbound),
        "screenshare" => Ok(Direction::Screenshare),
        _ => Err(format!("`{text}` is none of inbound, outbound, screenshare")),
    }
}

/// How the customer came.
pub(crate) fn channel(text: &str) -> Result<Channel, String> {
    match text.to_lowercase().as_str() {
        "call" | "phone" | "voice" => Ok(Channel::Call),
        "chat" => Ok(Channel::Chat),
        "mail" | "email" => Ok(Channel::Mail),
        _ => Err(format!("`{text}` is none of call, chat, mail")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_keep_their_type_only_when_nothing_is_lost() {
        for (text, value) in [
            ("7", json!(7)),
            ("-1.5", json!(-1.5)),
            ("true", json!(true)),
            ("007", json!("007")),
            ("1.50", json!("1.50")),
            ("123456789012345678901234567890", json!("123456789012345678901234567890")),
            ("null", json!("null")),
            ("[1]", json!("[1]")),
            (" 7", json!(" 7")),
            ("TRUE", json!("TRUE")),
        ] {
            assert_eq!(typed(text), value, "{text}");
        }
    }

    #[test]
    fn lengths_are_seconds_or_clock_times() {
        for (text, seconds) in [("90", 90.0), ("1:30", 90.0), ("01:00:00.5", 3600.5), ("0", 0.0)] {
            assert_eq!(length(text).unwrap().secs(), seconds, "{text}");
        }
        for text in ["-1", "1:75", "1:2:3:4", "soon", "NaN", "1e9", ":"] {
            assert!(length(text).is_err(), "{text}");
        }
    }
}
