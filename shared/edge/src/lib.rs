#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod accept;
pub mod agent_name;
pub mod aws;
pub mod body;
pub mod browser;
pub mod code;
pub mod connection;
pub mod consent_address;
pub mod consent_key;
pub mod environment;
mod icon;
pub mod inbound;
pub mod open_flows;
pub mod page;
pub mod person;
pub mod problem;
pub mod problem_document;
mod problem_page;
mod question;
mod recent_users;
pub mod reply;
pub mod request;
mod request_id;
pub mod returned;
pub mod shell;
pub mod sign_in;
pub mod site;
mod trace_id;
pub mod upstream;
pub mod variable;
pub mod visit;

pub use accept::wants_document;
pub use agent_name::AgentName;
pub use code::Code;
pub use consent_address::ConsentAddress;
pub use environment::{ConfigError, ProcessEnvironment, Reader, Source};
pub use icon::Icon;
pub use inbound::Inbound;
pub use page::Page;
pub use person::{Named, PersonMark};
pub use problem::{Kind, Problem, out_of_open_files};
pub use question::Question;
pub use reply::Reply;
pub use shell::Handler;
pub use site::Site;
