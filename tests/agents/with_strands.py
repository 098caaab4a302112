"""The example agent of Strands', with a scripted model: TOOL ARGUMENTS."""

import json
import sys
from pathlib import Path

from scripted import Scripted, told

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "strands"))
import agent as example  # noqa: E402

tool, arguments = sys.argv[1], json.loads(sys.argv[2])
sys.argv[1:] = ["Do it."]
printed = []
example.print = lambda text, **_: printed.append(str(text))
example.main(Scripted(tool, arguments), lambda _: told(printed[-1]))
