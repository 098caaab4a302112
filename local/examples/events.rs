//! Writes `events/` anew: `cargo run -p local --example events`.

use std::{fs, io, path::Path};

use local::events;

const README: &str = "\
# Load balancer events

Requests as an Application Load Balancer hands them to a Lambda function, for
[cargo-lambda](https://www.cargo-lambda.info) (`pip install cargo-lambda`). While
`cargo run -p local` plays AWS, in two more terminals:

```sh
cargo lambda watch --env-file events/local.env
cargo lambda invoke invoke --data-file events/invoke-hello.json
cargo lambda invoke bind-session --data-file events/bind-session-no-flow.json
```

The function is the first part of the file's name. The tokens are signed by a development key that
stands in this repository and are valid until 2100; a service trusts that key only where its
`ALB_PUBLIC_KEYS_URL` points to the stand-in, as `local.env` does. A consent can't be followed from
here, because it belongs to a browser: for that, `cargo run -p local -- --lambda-endpoint
http://localhost:9000` puts the load balancer in front of the same functions.

This folder is written by `cargo run -p local --example events`.

| Event | Status | Shows |
|---|---|---|
";

fn main() -> io::Result<()> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../events"));
    let mut readme = README.to_owned();
    for event in events::all() {
        fs::write(folder.join(event.file), format!("{:#}\n", event.json))?;
        readme.push_str(&format!("| `{}` | {} | {} |\n", event.file, event.status, event.shows));
    }
    fs::write(folder.join("local.env"), events::env_file().map_err(io::Error::other)?)?;
    fs::write(folder.join("README.md"), readme)
}
