//! The pages that `html_url`s lead to.

use std::collections::BTreeMap;

use reqwest::StatusCode;
use serde_json::Value;

use super::World;

/// Each `html_url` in `body`, with a word that its page has to show.
fn add(body: &Value, pages: &mut BTreeMap<String, String>) {
    match body {
        Value::Array(values) => values.iter().for_each(|value| add(value, pages)),
        Value::Object(members) => {
            let commit = body["commit"]["message"].as_str();
            let text = |name: &str| body[name].as_str().filter(|text| !text.is_empty());
            let names = ["title", "body", "path", "full_name", "login"];
            let shown = commit.or_else(|| names.into_iter().find_map(text)).unwrap_or_default();
            if let Some(url) = text("html_url") {
                let shown = shown.lines().next().unwrap_or_default().to_owned();
                let known = pages.entry(url.to_owned()).or_default();
                if known.is_empty() {
                    *known = shown;
                }
            }
            members.values().for_each(|value| add(value, pages));
        }
        _ => {}
    }
}

impl World {
    /// What is answered at `path`, on all pages; an error is nothing.
    async fn all(&self, path: &str, token: &str) -> Vec<Value> {
        let mut all = Vec::new();
        for page in 1.. {
            let mark = if path.contains('?') { '&' } else { '?' };
            let path = format!("{path}{mark}per_page=100&page={page}");
            let answer = self.get(&path, token).await;
            let has_next = answer.headers().get("link");
            let has_next = has_next.is_some_and(|it| it.to_str().unwrap().contains("next"));
            if answer.status().is_success() {
                all.push(answer.json().await.unwrap());
            }
            if !has_next {
                return all;
            }
        }
        unreachable!("a list ends");
    }

    /// What is in each folder of `repository`.
    async fn contents(&self, repository: &str, token: &str) -> Vec<Value> {
        let mut all = Vec::new();
        let mut folders = vec![String::new()];
        while let Some(folder) = folders.pop() {
            let path = format!("repos/{repository}/contents/{folder}");
            for listed in self.all(path.trim_end_matches('/'), token).await {
                for entry in listed.as_array().into_iter().flatten() {
                    if entry["type"] == "dir" {
                        folders.push(entry["path"].as_str().unwrap().to_owned());
                    }
                }
                all.push(listed);
            }
        }
        all
    }
}

#[tokio::test]
async fn every_html_url_leads_to_a_page_that_shows_the_thing() {
    let world = World::new().await;
    let mut pages = BTreeMap::new();
    for account in ["octo-alice", "octo-bob", "octo-carol", "octo-mallory"] {
        let token = world.token(account, "repo read:user").await;
        let created = world.post("repos/octo-alice/garden/issues", &token, "<b>Dry</b>").await;
        add(&created.json().await.unwrap(), &mut pages);
        let user: Value = world.get("user", &token).await.json().await.unwrap();
        add(&user, &mut pages);
        let lists = world.all("user/repos", &token).await;
        let names = lists.iter().flat_map(|list| list.as_array().unwrap());
        let names: Vec<&str> = names.map(|it| it["full_name"].as_str().unwrap()).collect();
        for name in names {
            let calls =
                ["", "/issues?state=all", "/pulls?state=all", "/commits", "/issues/1/comments"];
            for call in calls {
                for body in world.all(&format!("repos/{name}{call}"), &token).await {
                    add(&body, &mut pages);
                }
            }
            for body in world.contents(name, &token).await {
                add(&body, &mut pages);
            }
        }
        for search in ["search/code?q=a", "search/repositories?q=o"] {
            for body in world.all(search, &token).await {
                add(&body, &mut pages);
            }
        }
        add(&Value::Array(lists), &mut pages);
    }
    for kind in ["/issues/", "/pull/", "#issuecomment-", "/commit/", "/blob/", "/tree/"] {
        assert!(pages.keys().any(|url| url.contains(kind)), "{kind} is tried");
    }
    for (url, shown) in pages {
        let page = world.browser.get(&url).send().await.unwrap();
        assert_eq!(page.status(), StatusCode::OK, "{url}");
        let text = page.text().await.unwrap();
        assert!(text.contains(&stand_in::page::escape(&shown)), "{url} does not show {shown:?}");
        if let Some((_, anchor)) = url.split_once('#') {
            assert!(text.contains(&format!("id=\"{anchor}\"")), "{url}");
        }
        assert!(!text.contains("<b>"), "{url} shows markup as markup");
    }
}

#[tokio::test]
async fn what_is_not_there_has_no_page_and_other_paths_are_the_apis() {
    let world = World::new().await;
    let garden = "octo-alice/garden";
    for path in ["issues/1", "pull/1", "commit/0", "blob/main/nowhere", "tree/main/nowhere"] {
        let address = world.base.join(&format!("{garden}/{path}")).unwrap();
        let page = world.browser.get(address).send().await.unwrap();
        assert_eq!(page.status(), StatusCode::NOT_FOUND, "{path}");
    }
    for path in ["nobody", "user/emails", "octo-alice/nowhere"] {
        let answer = world.browser.get(world.base.join(path).unwrap()).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.json::<Value>().await.unwrap()["message"], "Not Found", "{path}");
    }
}
