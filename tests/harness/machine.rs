//! The agentic workload on another machine: the same configuration, and nothing shared but what
//! is at AWS. It can die.

use std::{future, sync::Arc};

use agent::tool::ToolSource;
use container::Limits;
use edge::{ConfigError, Handler, Source, shell::Function};
use invoke::Service;
use local::environment;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use stand_in::Clock;
use tokio::{net::TcpListener, runtime::Runtime};
use url::Url;

use crate::{browser::Browser, world::World};

/// One machine.
#[derive(Debug)]
pub struct Machine {
    /// Where it listens.
    pub address: Url,
    issuer: String,
    client: Client,
    runtime: Option<Runtime>,
}

impl Machine {
    /// A machine in `world`, by `clock`.
    ///
    /// # Panics
    /// When it can't be started.
    pub async fn start(world: &World, clock: Clock) -> Self {
        Self::with_limits(world, clock, Limits::default()).await
    }

    /// A machine whose agent has more tools than GitHub's.
    ///
    /// # Panics
    /// When it can't be started.
    pub async fn with_tools(world: &World, tools: Arc<dyn ToolSource>) -> Self {
        Self::run(world, Limits::default(), |variables| {
            Service::with_tools(variables, Clock::system(), vec![tools])
        })
        .await
    }

    /// A machine that runs another function in place of the agentic workload, as an example does.
    ///
    /// # Panics
    /// When it can't be started.
    pub async fn of<F: Function>(world: &World) -> Self {
        let start = |variables: &dyn Source| F::new(variables, Clock::system());
        Self::run(world, Limits::default(), start).await
    }

    /// A machine that takes on no more than `limits`.
    ///
    /// # Panics
    /// When it can't be started.
    pub async fn with_limits(world: &World, clock: Clock, limits: Limits) -> Self {
        Self::run(world, limits, |variables| Service::new(variables, clock)).await
    }

    async fn run<F: Function>(
        world: &World,
        limits: Limits,
        start: impl FnOnce(&dyn Source) -> Result<F, ConfigError>,
    ) -> Self {
        let running = &world.running;
        let client_id = environment::OIDC_CLIENT_ID;
        let mut variables = environment::functions(&running.addresses, &running.issuer, client_id);
        variables.extend(world.variables.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let listener = listener.into_std().expect("a socket");
        let handler = Handler::from_function(start(&variables).expect("a function"));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).expect("a socket");
            container::serve(listener, handler, limits, future::pending()).await;
        });
        Self {
            address: Url::parse(&format!("http://{address}")).expect("an address"),
            issuer: running.issuer.clone(),
            client: Client::new(),
            runtime: Some(runtime),
        }
    }

    /// `POST /invocations` with `body`, for `person` in `browser`; `None` if the machine dies
    /// before it answers.
    pub async fn invoke(
        &self,
        browser: &Browser,
        person: &str,
        body: &Value,
    ) -> Option<(StatusCode, Value)> {
        let target = self.address.join("/invocations").expect("an address");
        let request = self
            .client
            .post(target)
            .header("cookie", browser.cookies())
            .header("x-amzn-oidc-data", token(&self.issuer, person))
            .json(body);
        let answer = request.send().await.ok()?;
        let status = answer.status();
        Some((status, answer.json().await.ok()?))
    }

    /// What the load balancer would send of `person` (`x-amzn-oidc-data`).
    #[must_use]
    pub fn token(&self, person: &str) -> String {
        token(&self.issuer, person)
    }

    /// Dies in the middle of its work.
    pub fn dies(mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// `x-amzn-oidc-data` for `person` as the local load balancer makes it, valid until 2100.
fn token(issuer: &str, person: &str) -> String {
    const NEVER: u64 = 4_102_444_800;
    let header = json!({
        "typ": "JWT", "alg": "ES256", "kid": development_key::KEY_ID, "iss": issuer,
        "client": environment::OIDC_CLIENT_ID, "exp": NEVER,
        "signer": load_balancer_local::ARN,
    });
    development_key::sign(&header, &json!({ "sub": person, "exp": NEVER, "iss": issuer }))
}
