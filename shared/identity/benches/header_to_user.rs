//! From a request's headers to a `User`, beside a bare verification of the same signature over the
//! same bytes in the same run: what the rules cost. Keys are there, as they are for all but the
//! first request.

#![expect(clippy::unwrap_used, reason = "a benchmark that can't go on has failed")]

use std::{
    hint::black_box,
    time::{SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use base64::{Engine, engine::general_purpose::URL_SAFE};
use criterion::{Criterion, criterion_group, criterion_main};
use http::HeaderMap;
use identity::{AlbSettings, AudienceClaim, Authenticator, BearerSettings, KeySetPlace};
use identity_vectors::{CLIENT, Kind, LOAD_BALANCER, SigningKey, Vector, World, all};
use rustls_pki_types::{SubjectPublicKeyInfoDer, pem::PemObject};
use tokio::runtime::Runtime;

fn benches(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let world = runtime.block_on(World::start());
    let now = SystemTime::now();
    let seconds = now.duration_since(UNIX_EPOCH).unwrap().as_secs();
    let vectors = all();
    let named = |name: &str| vectors.iter().find(|vector| vector.name == name).unwrap();

    let mut group = criterion.benchmark_group("header to user");
    let alb = named("alb/as-aws-writes-it");
    let (signed, signature) = parts(&alb.token(&world, seconds));
    let key = public_key(SigningKey::LoadBalancer);
    group.bench_function("bare ES256", |bencher| {
        bencher.iter(|| key.verify_sig(black_box(&signed), black_box(&signature)).unwrap());
    });

    for (name, vector) in [
        ("load balancer", alb),
        ("bearer ES256", named("bearer/es256")),
        ("bearer RS256", named("bearer/rs256")),
        ("bearer EdDSA", named("bearer/eddsa")),
    ] {
        let (authenticator, headers) = (trusting(vector, &world), vector.headers(&world, seconds));
        let once = || {
            runtime.block_on(authenticator.authenticate(black_box(&headers), now)).unwrap();
        };
        once();
        let count = allocation_counter::measure(once);
        println!("{name}: {} allocations, {} bytes", count.count_total, count.bytes_total);
        group.bench_function(name, |bencher| bencher.iter(once));
    }
    group.finish();

    // What a stranger costs us: everything is refused before a signature is checked.
    let headers: HeaderMap = named("alb/another-client").headers(&world, seconds);
    let authenticator = trusting(alb, &world);
    criterion.bench_function("a foreign token refused", |bencher| {
        bencher.iter(|| {
            let verdict = authenticator.authenticate(black_box(&headers), now);
            runtime.block_on(verdict).unwrap_err()
        });
    });
}

fn trusting(vector: &Vector, world: &World) -> Authenticator {
    let (issuer, client) = (world.issuer(), CLIENT.to_owned());
    if vector.kind == Kind::Alb {
        let keys = world.load_balancer_keys().parse().unwrap();
        let load_balancers = vec![(LOAD_BALANCER.parse().unwrap(), keys)];
        return Authenticator::alb(AlbSettings { load_balancers, issuer, client });
    }
    let keys = KeySetPlace::Discovered(issuer.parse().unwrap());
    Authenticator::bearer(BearerSettings { issuer, client, audience: AudienceClaim::Aud, keys })
}

/// A load balancer's token as its signature's check needs it.
fn parts(token: &str) -> (Vec<u8>, Vec<u8>) {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    (signed.as_bytes().to_vec(), URL_SAFE.decode(signature).unwrap())
}

fn public_key(key: SigningKey) -> ParsedPublicKey {
    let pem = key.pem();
    let info = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes()).unwrap();
    ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, info.as_ref()).unwrap()
}

criterion_group!(header_to_user, benches);
criterion_main!(header_to_user);
