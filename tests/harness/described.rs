//! Compares what the services answer with the OpenAPI document.

use std::sync::OnceLock;

use edge::Site;
use reqwest::{
    StatusCode,
    header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER},
};
use serde_json::{Value, json};

/// The document.
#[derive(Debug)]
pub struct Document(Value);

impl Document {
    /// The document that a service answered.
    #[must_use]
    pub fn new(document: Value) -> Self {
        Self(document)
    }

    /// The document of the services in this program, behind a load balancer.
    pub(crate) fn of_these_services() -> &'static Self {
        static DOCUMENT: OnceLock<Document> = OnceLock::new();
        DOCUMENT.get_or_init(|| {
            let site = Site::parse("http://localhost/oauth2/session-binding").expect("a site");
            let document = invoke::openapi::document(&site, false, true).expect("a document");
            Self(serde_json::from_slice(&document).expect("JSON"))
        })
    }

    /// The schema of that name.
    #[must_use]
    pub fn schema(&self, name: &str) -> &Value {
        &self.0["components"]["schemas"][name]
    }

    /// The answer of that status to `method` (in lower case) at `path`.
    #[must_use]
    pub fn response(&self, method: &str, path: &str, status: StatusCode) -> Option<&Value> {
        let path = self.template(path)?;
        let response = &self.0["paths"][path][method]["responses"].get(status.as_str())?;
        let shared = response["$ref"].as_str().and_then(|path| path.rsplit('/').next());
        Some(shared.map_or(response, |name| &self.0["components"]["responses"][name]))
    }

    /// The path as the document has it; pages and their files are not described.
    fn template(&self, path: &str) -> Option<&str> {
        let paths = self.0["paths"].as_object()?;
        let fits = |template: &str| match template.split_once('{') {
            Some((before, _)) => path.strip_prefix(before).is_some_and(|it| !it.contains('/')),
            None => template == path,
        };
        paths.keys().map(String::as_str).find(|template| fits(template))
    }

    /// Fails unless the document describes an answer of the services. What the load balancer answers
    /// by itself is not described, and neither is a method that a path does not have.
    ///
    /// # Panics
    /// When the document does not describe it.
    #[track_caller]
    pub fn assert_describes(
        &self,
        (method, path): (&str, &str),
        (status, headers): (StatusCode, &HeaderMap),
        text: &str,
    ) {
        let is_described = self.template(path).is_some() && headers.contains_key("x-request-id");
        if !is_described || status == StatusCode::METHOD_NOT_ALLOWED {
            return;
        }
        let place = format!("{method} {path} {status}");
        let response = self.response(method, path, status);
        let response = response.unwrap_or_else(|| panic!("{place} is not described: {text}"));
        if headers.contains_key(RETRY_AFTER) {
            assert!(response["headers"]["Retry-After"].is_object(), "{place}: Retry-After: {text}");
        }
        if text.is_empty() {
            return;
        }
        let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = media_type.and_then(|value| value.split(';').next()).unwrap_or_default();
        let content = response["content"].get(media_type);
        let content = content.unwrap_or_else(|| panic!("{place}: {media_type} is not described"));
        if media_type.ends_with("json") {
            let answer = serde_json::from_str(text).expect("JSON");
            assert_eq!(self.mistake(&content["schema"], &answer), None, "{place}: {text}");
        }
    }

    /// What is wrong with `value` by `schema`: members that it does not know, members that it
    /// requires, other types.
    #[must_use]
    pub fn mistake(&self, schema: &Value, value: &Value) -> Option<String> {
        if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
            let whole = self.mistake(self.schema(name), value);
            // What stands beside a reference narrows it (JSON Schema 2020-12, section 8.2.3.1).
            let narrower = schema["properties"].as_object();
            let mut narrower = narrower.into_iter().flatten();
            return whole.or_else(|| {
                narrower.find_map(|(name, schema)| self.mistake(schema, &value[name]))
            });
        }
        if let Some(only) = schema.get("const") {
            return (only != value).then(|| format!("{value} is not {only}"));
        }
        for kind in ["oneOf", "anyOf"] {
            if let Some(variants) = schema[kind].as_array() {
                let mistakes = variants.iter().map(|it| self.mistake(it, value));
                let mistakes: Option<Vec<String>> = mistakes.collect();
                return mistakes.map(|all| all.join("; or "));
            }
        }
        if let Some(allowed) = schema["enum"].as_array().filter(|all| !all.contains(value)) {
            return Some(format!("{value} is none of {allowed:?}"));
        }
        let types = match &schema["type"] {
            Value::Array(types) => types.clone(),
            Value::Null => return None,
            one => vec![one.clone()],
        };
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        if !types.contains(&json!(kind)) {
            return Some(format!("{value} is no {types:?}"));
        }
        match value {
            Value::Array(items) => {
                items.iter().find_map(|item| self.mistake(&schema["items"], item))
            }
            Value::Object(members) => {
                let known = schema["properties"].as_object()?;
                let needed = schema["required"].as_array().into_iter().flatten();
                let missing =
                    needed.filter_map(Value::as_str).find(|it| !members.contains_key(*it));
                let missing = missing.map(|name| format!("{name} is missing in {value}"));
                missing.or_else(|| {
                    members.iter().find_map(|(name, member)| match known.get(name) {
                        None => Some(format!("{name} is not described")),
                        Some(schema) => self.mistake(schema, member),
                    })
                })
            }
            _ => None,
        }
    }
}
