//! Writes every vector's token, and the documents to check them with, as JSON: for verifiers in
//! other languages. The tokens are good for two minutes.

use std::time::{SystemTime, UNIX_EPOCH};

use identity_vectors::{
    CLIENT, ENTRA_CLIENT, ENTRA_ISSUER, LOAD_BALANCER, SECOND_LOAD_BALANCER, World, all,
};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let world = World::start().await;
    let vectors = all();
    let usual = vectors.iter().filter(|vector| vector.is_usual());
    let tokens: Vec<Value> = usual
        .map(|vector| {
            json!({ "name": vector.name, "token": vector.token(&world, now),
                "accepted": vector.expect == "User" })
        })
        .collect();
    let dump = json!({
        "alb": { "albArn": [LOAD_BALANCER, SECOND_LOAD_BALANCER], "issuer": world.issuer(),
            "clientId": CLIENT, "jwksUri": world.load_balancer_keys() },
        "bearer": { "issuer": world.issuer(), "audience": CLIENT,
            "jwksUri": world.issuer_keys() },
        "entra": { "issuer": ENTRA_ISSUER, "audience": ENTRA_CLIENT,
            "jwksUri": world.entra_keys() },
        "documents": world.server().documents(),
        "tokens": tokens,
    });
    println!("{dump}");
    Ok(())
}
