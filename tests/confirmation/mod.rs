//! An action is done once, as it was shown, and only if the user said so (M5, M10).

mod approval;
mod comment;
mod once;
mod ready;

const SESSION: &str = "acting";
const CREATE: &str = "Please create an issue in octo-alice/garden: Water the Tomatoes";
const ISSUES: &str = "/repos/octo-alice/garden/issues";
