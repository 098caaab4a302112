//! What a browser is shown at the stand-in's own address: what this is, and how an SDK finds it.

use axum::{Router, extract::State, http::StatusCode, response::Response, routing::get};
use stand_in::{
    REGION,
    page::{escape, page},
};

use super::AgentCore;

/// The page.
pub(super) fn routes() -> Router<AgentCore> {
    Router::new().route("/", get(show))
}

async fn show(State(core): State<AgentCore>) -> Response {
    let main = format!(
        "<h1>AgentCore Identity’s stand-in is running</h1>\n\
         <p>It is not AWS. Any AWS SDK finds it by these variables:</p>\n<pre>{}</pre>\n",
        escape(&core.exports())
    );
    page(StatusCode::OK, "Amazon Bedrock AgentCore Identity", &main)
}

impl AgentCore {
    /// The lines for a shell whose AWS SDKs are to call this stand-in.
    #[must_use]
    pub fn exports(&self) -> String {
        let base = self.base.as_str().trim_end_matches('/');
        format!(
            "export AWS_ENDPOINT_URL_BEDROCK_AGENTCORE={base}\n\
             export AWS_ENDPOINT_URL_BEDROCK_AGENTCORE_CONTROL={base}\n\
             export BEDROCK_AGENTCORE_DP_ENDPOINT={base} BEDROCK_AGENTCORE_CP_ENDPOINT={base}\n\
             export AWS_REGION={REGION} AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any\n"
        )
    }
}
