//! Reading what is in a repository, and searching: bounded, with what is left out, and with the narrowest
//! scopes.

use super::*;

/// Alice has allowed the narrowest scopes, and her diary is private.
#[tokio::test(flavor = "multi_thread")]
async fn m11_all_that_is_public_is_read_with_the_narrowest_scopes() {
    let alice = attacks::narrow().await;
    let tokens = || alice.proxies.agentcore.count(&reqwest::Method::POST, "oauth2/token");
    let before = tokens();
    for (said, words) in [
        (
            "Please search repositories for chess",
            "I found 1 repository for “chess”:\n\n- [octo-bob/chess](",
        ),
        ("Please search code for politely", "I found 1 file with “politely”:\n\n- [README.md]("),
        (
            "What are the files of octo-bob/chess?",
            "octo-bob/chess holds 2 entries:\n\n- README.md (",
        ),
        ("Please read README.md in octo-bob/chess", "An engine that loses politely."),
        ("Which are the commits of octo-bob/chess?", "Lose more politely"),
        ("Please read issue 1 of octo-alice/weather-station", "Mine says 104 %."),
        ("And the pull requests of octo-alice/weather-station?", "Never say more than 100 %"),
        (
            "Please read pull request 2 of octo-alice/weather-station",
            "+    int percent = raw / 10;",
        ),
    ] {
        assert_says(&alice.say(said).await, words);
    }
    // One token for each turn, also where a tool sends two requests.
    assert_eq!(tokens() - before, 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn m11_a_search_finds_nothing_private_with_the_narrowest_scopes_and_asks_for_no_others() {
    let alice = attacks::narrow().await;
    assert_says(&alice.say("Please search code for frost").await, "I found 0");
    let told = alice.say("Please search the code of octo-alice/diary for frost").await;
    assert_says(&told, "cannot be searched");
}

#[tokio::test(flavor = "multi_thread")]
async fn m11_a_private_file_takes_the_scope_that_github_names_once_the_user_has_named_the_repository()
 {
    let alice = attacks::narrow().await;
    let asked = alice.say("Please read 2026-10.md in octo-alice/diary").await;
    assert_eq!(asked["interrupts"][0]["scopes"], json!(["read:user", "repo"]), "{asked}");
    alice.world.consent(&alice.alice, &asked, "octo-alice").await;
    assert_says(&ok(alice.alice.go_on(SESSION)).await, "The first frost came early.");
}

/// The user has named a public repository, and what is missing in it is no reason to ask for more.
#[tokio::test(flavor = "multi_thread")]
async fn m11_what_a_public_repository_does_not_have_leads_to_no_wider_consent() {
    let alice = attacks::narrow().await;
    for said in [
        "Please read nowhere.md in octo-alice/garden",
        "Please read issue 9 of octo-alice/garden",
        "Please read pull request 9 of octo-alice/garden",
        "Please read README.md in octo-carol/bare",
    ] {
        assert_says(&alice.say(said).await, "The repository itself is there.");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_a_long_file_is_read_in_parts_a_binary_one_and_one_of_more_than_a_megabyte_not_at_all() {
    let alice = Connected::new("octo-alice").await;
    let file = "data/readings.csv in octo-alice/weather-station";
    let first = alice.say(&format!("Please read {file}")).await;
    assert_says(&first, "of 2000");
    let message = first["message"].as_str().expect("a message");
    assert!(message.len() < 21_000, "{}", message.len());
    let (_, left_out) = message.split_once("I left out lines ").expect("what is left out");
    let next = left_out.split_once(' ').expect("a line").0;
    let second = alice.say(&format!("Please read {file} from line {next}")).await;
    assert_says(&second, &format!("says:\n\n```csv\n{next},"));

    assert_says(
        &alice.say("Please read docs/roof.png in octo-alice/weather-station").await,
        "It is no text",
    );
    let large = alice.say("Please read data/archive.csv in octo-alice/weather-station").await;
    assert_says(&large, "more than 1 MB");
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_a_pull_request_without_a_diff_is_shown_with_the_reason() {
    let alice = Connected::new("octo-alice").await;
    let told = alice.say("Please read pull request 1 of octo-bob/chess").await;
    assert_says(&told, "the diff exceeded the maximum number of lines");
    assert_says(&told, "Take in a book of openings");
}
