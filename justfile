# The commands of CONTRIBUTING.md by short names; nothing needs this file. https://just.systems

# all recipes
default:
    @just --list

# everything on this machine, at http://localhost:8080
local *options:
    cargo run -p local -- {{ options }}

# every test, or those whose name contains FILTER
test filter="":
    cargo test --workspace {{ filter }}

# many users at once, then with faults, kills and restarts
load *options:
    bash .ci/load {{ options }}

# libFuzzer: token, cookie, event, AG-UI and MCP parsers
fuzz seconds="10":
    .ci/fuzz {{ seconds }}

# what is quick to know before a commit
check:
    cargo fmt --all --check
    .ci/words
    cargo clippy --workspace --all-targets -- -D warnings

# the flow in Chromium; with a FOLDER, screenshots
browser folder="":
    bash .ci/browser {{ folder }}

# the OpenAPI document by its linters, by schemathesis, and as clients
openapi:
    bash .ci/openapi

# AG-UI's own client through the whole flow
agui:
    bash .ci/agui

# the MCP servers for tests, with the official client
mcp:
    bash .ci/mcp

# agents that nobody here wrote, at POST /mcp
agents:
    bash .ci/agents

# the example page, built and in Chromium
example-page:
    bash .ci/example-page

# identity beside the reference verifier and a certified issuer
conformance:
    bash .ci/conformance

# AgentCore Identity's stand-in beside the official Python clients
conformance-agentcore:
    bash .ci/conformance-agentcore

# the stand-in for GitHub beside GitHub's own OpenAPI description; needs Node 20
conformance-github:
    bash .ci/conformance-github

# template, Kubernetes, Terraform, image file
lint-template:
    bash .ci/lint-template

# release binaries in their images; needs root
test-release:
    bash .ci/test-release

# licences, forbidden crates and sources
deny:
    .ci/deny

# advisories about what Cargo.lock names
weekly:
    .ci/weekly

# everything that guards main
run:
    bash .ci/run
