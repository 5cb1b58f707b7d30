//! Numbers as the vendor writes them: whole ones without a fraction.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use std::borrow::Cow;

/// The largest whole number that a double holds without a gap.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A number: `20` rather than `20.0`, otherwise as short as exact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Number(pub(crate) f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.fract() == 0.0 && self.0.abs() < EXACT {
            true => serializer.serialize_i64(self.0 as i64),
            false => serializer.serialize_f64(self.0),
        }
    }
}
impl JsonSchema for Number {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Number".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_have_no_fraction() {
        let texts: Vec<String> = [20.0, -3.0, 18.56, 1e300, 0.1]
            .into_iter()
            .map(|number| serde_json::to_string(&Number(number)).unwrap())
            .collect();
        assert_eq!(texts, ["20", "-3", "18.56", "1e+300", "0.1"]);
    }
}
