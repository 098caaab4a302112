//! What requests allocate, which is the same on every machine; how long they take is not
//! (`docs/performance.md`).
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::collections::BTreeMap;

use allocation_counter::{AllocationInfo, measure};
use http::StatusCode;
use invoke::Invoke;
use lambda_http::{Body, Request};
use tokio::runtime::{Builder, Runtime};
use tower_service::Service;

fn handler() -> Invoke {
    let variables = [
        ("AWS_REGION", "eu-central-1"),
        ("ALB_ARN", "arn:aws:elasticloadbalancing:eu-central-1:0:loadbalancer/app/a/b"),
        ("OIDC_ISSUER", "https://issuer.example"),
        ("OIDC_CLIENT_ID", "client"),
        ("SESSION_BINDING_URL", "https://app.example/oauth2/session-binding"),
        ("CONSENT_KEY", "0123456789abcdef0123456789abcdef"),
        ("WORKLOAD_IDENTITY_NAME", "countersign"),
        ("SESSION_BUCKET", "bucket"),
        ("MODEL_ID", "model"),
    ];
    let variables: BTreeMap<_, _> =
        variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Invoke::start(&variables).unwrap()
}

/// What the answer to a GET of `path` allocates, once everything that is made once is there.
fn allocated(
    runtime: &Runtime,
    handler: &mut Invoke,
    path: &str,
    status: StatusCode,
) -> AllocationInfo {
    let mut once = || {
        let request = http::Request::get(path).body(Body::Empty).unwrap();
        let request: Request = request;
        let reply = runtime.block_on(handler.call(request)).unwrap();
        assert_eq!(reply.status(), status);
    };
    once();
    measure(once)
}

#[test]
fn a_health_check_and_a_stranger_allocate_far_less_than_a_turn_needs() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let mut handler = handler();
    for (path, status, most) in [
        ("/ping", StatusCode::OK, 8 * 1024),
        ("/nothing-here", StatusCode::NOT_FOUND, 8 * 1024),
        ("/sessions", StatusCode::UNAUTHORIZED, 8 * 1024),
    ] {
        let AllocationInfo { count_total, bytes_total, .. } =
            allocated(&runtime, &mut handler, path, status);
        println!("{path}: {count_total} allocations, {bytes_total} bytes");
        assert!(bytes_total <= most, "{path}: {bytes_total} bytes in {count_total} allocations");
    }
}
