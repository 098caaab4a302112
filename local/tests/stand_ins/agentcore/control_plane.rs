//! Workload identities and credential providers, on the same origin as the data plane.

use serde_json::{Value, json};

use super::world::{PROVIDER, RETURN_URL, World, flow, user_id};

#[tokio::test]
async fn a_workload_identity_is_created_read_changed_and_deleted() {
    let world = World::new().await;
    let definition = json!({ "name": "mine", "allowedResourceOauth2ReturnUrls": [RETURN_URL] });
    let (status, created) = world.control("CreateWorkloadIdentity", definition.clone()).await;
    assert_eq!(status, 201);
    let arn = created["workloadIdentityArn"].as_str().unwrap();
    assert!(arn.ends_with(":workload-identity-directory/default/workload-identity/mine"));
    let (status, again) = world.control("CreateWorkloadIdentity", definition).await;
    assert_eq!((status, again["message"].is_string()), (409, true));

    assert_eq!(world.control("UpdateWorkloadIdentity", json!({ "name": "mine" })).await.0, 200);
    let (_, read) = world.control("GetWorkloadIdentity", json!({ "name": "mine" })).await;
    assert_eq!(read["allowedResourceOauth2ReturnUrls"], json!([RETURN_URL]), "no list, no change");
    let changed = json!({ "name": "mine", "allowedResourceOauth2ReturnUrls": [] });
    assert_eq!(world.control("UpdateWorkloadIdentity", changed).await.0, 200);
    let (status, read) = world.control("GetWorkloadIdentity", json!({ "name": "mine" })).await;
    assert_eq!((status, &read["allowedResourceOauth2ReturnUrls"]), (200, &json!([])));
    assert!(read["createdTime"].is_u64());

    let name = json!({ "name": "mine" });
    assert_eq!(world.control("DeleteWorkloadIdentity", name.clone()).await.0, 204);
    assert_eq!(world.control("GetWorkloadIdentity", name.clone()).await.0, 404);
    assert_eq!(world.control("DeleteWorkloadIdentity", name).await.0, 404);
}

#[tokio::test]
async fn a_list_comes_in_pages() {
    let world = World::new().await;
    for name in ["aaa", "bbb", "ccc"] {
        world.core.create_workload_identity(name, &[]);
    }
    let mut names = Vec::new();
    let mut request = json!({ "maxResults": 2 });
    loop {
        let (_, page) = world.control("ListWorkloadIdentities", request).await;
        let entries = page["workloadIdentities"].as_array().unwrap();
        assert!(entries.len() <= 2);
        names.extend(entries.iter().map(|entry| entry["name"].as_str().unwrap().to_owned()));
        let Some(next) = page["nextToken"].as_str() else { break };
        request = json!({ "maxResults": 2, "nextToken": next });
    }
    assert_eq!(names, ["aaa", "bbb", "ccc", "workload"]);
}

/// A custom provider at the stand-in for GitHub.
fn custom(world: &World) -> Value {
    json!({
        "name": "custom",
        "credentialProviderVendor": "CustomOauth2",
        "oauth2ProviderConfigInput": { "customOauth2ProviderConfig": {
            "clientId": "custom-app", "clientSecret": "custom-secret",
            "oauthDiscovery": { "authorizationServerMetadata": {
                "issuer": world.github,
                "authorizationEndpoint": world.github.join("login/oauth/authorize").unwrap(),
                "tokenEndpoint": world.github.join("login/oauth/access_token").unwrap(),
            } },
        } },
    })
}

#[tokio::test]
async fn a_custom_provider_connects_a_person() {
    let world = World::new().await;
    let (status, created) = world.control("CreateOauth2CredentialProvider", custom(&world)).await;
    assert_eq!(status, 201, "{created}");
    assert!(created["clientSecretArn"]["secretArn"].is_string());
    let callback = created["callbackUrl"].as_str().unwrap().parse().unwrap();
    world.register_app("custom-app", "custom-secret", callback);

    let token = world.connect_at("custom").await;
    assert_eq!(world.login(&token).await, "octo-alice");
    assert_eq!(
        world.control("DeleteOauth2CredentialProvider", json!({ "name": "custom" })).await.0,
        204
    );
    assert_eq!(world.control("CreateOauth2CredentialProvider", custom(&world)).await.0, 201);
    flow(&world.ask_at("custom").await);
}

