//! `template.yaml`, deployed as it is into an AWS emulator of a third party: the release binaries
//! as native functions, a load balancer that signs people in at a certified OpenID provider, S3,
//! and IAM enforced.
//!
//! The emulator and what drives it are no part of this repository; `.ci/test-release` sets them
//! up and says by environment variables where they are. What the emulator does not have are the
//! stand-ins: AgentCore Identity, GitHub and the model.

use std::{
    env,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use aws_sdk_s3::config::{BehaviorVersion, Config, Credentials, Region};
use local::Running;
use reqwest::{Certificate, Client, ClientBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Where the deployment's load balancer is known.
pub(crate) const APPLICATION: &str = "https://app.example.test";
const STACK: &str = "countersign";
const GITHUB_APP: &str = "github-app";
const GITHUB_APP_SECRET: &str = "hush";
/// As any SDK signs; the stand-in looks no closer.
const SIGNED: &str = "AWS4-HMAC-SHA256 \
     Credential=KEY/20260101/us-east-1/bedrock-agentcore/aws4_request, \
     SignedHeaders=host;x-amz-date, Signature=00";

/// A deployed stack; it ends with its value.
#[derive(Debug)]
pub struct Deployment {
    /// What the emulator says of it.
    pub info: Value,
    tool: Tool,
    folder: TempDir,
}

/// What deploys.
#[derive(Debug)]
struct Tool {
    python: PathBuf,
    script: PathBuf,
}

impl Tool {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.python);
        command.arg(&self.script).stdin(Stdio::null());
        command
    }
}

impl Deployment {
    /// Deploys the template for the stand-ins in `running`, and makes there what the template asks
    /// AgentCore Identity for.
    pub(crate) async fn new(running: &Running) -> Self {
        let tool = Tool {
            python: variable("DEPLOYMENT_PYTHON"),
            script: variable("DEPLOYMENT_HARNESS").join("deploy.py"),
        };
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("deployment.json");
        let mut command = tool.command();
        command.arg("--out").arg(&out).args(arguments(running)).stdout(Stdio::piped());
        let child = tokio::process::Command::from(command).output().await.expect("it runs");
        let said = String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success(), "the deployment failed: {said}");
        let info = std::fs::read_to_string(&out).expect("what was deployed");
        let info = serde_json::from_str(&info).expect("JSON");
        let deployment = Self { info, tool, folder };
        deployment.make_identity_resources(running).await;
        deployment
    }

    /// An HTTP client that finds the load balancer by its name, and trusts it.
    pub(crate) fn client(&self) -> ClientBuilder {
        let authority = std::fs::read(self.text("/ca_file")).expect("an authority");
        let authority = Certificate::from_pem(&authority).expect("a certificate");
        let host = self.text("/hosts/0");
        Client::builder().resolve(host, self.listener("HTTPS")).tls_certs_only([authority])
    }

    /// Where the load balancer's listener for `protocol` really listens.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn listener(&self, protocol: &str) -> SocketAddr {
        let listeners = self.info["listeners"].as_array().expect("listeners");
        let listener = listeners.iter().find(|it| it["protocol"] == protocol).expect("a listener");
        listener["address"].as_str().and_then(|it| it.parse().ok()).expect("an address")
    }

    pub(crate) fn password(&self, person: &str) -> String {
        self.text(&format!("/users/{person}/password")).to_owned()
    }

    pub(crate) fn provider(&self) -> String {
        self.text("/resolved/GitHubProvider/properties/Name").to_owned()
    }

    /// Everything in the data bucket, as text.
    pub(crate) async fn everything_saved(&self) -> String {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(self.text("/endpoint"))
            .force_path_style(true)
            .credentials_provider(Credentials::new("test", "test", None, None, "administrator"));
        let s3 = aws_sdk_s3::Client::from_conf(config.build());
        let bucket = self.text("/outputs/DataBucketName");
        let listing = s3.list_objects_v2().bucket(bucket).send().await.expect("a listing");
        let mut text = String::new();
        for key in listing.contents().iter().filter_map(|object| object.key()) {
            let object = s3.get_object().bucket(bucket).key(key).send().await.expect("an object");
            let body = object.body.collect().await.expect("its body").into_bytes();
            text.push_str(&String::from_utf8_lossy(&body));
        }
        text
    }

    /// What AWS does for the template's two resources of AgentCore Identity, which the emulator
    /// only records: the stand-in gets them with the template's own properties.
    async fn make_identity_resources(&self, running: &Running) {
        let identity = &self.info["resolved"]["WorkloadIdentity"]["properties"];
        let made = json!({
            "name": identity["Name"],
            "allowedResourceOauth2ReturnUrls": identity["AllowedResourceOauth2ReturnUrls"],
        });
        create(running, "CreateWorkloadIdentity", &made).await;

        let provider = &self.info["resolved"]["GitHubProvider"]["properties"];
        let config = &provider["Oauth2ProviderConfigInput"]["GithubOauth2ProviderConfig"];
        assert_eq!(config["ClientSecretSource"], "EXTERNAL");
        let secret = json!({ "SecretId": GITHUB_APP, "JsonKey": "client_secret" });
        assert_eq!(config["ClientSecretConfig"], secret, "the secret stays in Secrets Manager");
        let made = json!({
            "name": provider["Name"],
            "credentialProviderVendor": provider["CredentialProviderVendor"],
            "oauth2ProviderConfigInput": { "githubOauth2ProviderConfig": {
                "clientId": config["ClientId"],
                "clientSecret": GITHUB_APP_SECRET,
            } },
        });
        let made = create(running, "CreateOauth2CredentialProvider", &made).await;
        let callback = made["callbackUrl"].as_str().and_then(|url| url.parse().ok());
        let callback = callback.expect("a callback to register");
        running.github.register_app(GITHUB_APP, GITHUB_APP_SECRET, callback);
    }

    /// A text in [`info`](Self::info).
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn text(&self, pointer: &str) -> &str {
        let text = self.info.pointer(pointer).and_then(Value::as_str);
        text.unwrap_or_else(|| panic!("{pointer} is missing"))
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        let out = self.folder.path().join("deployment.json");
        let _ends_by_itself_otherwise = self.tool.command().arg("--stop").arg(out).status();
    }
}

