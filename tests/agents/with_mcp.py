"""The official MCP client, which shows its user the address of a page: TOOL ARGUMENTS."""

import asyncio
import json
import os
import sys

from mcp import ClientSession, McpError, types
from mcp.client.streamable_http import streamablehttp_client
from scripted import told

tool, arguments = sys.argv[1], json.loads(sys.argv[2])
headers = {"Authorization": f"Bearer {os.environ['COUNTERSIGN_TOKEN']}"}


async def asked(_context, _params):
    return types.ElicitResult(action="cancel")


async def main():
    async with streamablehttp_client(os.environ["COUNTERSIGN_URL"], headers=headers) as (read, write, _):
        async with ClientSession(read, write, elicitation_callback=asked) as session:
            await session.initialize()
            while True:
                try:
                    result = await session.call_tool(tool, arguments)
                    said = " ".join(getattr(block, "text", "") for block in result.content)
                except McpError as error:
                    said = f"{error.error.code} {json.dumps(error.error.data)}"
                if not told(said):
                    return


asyncio.run(main())
