//! What a tool's input has to look like: a JSON Schema, and the check that goes with it.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

/// A tool's input as JSON Schema: an object. Some models take only some keywords at its top; what is
/// sent to them leaves the others out.
#[derive(Debug, Clone)]
pub struct InputSchema {
    json: Value,
    check: fn(&Value) -> Result<(), String>,
}

/// Whether `input` is an object, which is all that is known to be right.
fn is_object(input: &Value) -> Result<(), String> {
    input.is_object().then_some(()).ok_or_else(|| "it has to be a JSON object".to_owned())
}

impl InputSchema {
    /// The schema of the type that the tool reads its input into, so that the two can't differ.
    #[must_use]
    pub fn from_type<T: JsonSchema + DeserializeOwned>() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|it| it.inline_subschemas = true);
        let mut schema = settings.into_generator().into_root_schema_for::<T>();
        let mut top = Map::from_iter([("type".to_owned(), Value::from("object"))]);
        let properties = schema.remove("properties").unwrap_or_else(|| Map::new().into());
        top.insert("properties".to_owned(), properties);
        for keyword in ["required", "additionalProperties"] {
            top.extend(schema.remove(keyword).map(|value| (keyword.to_owned(), value)));
        }
        let check = |input: &Value| match <T as Deserialize>::deserialize(input) {
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        };
        Self { json: Value::Object(top), check }
    }

    /// A schema that another server has made; its `json` has to be one that models take. Whether an
    /// input is of it is that server's to say.
    #[must_use]
    pub fn from_server(json: Value) -> Self {
        Self { json, check: is_object }
    }

    /// The schema as JSON.
    #[must_use]
    pub fn as_json(&self) -> &Value {
        &self.json
    }

    /// Whether `input` can be read, before anybody is asked for anything that the call would need.
    ///
    /// # Errors
    /// What is wrong with it, for the model.
    pub fn check(&self, input: &Value) -> Result<(), String> {
        (self.check)(input)
    }
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::Deserialize;
    use serde_json::json;

    use super::InputSchema;

    #[derive(JsonSchema, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is wanted")]
    struct Input {
        /// Whose.
        owner: String,
        body: Option<String>,
    }

    #[test]
    fn a_schema_has_what_models_know_at_its_top() {
        let schema = InputSchema::from_type::<Input>();
        let keys: Vec<_> = schema.as_json().as_object().unwrap().keys().collect();
        assert_eq!(keys, ["additionalProperties", "properties", "required", "type"]);
        assert_eq!(schema.as_json()["required"], json!(["owner"]));
        assert_eq!(schema.as_json()["properties"]["owner"]["description"], "Whose.");
    }

    #[test]
    fn an_input_is_checked_by_the_type_that_the_schema_comes_from() {
        let schema = InputSchema::from_type::<Input>();
        assert_eq!(schema.check(&json!({ "owner": "octo-alice" })), Ok(()));
        let wrong = schema.check(&json!({ "owner": 1 }));
        assert!(wrong.is_err_and(|why| why.contains("expected a string")));
        assert!(schema.check(&json!({ "owner": "o", "extra": 1 })).is_err());
    }
}
