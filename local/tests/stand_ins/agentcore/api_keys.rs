//! API keys, which have no user.

use serde_json::json;

use super::world::{WORKLOAD, World, outcome};

#[tokio::test]
async fn a_key_is_stored_read_by_a_workload_changed_and_deleted() {
    let world = World::new().await;
    let definition = json!({ "name": "search", "apiKey": "one" });
    let (status, created) =
        world.control("CreateApiKeyCredentialProvider", definition.clone()).await;
    assert_eq!(status, 201, "{created}");
    assert!(created["apiKeySecretArn"]["secretArn"].is_string());
    assert_eq!(world.control("CreateApiKeyCredentialProvider", definition).await.0, 409);

    let call = world.sdk.get_workload_access_token().workload_name(WORKLOAD);
    let token = call.send().await.unwrap().workload_access_token().to_owned();
    let read = async |name: &str| {
        let call = world.sdk.get_resource_api_key().workload_identity_token(&token);
        outcome(call.resource_credential_provider_name(name).send().await)
    };
    assert_eq!(read("search").await.unwrap().api_key(), "one");
    assert_eq!(read("other").await.err().unwrap().0, "ResourceNotFoundException");

    let changed = json!({ "name": "search", "apiKey": "two" });
    let (status, described) = world.control("UpdateApiKeyCredentialProvider", changed).await;
    assert_eq!(status, 200);
    assert!(!described.to_string().contains("two"), "a key is read by a workload alone");
    assert_eq!(read("search").await.unwrap().api_key(), "two");
    let (_, list) = world.control("ListApiKeyCredentialProviders", json!({})).await;
    assert_eq!(list["credentialProviders"][0]["name"], "search");

    let name = json!({ "name": "search" });
    let (status, described) = world.control("GetApiKeyCredentialProvider", name.clone()).await;
    assert_eq!((status, described["createdTime"].is_u64()), (200, true));
    assert_eq!(world.control("DeleteApiKeyCredentialProvider", name.clone()).await.0, 204);
    assert_eq!(world.control("GetApiKeyCredentialProvider", name).await.0, 404);
    assert_eq!(read("search").await.err().unwrap().0, "ResourceNotFoundException");
}
