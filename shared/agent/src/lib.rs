#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod account;
mod ask;
mod connections;
pub mod consent;
pub mod context;
pub mod ended_answer;
pub mod error;
pub mod event;
mod find_tools;
pub mod granted_sets;
pub mod inquiry;
pub mod lease;
pub mod model;
pub mod provider;
pub mod run;
pub mod scopes;
pub mod speech;
pub mod stop;
mod token_search;
mod tokens;
pub mod tool;
pub mod toolbox;
pub mod traced;
pub mod turn;
mod visible;
