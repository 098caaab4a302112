//! What this process logs, to be looked at by a test. Each line of the audit trail is compared with the published
//! schema when it is written.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Value;
use stand_in::PRIVATE_STEP;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

/// The levels that are kept: everything of the services, and what their processes print. Private steps of
/// the stand-ins are left out, because they are for no log, and so are the spans that are exported.
fn levels() -> EnvFilter {
    EnvFilter::new(format!(
        "info,{PRIVATE_STEP}=off,traces=off,invoke=trace,bind_session=trace,vault=trace,agent=trace,\
         tools_github=trace,tools_mcp=trace,models_bedrock=trace,models_openai=trace,process=debug"
    ))
}

/// Everything that this process has logged since the first call of [`Logs::kept`].
#[derive(Debug, Clone, Default)]
pub struct Logs(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    bytes: Vec<u8>,
    /// Up to where [`Logs::unread`] has read.
    read: usize,
    /// Lines of the audit trail that are not as published.
    unpublished: Vec<String>,
}

/// `docs/audit.schema.json`.
struct AuditSchema(Schemas, SchemaIndex);

impl AuditSchema {
    fn published() -> &'static Self {
        static PUBLISHED: OnceLock<AuditSchema> = OnceLock::new();
        PUBLISHED.get_or_init(|| {
            let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
            let text = include_str!("../../docs/audit.schema.json");
            let schema = serde_json::from_str(text).expect("docs/audit.schema.json is JSON");
            compiler.add_resource("audit", schema).expect("its name is a URL");
            let index = compiler.compile("audit", &mut schemas).expect("it is a schema");
            Self(schemas, index)
        })
    }

    /// What is wrong with a line, if it is one of the audit trail: of a service in this process, or of one
    /// in a process of its own, which is passed on as `name | line`.
    fn mistake(&self, line: &[u8]) -> Option<String> {
        let mut line: Value = serde_json::from_slice(line).ok()?;
        if line["target"] == "process" {
            let (_, printed) = line["message"].as_str()?.split_once(" | ")?;
            line = serde_json::from_str(printed).ok()?;
        }
        let error = (line["target"] == "audit").then(|| self.0.validate(&line, self.1).err())??;
        Some(format!("{line}: {error:#}"))
    }
}

impl Logs {
    /// Keeps what is logged from now on, in the services' own form. Tests of one process share it.
    ///
    /// # Panics
    /// When logs go elsewhere already.
    #[must_use]
    pub fn kept() -> Self {
        static KEPT: OnceLock<Logs> = OnceLock::new();
        let kept = KEPT.get_or_init(|| {
            let logs = Self::default();
            let lines = tracing_subscriber::fmt().json().flatten_event(true);
            let lines = lines.with_env_filter(levels()).with_current_span(true);
            lines.with_span_list(false).with_writer(logs.clone()).init();
            logs
        });
        kept.clone()
    }

    /// Every line.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        String::from_utf8_lossy(&self.kept_so_far().bytes).lines().map(str::to_owned).collect()
    }

    /// Every line since the last call.
    pub(crate) fn unread(&self) -> Vec<String> {
        self.assert_published();
        let mut kept = self.kept_so_far();
        let new = String::from_utf8_lossy(&kept.bytes[kept.read..]);
        let lines = new.lines().map(str::to_owned).collect();
        kept.read = kept.bytes.len();
        lines
    }

    /// Every line of the audit trail so far is of the published schema.
    #[track_caller]
    fn assert_published(&self) {
        let unpublished = self.kept_so_far().unpublished.join("\n");
        assert!(unpublished.is_empty(), "not as docs/audit.schema.json says: {unpublished}");
    }

    fn kept_so_far(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The audit events of the request with this id, except that a user came: that depends on what they have
    /// asked before.
    #[must_use]
    pub fn audit(&self, request_id: &str) -> Vec<Value> {
        let of_request = |event: &Value| {
            event["span"]["request_id"] == request_id && event["event"] != "signed_in"
        };
        self.events().into_iter().filter(of_request).collect()
    }

    /// The audit events in which `name` is `value`.
    #[must_use]
    pub fn audit_where(&self, name: &str, value: &str) -> Vec<Value> {
        self.events().into_iter().filter(|event| event[name] == value).collect()
    }

    fn events(&self) -> Vec<Value> {
        self.assert_published();
        let lines = self.lines();
        let events = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        events.filter(|event| event["target"] == "audit").collect()
    }
}

impl io::Write for Logs {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mistake = AuditSchema::published().mistake(bytes);
        let mut kept = self.kept_so_far();
        kept.bytes.extend_from_slice(bytes);
        kept.unpublished.extend(mistake);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Logs {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
