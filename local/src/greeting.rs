//! The text that is printed once everything runs.

use crate::{environment::OPENAI_API_KEY, options::ModelChoice, parts::Part, running::Running};

/// Three questions that work for alice and for bob. The last one changes something, so it has to be
/// approved.
pub const QUESTIONS: [&str; 3] = [
    "Which repositories do I have?",
    "Who am I at GitHub?",
    "Create an issue in octo-alice/garden: Water the tomatoes",
];

/// Returns the greeting. `platform` says how the services run, and `data` where conversations are stored.
#[must_use]
pub fn greeting(running: &Running, platform: &str, data: &str, model: &ModelChoice) -> String {
    let people = if running.has_stand_in_people {
        "as alice or as bob".to_owned()
    } else {
        format!("at {}", running.issuer)
    };
    let questions: String = QUESTIONS.iter().map(|it| format!("    “{it}”\n")).collect();
    let parts: String = Part::ALL
        .iter()
        .filter_map(|part| {
            let name = part.greeted()?;
            Some(format!("    {name:20}  {}\n", describe(*part, running, data, model)))
        })
        .collect();
    let mut greeting = format!(
        "\n  Countersign is running. Open {application}\n\n\
         \x20 Sign in {people}, and ask\n\n{questions}\n\
         \x20 What needs more at GitHub than you have allowed asks for your consent: follow the link. The\n\
         \x20 last one changes something, and asks for your approval, too.\n\n\
         \x20 What happens, hop by hop: {inspector}\n\n\
         \x20 The two services run {platform}.\n\
         \x20 Everything around them is a stand-in, for development and tests:\n\
         {parts}\n",
        application = running.addresses.application,
        inspector = running.addresses.inspector.as_str().trim_end_matches('/'),
    );
    let passed_on: Vec<String> =
        running.passed_on.iter().map(|(name, value)| format!("{name}={value}")).collect();
    if !passed_on.is_empty() {
        greeting.push_str(&format!("  From the environment: {}\n\n", passed_on.join(" ")));
    }
    if !running.faults.is_empty() {
        let seed = running.faults.seed();
        greeting.push_str(&format!("  There are faults. To repeat them: --fault-seed {seed}\n\n"));
    }
    greeting.push_str(
        "  Ctrl-C stops everything. What happens is told below; RUST_LOG=info for more.\n",
    );
    greeting
}

/// The address of a part, and what a person should know about it.
fn describe(part: Part, running: &Running, data: &str, model: &ModelChoice) -> String {
    let address = running.addresses.get(part);
    match part {
        Part::IdentityProvider => running.issuer.clone(),
        Part::S3 => format!("{address}  (kept in {data})"),
        Part::Bedrock => match model {
            ModelChoice::Scripted => format!("{address}  (a scripted model, no language model)"),
            ModelChoice::Bedrock => "the real one, with your own AWS credentials".to_owned(),
            ModelChoice::OpenAi(url) => format!("not used: the model is at {url}"),
        },
        _ => address.to_string(),
    }
}

/// The variables of services behind another load balancer: all but those about the load balancer, and
/// the key to a model, which belongs on no screen.
#[must_use]
pub fn variables(running: &Running) -> String {
    let needed = running
        .variables
        .iter()
        .filter(|(name, _)| !name.starts_with("ALB_") && *name != OPENAI_API_KEY);
    needed.map(|(name, value)| format!("{name}={value}\n")).collect()
}
