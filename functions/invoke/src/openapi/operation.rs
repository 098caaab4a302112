//! One operation of the document: what is sent, and every answer.

use edge::{Code, Kind};
use serde_json::{Value, json};

use super::responses::{SIGNED_IN, failures};

/// An operation.
pub(super) struct Operation {
    /// Its name in clients.
    pub(super) id: &'static str,
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    pub(super) description: &'static str,
    pub(super) parameters: Vec<Value>,
    pub(super) body: Option<Value>,
    pub(super) callers: Callers,
    /// The answers that are no problem, by status.
    pub(super) answers: Value,
    /// The problems of this operation alone.
    pub(super) problems: Vec<(Kind, Code)>,
}

/// Who may call an operation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Callers {
    /// Signed-in users, who have the problems of signing in in common.
    SignedIn,
    /// Anybody.
    Anyone,
}

impl Operation {
    /// The operation as JSON, in a deployment whose callers bring a `bearer` token or do not.
    pub(super) fn into_json(self, bearer: bool) -> Value {
        let mut responses = match self.callers {
            Callers::SignedIn => failures(&[SIGNED_IN, &self.problems].concat(), bearer),
            Callers::Anyone => failures(&self.problems, bearer),
        };
        if let Value::Object(answers) = self.answers {
            responses.extend(answers);
        }
        let mut operation = json!({
            "operationId": self.id,
            "tags": [self.tag],
            "summary": self.summary,
            "description": self.description,
            "responses": responses,
        });
        if !self.parameters.is_empty() {
            operation["parameters"] = self.parameters.into();
        }
        if let Some(body) = self.body {
            operation["requestBody"] = body;
        }
        if self.callers == Callers::Anyone {
            operation["security"] = json!([]);
        }
        operation
    }
}

/// A body of one of the `schemas`, in JSON.
pub(super) fn body(schemas: &[&str], examples: Value) -> Value {
    let schema = |name: &&str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let mut schemas: Vec<Value> = schemas.iter().map(schema).collect();
    let schema = match schemas.len() {
        1 => schemas.remove(0),
        _ => json!({ "anyOf": schemas }),
    };
    let content = json!({ "application/json": { "schema": schema, "examples": examples } });
    json!({ "required": true, "content": content })
}

/// A parameter of the query.
pub(super) fn query(name: &str, description: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "query", "description": description, "schema": schema })
}
