//! AG-UI 1.0 on `POST /invocations`: a run as it is asked for, and as the events that answer it
//! (<https://docs.ag-ui.com>, "Events", "Interrupts").
//!
//! A run that has started always ends in `RUN_FINISHED` or `RUN_ERROR`: a client takes a stream that
//! is cut for a success. What is refused before that is a plain HTTP status.

pub(crate) mod event;
pub(crate) mod input;
mod outcome;
pub(crate) mod run;
mod shown;
pub(crate) mod snapshot;
mod stream;

pub(crate) use self::{
    run::Run,
    stream::{EventBody, stream},
};
