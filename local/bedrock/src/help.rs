//! What the script says of itself.

/// At the beginning of a conversation, where the answer is not about the script itself.
pub(super) const ASIDE: &str = "(I am a script, and no language model.) ";

const INTRODUCTION: &str = "I am the scripted model of the local stand-in, not a language model. I look for \
    certain words, ask for what is missing, and sum up what GitHub returns.";

/// Each works as it is typed, for alice and for bob.
pub(super) const EXAMPLES: [(&str, &[&str]); 5] = [
    ("Yours", &["Show my repositories", "Which private repositories do I have?", "Who am I?"]),
    (
        "A repository",
        &[
            "What changed lately in octo-alice/garden?",
            "Show the README of octo-alice/garden",
            "Which files are in octo-bob/chess?",
        ],
    ),
    (
        "Issues and pull requests",
        &[
            "What's open in octo-alice/weather-station?",
            "Show issue 1 of octo-alice/weather-station",
            "Pull requests of octo-alice/weather-station",
            "Show pull request 2 of octo-alice/weather-station",
        ],
    ),
    ("Searching", &["Find repositories about chess", "Search code for TODO"]),
    (
        "With your approval",
        &[
            "Open an issue in octo-alice/garden: Water the tomatoes",
            "Comment on issue 1 of octo-alice/weather-station: It is dry again",
        ],
    ),
];

/// The same, where there is a calendar.
const CALENDAR: (&str, &[&str]) =
    ("Your calendar", &["What is in my calendar?", "Add an event: Dentist on 2030-12-24 at 10:00"]);

/// What the script says where nothing else is to be done; it has read `count` messages of the user's, and may use
/// a calendar or not.
pub(super) fn text(said: &str, count: usize, has_calendar: bool) -> String {
    let said = said.trim().to_lowercase();
    let begins = |words: &[&str]| words.iter().any(|word| said.starts_with(word));
    let asks =
        ["help", "what can", "what do you", "hello", "hi", "good ", "how are", "who are", "?"];
    let lead = if begins(&["thank", "great", "thanks", "ok"]) {
        "You are welcome. "
    } else if begins(&["never mind", "nevermind", "cancel", "forget it", "stop"]) {
        "Then I leave it. "
    } else if count == 1 || begins(&asks) {
        ""
    } else {
        "I do not understand that. "
    };
    let calendar = has_calendar.then_some(&CALENDAR);
    let lines = EXAMPLES.iter().chain(calendar).map(|(about, examples)| {
        let examples: Vec<String> = examples.iter().map(|it| format!("“{it}”")).collect();
        format!("- **{about}**: {}", examples.join(", "))
    });
    let lines = lines.collect::<Vec<_>>().join("\n");
    format!(
        "{lead}{INTRODUCTION} Try:\n\n{lines}\n\nThis is message {count} of yours in our conversation."
    )
}
