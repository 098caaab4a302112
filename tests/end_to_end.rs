//! The end-to-end tests: one scenario on every platform, the attacks, and what else the table of
//! CONTRIBUTING promises.
#![expect(clippy::expect_used, clippy::panic, reason = "a test that can't go on has failed")]

mod agui;
mod allow_claim;
mod attacks;
mod attacks_of_other_sites;
mod attacks_on_flows;
mod bad_input;
mod bearer;
mod binder;
mod confirmation;
mod consent;
mod crashes;
mod deployment;
mod documents;
mod events;
mod exhaustion;
mod github_app;
mod github_says;
mod guardrail;
mod hang_up;
mod hostile;
mod identity;
mod issues;
mod limits;
mod model_failures;
mod model_families;
mod model_habits;
mod open_flows;
mod openai_model;
mod openapi;
mod pages;
mod presentation;
mod providers;
mod real_model;
mod reasoning;
mod runtime;
mod saved_states;
mod scenario;
mod secrets;
mod sessions;
mod sign_in;
mod start;
mod terminal;
mod unclear;
mod vault;