/// A folder or program that is not part of this repository.
fn variable(name: &str) -> PathBuf {
    let value = env::var_os(name);
    value.unwrap_or_else(|| panic!("{name} is not set; run .ci/test-release")).into()
}

async fn create(running: &Running, operation: &str, input: &Value) -> Value {
    let address = running.addresses.agentcore.join("/identities/").expect("an address");
    let address = address.join(operation).expect("an address");
    let request = Client::new().post(address).header("authorization", SIGNED).json(input);
    let answer = request.send().await.expect("an answer");
    let status = answer.status();
    let answer = answer.json().await.expect("JSON");
    assert!(status.is_success(), "{operation}: {answer}");
    answer
}

/// The template, its parameters, the release binaries, and where the stand-ins are.
fn arguments(running: &Running) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let code = variable("DEPLOYMENT_CODE");
    let bootstrap = |name: &str| code.join(name).join("bootstrap").display().to_string();
    let mut arguments = vec![
        "--auth".to_owned(),
        format!("--template={}", root.join("template.yaml").display()),
        format!("--stack={STACK}"),
        "--ttl=600".to_owned(),
        format!(r#"--secret={GITHUB_APP}={{"client_secret": "{GITHUB_APP_SECRET}"}}"#),
        format!("--code=InvokeFunction={}", bootstrap("invoke")),
        format!("--code=BindSessionFunction={}", bootstrap("bind-session")),
    ];
    // In braces: what the emulator has made before it deploys.
    let parameters = [
        ("Architecture", "x86_64"),
        ("DomainName", "{host}"),
        ("HostedZoneId", "{hosted_zone_id}"),
        ("OidcIssuer", "{idp_issuer}"),
        ("OidcAuthorizationEndpoint", "{idp_authorize}"),
        ("OidcTokenEndpoint", "{idp_token}"),
        ("OidcUserInfoEndpoint", "{idp_userinfo}"),
        ("OidcClientId", "{idp_client_id}"),
        ("OidcClientSecretName", "{idp_secret_name}"),
        ("GitHubClientId", GITHUB_APP),
        ("GitHubClientSecretName", GITHUB_APP),
        ("ModelId", "eu.amazon.nova-pro-v1:0"),
    ];
    arguments.extend(parameters.map(|(name, value)| format!("--param={name}={value}")));
    let addresses = &running.addresses;
    for (function, name, value) in [
        ("InvokeFunction", "ALB_PUBLIC_KEYS_URL", "{aux}"),
        ("InvokeFunction", "AWS_ENDPOINT_URL_BEDROCK_AGENTCORE", addresses.agentcore.as_str()),
        ("InvokeFunction", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME", addresses.bedrock.as_str()),
        ("InvokeFunction", "GITHUB_API_URL", addresses.github.as_str()),
        ("BindSessionFunction", "ALB_PUBLIC_KEYS_URL", "{aux}"),
        ("BindSessionFunction", "AWS_ENDPOINT_URL_BEDROCK_AGENTCORE", addresses.agentcore.as_str()),
    ] {
        arguments.push(format!("--env={function}:{name}={value}"));
    }
    arguments
}
