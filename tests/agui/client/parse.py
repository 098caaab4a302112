"""Reads events, one in a line, into the types of the official Python package.

  python parse.py FILE
"""

import sys
from collections import Counter

from ag_ui.core import Event
from pydantic import TypeAdapter

events = TypeAdapter(Event)
with open(sys.argv[1], encoding="utf-8") as lines:
    kinds = Counter(type(events.validate_json(line)).__name__ for line in lines)
assert {"RunFinishedEvent", "MessagesSnapshotEvent", "ToolCallResultEvent"} <= kinds.keys(), kinds
print(f"ok - {kinds.total()} events of {len(kinds)} kinds are read by the Python types")
