//! A tool's input schema, as far as models take it.
//!
//! Models differ in which keywords of JSON Schema they take: Amazon Nova takes `type`, `properties` and
//! `required` at the top and nothing else, and none takes a schema that refers to itself for ever. So
//! references inside the schema are written out, what remains at the top is what all models know, and a
//! schema that is too large or refers elsewhere is not used. Whether an input is of the schema is the
//! server's to say: it has the original.

use serde_json::{Map, Value};

/// How large a schema may be, as JSON, with its references written out.
const MOST_BYTES: usize = 16 * 1024;
/// How deep it may be nested.
const DEEPEST: usize = 24;
/// How many values it may have while references are written out.
const MOST_VALUES: usize = 4_000;

/// Why a schema can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnfitSchema {
    #[error("its input is not an object")]
    NoObject,
    #[error("its input schema is too large, or refers to itself")]
    TooLarge,
    #[error("its input schema refers to another document")]
    Elsewhere,
}

/// `schema` with its references written out and nothing but `type`, `properties` and `required` at its top.
pub(crate) fn fit(schema: &Map<String, Value>) -> Result<Value, UnfitSchema> {
    if schema.get("type").is_some_and(|it| it != "object") {
        return Err(UnfitSchema::NoObject);
    }
    let root = Value::Object(schema.clone());
    let mut left = MOST_VALUES;
    let mut top = Map::from_iter([("type".to_owned(), Value::from("object"))]);
    let properties = schema.get("properties").filter(|it| it.is_object());
    let properties = match properties {
        Some(properties) => written_out(properties, &root, 0, &mut left)?,
        None => Map::new().into(),
    };
    if let Some(required) = schema.get("required").and_then(Value::as_array) {
        let is_property =
            |name: &&Value| name.as_str().is_some_and(|it| properties[it].is_object());
        let required: Vec<Value> = required.iter().filter(is_property).cloned().collect();
        if !required.is_empty() {
            top.insert("required".to_owned(), required.into());
        }
    }
    top.insert("properties".to_owned(), properties);
    let top = Value::Object(top);
    match session::json_bytes(&top) <= MOST_BYTES {
        true => Ok(top),
        false => Err(UnfitSchema::TooLarge),
    }
}

fn written_out(
    value: &Value,
    root: &Value,
    depth: usize,
    left: &mut usize,
) -> Result<Value, UnfitSchema> {
    *left = left.checked_sub(1).ok_or(UnfitSchema::TooLarge)?;
    if depth > DEEPEST {
        return Err(UnfitSchema::TooLarge);
    }
    match value {
        Value::Object(members) => match members.get("$ref").and_then(Value::as_str) {
            Some(reference) => {
                let inside = reference.strip_prefix('#').ok_or(UnfitSchema::Elsewhere)?;
                let target = root.pointer(inside).ok_or(UnfitSchema::Elsewhere)?;
                written_out(target, root, depth + 1, left)
            }
            None => {
                let names = members.iter().filter(|(name, _)| !is_for_references(name));
                let inside = names.map(|(name, inside)| {
                    Ok((seen(name), written_out(inside, root, depth + 1, left)?))
                });
                inside.collect::<Result<Map<_, _>, _>>().map(Value::Object)
            }
        },
        Value::Array(items) => {
            let items = items.iter().map(|item| written_out(item, root, depth + 1, left));
            items.collect::<Result<Vec<_>, _>>().map(Value::Array)
        }
        Value::String(text) => Ok(seen(text).into()),
        plain => Ok(plain.clone()),
    }
}

fn is_for_references(keyword: &str) -> bool {
    matches!(keyword, "$defs" | "definitions" | "$schema" | "$id" | "$anchor" | "$comment")
}

/// The model reads what a person would see.
fn seen(text: &str) -> String {
    invisible::shown_in_lines(text)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{UnfitSchema, fit};

    fn fitted(schema: Value) -> Result<Value, UnfitSchema> {
        fit(schema.as_object().unwrap())
    }

    #[test]
    fn at_the_top_there_is_what_every_model_takes() {
        let schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
            "title": "Input", "properties": { "day": { "type": "string" } },
            "required": ["day", "gone", 7], "oneOf": [], "additionalProperties": false,
        });
        let fit = json!({
            "type": "object", "properties": { "day": { "type": "string" } }, "required": ["day"],
        });
        assert_eq!(fitted(schema), Ok(fit));
        assert_eq!(fitted(json!({})), Ok(json!({ "type": "object", "properties": {} })));
    }

    #[test]
    fn references_inside_the_schema_are_written_out() {
        let schema = json!({
            "type": "object", "properties": { "who": { "$ref": "#/$defs/Person" } },
            "$defs": { "Person": { "type": "object", "properties": { "name": { "type": "string" } } } },
        });
        let who = fitted(schema).unwrap()["properties"]["who"].clone();
        assert_eq!(
            who,
            json!({ "type": "object", "properties": { "name": { "type": "string" } } })
        );
    }

    #[test]
    fn a_schema_that_refers_to_itself_or_elsewhere_or_is_too_large_is_not_used() {
        let itself = json!({ "properties": { "a": { "$ref": "#/properties/a" } } });
        assert_eq!(fitted(itself), Err(UnfitSchema::TooLarge));
        let all = json!({ "properties": { "a": { "$ref": "#" }, "b": { "$ref": "#" } } });
        assert_eq!(fitted(all), Err(UnfitSchema::TooLarge));
        let elsewhere = json!({ "properties": { "a": { "$ref": "http://127.0.0.1/x" } } });
        assert_eq!(fitted(elsewhere), Err(UnfitSchema::Elsewhere));
        let mut deep = json!({});
        for _ in 0..100 {
            deep = json!({ "properties": { "a": deep } });
        }
        assert_eq!(fitted(deep), Err(UnfitSchema::TooLarge));
        let large = json!({ "properties": { "a": { "description": "x".repeat(20_000) } } });
        assert_eq!(fitted(large), Err(UnfitSchema::TooLarge));
        assert_eq!(fitted(json!({ "type": "array" })), Err(UnfitSchema::NoObject));
        assert_eq!(fitted(json!({ "type": ["object", "null"] })), Err(UnfitSchema::NoObject));
    }

    #[test]
    fn what_nobody_sees_is_shown_by_its_code() {
        let hidden = json!({ "properties": { "a": { "description": "x\u{200b}y" } } });
        let shown = fitted(hidden).unwrap();
        assert_eq!(shown["properties"]["a"]["description"], "x⟨U+200B⟩y");
    }
}
