//! `POST /mcp`: agents of others, with the same consent, binding and confirmation (M21).

mod actions;
mod attacks;
mod client;
mod reads;
mod tokens;