#[tokio::test]
async fn a_custom_provider_is_found_by_discovery() {
    let world = World::new().await;
    let url = format!("{}.well-known/oauth-authorization-server/login/oauth", world.github);
    let mut definition = custom(&world);
    definition["oauth2ProviderConfigInput"]["customOauth2ProviderConfig"]["oauthDiscovery"] =
        json!({ "discoveryUrl": url });
    let (status, created) = world.control("CreateOauth2CredentialProvider", definition).await;
    assert_eq!(status, 201, "{created}");
    let config = &created["oauth2ProviderConfigOutput"]["customOauth2ProviderConfig"];
    assert_eq!(config["oauthDiscovery"], json!({ "discoveryUrl": url }));
    let callback = created["callbackUrl"].as_str().unwrap().parse().unwrap();
    world.register_app("custom-app", "custom-secret", callback);
    let token = world.connect_at("custom").await;
    assert_eq!(world.login(&token).await, "octo-alice");
}

#[tokio::test]
async fn a_deletion_ends_open_flows() {
    let world = World::new().await;
    let flow = world.begin("alice", &["repo"]).await;
    world.decide(&flow, "octo-alice", "authorize").await;
    let name = json!({ "name": PROVIDER });
    assert_eq!(world.control("DeleteOauth2CredentialProvider", name).await.0, 204);
    let (name, _) = world.complete(&flow.session_uri, user_id("alice")).await.err().unwrap();
    assert_eq!(name, "AccessDeniedException");
}

#[tokio::test]
async fn a_github_provider_leads_to_the_stand_in_and_keeps_its_callback() {
    let world = World::new().await;
    let definition = |name: &str, client: &str| {
        json!({
            "name": name,
            "credentialProviderVendor": "GithubOauth2",
            "oauth2ProviderConfigInput": { "githubOauth2ProviderConfig": {
                "clientId": client, "clientSecret": "secret",
            } },
        })
    };
    let (status, created) =
        world.control("CreateOauth2CredentialProvider", definition("mine", "one")).await;
    assert_eq!(status, 201, "{created}");
    let config = &created["oauth2ProviderConfigOutput"]["githubOauth2ProviderConfig"];
    let endpoints = &config["oauthDiscovery"]["authorizationServerMetadata"];
    let authorize = world.github.join("login/oauth/authorize").unwrap();
    assert_eq!(endpoints["authorizationEndpoint"], authorize.as_str());
    assert!(!created.to_string().contains("\"secret\""));

    let (_, changed) =
        world.control("UpdateOauth2CredentialProvider", definition("mine", "two")).await;
    assert_eq!(changed["callbackUrl"], created["callbackUrl"]);
    let (_, read) = world.control("GetOauth2CredentialProvider", json!({ "name": "mine" })).await;
    let config = &read["oauth2ProviderConfigOutput"]["githubOauth2ProviderConfig"];
    assert_eq!(config["clientId"], "two");
    let (_, list) = world.control("ListOauth2CredentialProviders", json!({})).await;
    assert_eq!(list["credentialProviders"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_provider_that_can_not_be_served_is_refused() {
    let world = World::new().await;
    let config = "/oauth2ProviderConfigInput/customOauth2ProviderConfig";
    let discovery =
        |url: &str| (format!("{config}/oauthDiscovery"), json!({ "discoveryUrl": url }));
    let found = format!("{}.well-known/oauth-authorization-server", world.github);
    let external = json!({ "secretId": "s", "jsonKey": "k" });
    for (pointer, value) in [
        ("/credentialProviderVendor".to_owned(), json!("GithubOauth2")),
        ("/credentialProviderVendor".to_owned(), json!("GoogleOauth2")),
        discovery("http://127.0.0.1:1/.well-known/openid-configuration"),
        discovery(&found),
        discovery(&format!("{found}/login/oauth?query")),
        discovery(&format!("{}user", world.github)),
        (format!("{config}/clientSecretSource"), json!("EXTERNAL")),
        (format!("{config}/clientSecretSource"), external),
        (format!("{config}/clientAuthenticationMethod"), json!("PRIVATE_KEY_JWT")),
        (format!("{config}/clientAuthenticationMethod"), json!("NONE")),
        (format!("{config}/clientSecret"), json!("")),
        ("/name".to_owned(), json!("two words")),
    ] {
        let mut wrong = custom(&world);
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        wrong.pointer_mut(parent).unwrap()[member] = value;
        let (status, answer) = world.control("CreateOauth2CredentialProvider", wrong).await;
        assert_eq!(status, 400, "{pointer}: {answer}");
    }
    let mut taken = custom(&world);
    taken["name"] = PROVIDER.into();
    assert_eq!(world.control("CreateOauth2CredentialProvider", taken).await.0, 409);
}
