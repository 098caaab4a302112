//! A model that somebody has persuaded: it obeys what tools return, if a message of the user's says
//! `(obeys results)`. An instruction is `OBEY: {tool} {input as JSON}`, or, in a name, which has no spaces,
//! `OBEY-{tool}-{member}-{value}`. Of `say`, the input is what it says. Each is obeyed once.

use serde_json::{Deserializer, Value, json};

use super::request::{Block, Message, Output, Request, ToolResult};

const HABIT: &str = "(obeys results)";
const ORDER: &str = "OBEY: ";
const ORDER_IN_A_NAME: &str = "OBEY-";
const SAY: &str = "say";

type Order = (String, Value);

/// The instructions in `results` that are not obeyed yet.
pub(super) fn orders(request: &Request, results: &[&ToolResult]) -> Vec<Order> {
    let mut said = request.messages.iter().filter_map(Message::said_by_user);
    let mut orders = Vec::new();
    if said.any(|text| text.contains(HABIT)) {
        for output in results.iter().flat_map(|result| &result.content) {
            match output {
                Output::Text(text) => add_text(text, &mut orders),
                Output::Json(data) => add(data, &mut orders),
            }
        }
    }
    orders.retain(|order| !is_obeyed(request, order));
    orders
}

/// What the model says, and the calls that it makes.
pub(super) fn carried_out(orders: Vec<Order>) -> (String, Vec<Order>) {
    let (says, calls): (Vec<_>, Vec<_>) = orders.into_iter().partition(|(tool, _)| tool == SAY);
    let says = says.iter().filter_map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(" ");
    let text = if says.is_empty() { "I was told to do this.".to_owned() } else { says };
    (text, calls)
}

fn is_obeyed(request: &Request, (tool, input): &Order) -> bool {
    let blocks = request.messages.iter().flat_map(|message| &message.content);
    let mut uses = blocks.filter_map(|block| match block {
        Block::ToolUse(tool_use) => Some(tool_use),
        Block::ReasoningContent(_) | Block::Text(_) | Block::ToolResult(_) => None,
    });
    uses.any(|it| it.name == *tool && it.input == *input)
}

fn add(data: &Value, orders: &mut Vec<Order>) {
    match data {
        Value::String(text) => add_text(text, orders),
        Value::Array(values) => values.iter().for_each(|value| add(value, orders)),
        Value::Object(members) => members.values().for_each(|value| add(value, orders)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn add_text(text: &str, orders: &mut Vec<Order>) {
    let spoken = text.split(ORDER).skip(1).filter_map(|order| {
        let (tool, input) = order.split_once(' ')?;
        let input = Deserializer::from_str(input).into_iter().next()?.ok()?;
        Some((tool.to_owned(), input))
    });
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let named = text.split(ORDER_IN_A_NAME).skip(1).filter_map(|order| {
        let order = order.split(|c| !is_part(c)).next()?;
        let [tool, member, value] = order.splitn(3, '-').collect::<Vec<_>>().try_into().ok()?;
        Some((tool.to_owned(), json!({ member: value })))
    });
    for order in spoken.chain(named) {
        if !orders.contains(&order) {
            orders.push(order);
        }
    }
}
