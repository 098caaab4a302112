//! The tables of docs/configuration.md are made from the variables' declarations, and no service reads
//! a variable that is not declared.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    sync::Mutex,
};

use bind_session::BindSession;
use edge::{ConfigError, Source, consent_key::WithConsentKey, variable::Section};
use invoke::Invoke;

use super::markdown::root;

const PAGE: &str = "docs/configuration.md";
const SECTIONS: [Section; 14] = [
    edge::aws::AWS,
    edge::sign_in::SIGN_IN,
    edge::inbound::CONSENTS,
    edge::agent_name::NAME,
    invoke::CONVERSATIONS,
    invoke::MODEL,
    invoke::TURNS,
    invoke::GITHUB,
    invoke::MCP,
    invoke::OTHER_AGENTS,
    invoke::PRESENTATION,
    container::CONTAINERS,
    edge::shell::LOGS,
    edge::otlp::OTLP,
];

/// `page` with the tables as they have to be.
fn with_tables(page: &str) -> String {
    const BEGIN: &str = "<!-- table: ";
    const END: &str = "<!-- end of table -->";
    let mut places = page.split(BEGIN);
    let mut made = places.next().unwrap_or_default().to_owned();
    let mut shown = BTreeSet::new();
    for place in places {
        let (concern, rest) = place.split_once(" -->\n").expect("a concern");
        let section = SECTIONS.iter().find(|section| section.concern == concern);
        let section = section.unwrap_or_else(|| panic!("{PAGE}: no section is about {concern}"));
        let (_, after) = rest.split_once(END).expect("an end");
        made.push_str(&format!("{BEGIN}{concern} -->\n{}{END}{after}", section.table()));
        shown.insert(concern);
    }
    for Section { concern, .. } in SECTIONS {
        assert!(shown.contains(concern), "{PAGE} has no table about {concern}");
    }
    made
}

#[test]
fn the_page_about_configuration_is_as_the_variables_are_declared() {
    let path = root().join(PAGE);
    let page = fs::read_to_string(&path).expect(PAGE);
    let made = with_tables(&page);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &made).expect(PAGE);
    } else if let Some((is, made)) = page.lines().zip(made.lines()).find(|(is, made)| is != made) {
        panic!(
            "{PAGE} has to be made again, with UPDATE_DOCS=1: it says\n{is}\ninstead of\n{made}"
        );
    } else {
        assert_eq!(page, made, "{PAGE} has to be made again, with UPDATE_DOCS=1");
    }
}

/// Remembers what is asked for.
struct Recorded(BTreeMap<String, String>, Mutex<BTreeSet<String>>);

impl Source for Recorded {
    fn get(&self, name: &str) -> Option<String> {
        self.1.lock().expect("names").insert(name.to_owned());
        Source::get(&self.0, name)
    }
}

fn recorded(variables: &[(&str, &str)]) -> Recorded {
    let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    Recorded(variables.collect(), Mutex::default())
}

/// Returns what `start` reads with `variables` and with everything that it then says is missing.
fn read<T>(
    variables: &[(&str, &str)],
    start: fn(&dyn Source) -> Result<T, ConfigError>,
) -> BTreeSet<String> {
    let source = recorded(variables);
    let _incomplete = start(&source);
    source.1.into_inner().expect("names")
}

#[tokio::test]
async fn every_variable_that_a_service_reads_is_declared_and_every_declared_one_is_read() {
    let mut read_by_any = BTreeSet::new();
    let secret = [("CONSENT_KEY_SECRET", "arn:aws:secretsmanager:eu-west-1:0:secret:key")];
    let source = recorded(&secret);
    let _no_region = WithConsentKey::fetch(&source).await;
    read_by_any.extend(source.1.into_inner().expect("names"));
    for inbound in ["alb", "bearer"] {
        let variables = [("INBOUND_AUTH", inbound)];
        read_by_any.extend(read(&variables, Invoke::start));
        read_by_any.extend(read(&variables, BindSession::start));
    }
    let declared = |sections: &[Section]| -> BTreeSet<String> {
        let rows = sections.iter().flat_map(|section| section.rows);
        rows.map(|row| row.name.to_owned()).collect()
    };
    let (of_services, of_processes) = SECTIONS.split_at(SECTIONS.len() - 3);
    assert_eq!(read_by_any, declared(of_services));
    assert!(declared(of_processes).is_disjoint(&read_by_any), "they are the process's");
}
