"""Runs the example in the README unchanged."""

import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from stand_in import AGENTCORE, decide, follow, show  # first: it sets the environment

README = Path(__file__).parent.parent / "agentcore" / "README.md"


class TheExample(unittest.TestCase):
    """The example."""

    def test_it_prints_whose_token_it_got_after_a_consent(self):
        [code] = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
        with tempfile.TemporaryDirectory() as folder:
            agent = subprocess.Popen(
                [sys.executable, "-c", code],
                cwd=folder,
                env=os.environ | {"NO_PROXY": "127.0.0.1"},
                stdout=subprocess.PIPE,
                text=True,
            )
            self.addCleanup(agent.kill)
            url = next(line for line in agent.stdout if line.startswith("Open ")).split()[1]
            arrived = follow(decide(url, "alice"))
            self.assertTrue(arrived.startswith(f"{AGENTCORE}/stand-in/return?session_id="), arrived)
            self.assertIn("Nobody has checked that you are that user", show(arrived))
            told, _ = agent.communicate(timeout=60)
        self.assertEqual(told.strip().splitlines()[-1], "{'sub': 'alice', 'scope': 'profile'}")


if __name__ == "__main__":
    unittest.main()
