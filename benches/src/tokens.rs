//! From a load balancer's headers to a user, beside the check of the same signature over the same bytes.

use std::{hint::black_box, time::SystemTime};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use base64::{Engine, engine::general_purpose::URL_SAFE};
use http::{HeaderMap, HeaderValue};
use identity::{AlbSettings, Authenticator};
use rustls_pki_types::{SubjectPublicKeyInfoDer, pem::PemObject};

use crate::{
    Effort,
    process::own_cpu,
    table::{Table, median},
    upstream::Upstream,
    workload::{CLIENT, ISSUER, LOAD_BALANCER, public_pem, token},
};

pub(crate) async fn measure(table: &mut Table, upstream: &Upstream, effort: Effort) {
    let keys = format!("{}/keys", upstream.address()).parse().expect("a URL");
    let load_balancers = vec![(LOAD_BALANCER.parse().expect("an ARN"), keys)];
    let (issuer, client) = (ISSUER.to_owned(), CLIENT.to_owned());
    let authenticator = Authenticator::alb(AlbSettings { load_balancers, issuer, client });
    let token = token();
    let mut headers = HeaderMap::new();
    headers.insert("x-amzn-oidc-data", HeaderValue::from_str(&token).expect("a header"));
    let (signed, signature) = token.rsplit_once('.').expect("a token");
    let signature = URL_SAFE.decode(signature).expect("a signature");
    let pem = public_pem();
    let info = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes()).expect("a key");
    let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, info.as_ref()).expect("a key");
    let now = SystemTime::now();
    authenticator.authenticate(&headers, now).await.expect("alice");

    let count = u32::try_from(effort.of(5_000)).expect("a number");
    let (mut ours, mut least) = (Vec::new(), Vec::new());
    for _ in 0..effort.rounds() {
        let before = own_cpu();
        for _ in 0..count {
            authenticator.authenticate(black_box(&headers), now).await.expect("alice");
        }
        ours.push((own_cpu() - before) / count);
        let before = own_cpu();
        for _ in 0..count {
            let signed = black_box(signed.as_bytes());
            key.verify_sig(signed, black_box(&signature)).expect("a signature");
        }
        least.push((own_cpu() - before) / count);
    }
    table.beside("CPU of a token: who is calling?", median(ours), median(least));
}
