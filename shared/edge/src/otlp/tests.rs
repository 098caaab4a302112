//! What a collector sees of a process, and what a process sees of a collector.

use std::{collections::BTreeMap, sync::Mutex, time::Duration};

use http::Request;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::timeout,
};
use tracing::{info_span, subscriber::with_default};

use super::{
    Otlp,
    client::{Signer, xray_region},
};
use crate::{aws::Aws, environment::Reader};

async fn exporting_to(variable: &str, address: &str) -> Result<Otlp, crate::ConfigError> {
    let source = BTreeMap::from([(variable.to_owned(), address.to_owned())]);
    Otlp::start(&source, "test", false).await
}

/// A place in the code that several subscribers first see at once may be taken for one that none wants.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn end_a_span(traces: &Otlp) {
    let _alone = ONE_AT_A_TIME.lock().unwrap();
    let tracer = traces.tracer().unwrap();
    with_default(telemetry::traces::exporting(tracer), || {
        drop(info_span!(target: "traces", "one"));
    });
}

#[tokio::test]
async fn without_an_endpoint_nothing_is_exported() {
    let traces = Otlp::start(&BTreeMap::<String, String>::new(), "test", false).await.unwrap();
    assert!(!traces.is_on() && traces.tracer().is_none());
}

#[tokio::test]
async fn an_endpoint_that_could_be_listened_in_on_is_refused() {
    for variable in ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] {
        let refused = exporting_to(variable, "http://collector.example:4318").await.unwrap_err();
        assert!(refused.to_string().contains(&format!("{variable}: ")), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flush_sends_what_has_ended_by_post_as_protobuf() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let traces = exporting_to("OTEL_EXPORTER_OTLP_ENDPOINT", &address).await.unwrap();
    end_a_span(&traces);
    let collector = async {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 64 * 1024];
        let read = socket.read(&mut request).await.unwrap();
        socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        String::from_utf8_lossy(&request[..read]).into_owned()
    };
    let (request, ()) = tokio::join!(timeout(Duration::from_secs(20), collector), traces.flush());
    let request = request.unwrap();
    assert!(request.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("application/x-protobuf") && request.contains("one"), "{request}");
    assert!(request.contains("countersign-test"), "{request}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_never_answers_is_waited_for_once_and_not_long() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let traces = exporting_to("OTEL_EXPORTER_OTLP_ENDPOINT", &address).await.unwrap();
    end_a_span(&traces);
    timeout(Duration::from_secs(20), traces.flush()).await.unwrap();
    let exporting = traces.0.clone().unwrap();
    assert!(exporting.not_before.load(std::sync::atomic::Ordering::Relaxed) > 0);
    end_a_span(&traces);
    let mut again = std::pin::pin!(traces.flush());
    let polled =
        std::future::poll_fn(|context| std::task::Poll::Ready(again.as_mut().poll(context)));
    assert!(polled.await.is_ready(), "nobody waits for it again");
}

#[tokio::test]
async fn requests_to_xray_are_signed_for_its_region() {
    let address = "https://xray.eu-central-1.amazonaws.com/v1/traces";
    assert_eq!(xray_region(address).as_deref(), Some("eu-central-1"));
    for other in ["https://xray.example.com/", "https://xray.a.b.amazonaws.com/", "http://[::1]/"] {
        assert_eq!(xray_region(other), None, "{other}");
    }
    let source = BTreeMap::from([
        ("AWS_ACCESS_KEY_ID".to_owned(), "AKIDEXAMPLE".to_owned()),
        ("AWS_SECRET_ACCESS_KEY".to_owned(), "secret".to_owned()),
        ("AWS_SESSION_TOKEN".to_owned(), "session".to_owned()),
    ]);
    let aws = Aws::read(&mut Reader::new(&source));
    let mut request = Request::post(address).body("spans".into()).unwrap();
    Signer::new(&aws, "eu-central-1".to_owned()).await.sign(&mut request).await.unwrap();
    let signed = request.headers()["authorization"].to_str().unwrap();
    assert!(signed.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"), "{signed}");
    assert!(signed.contains("/eu-central-1/xray/aws4_request, SignedHeaders="), "{signed}");
    assert_eq!(request.headers()["x-amz-security-token"], "session");
}
