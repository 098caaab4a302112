"""LangChain's MCP adapters, without a model: TOOL ARGUMENTS."""

import asyncio
import json
import os
import sys

from langchain_core.tools import ToolException
from langchain_mcp_adapters.client import MultiServerMCPClient
from scripted import told

tool_name, arguments = sys.argv[1], json.loads(sys.argv[2])
headers = {"Authorization": f"Bearer {os.environ['COUNTERSIGN_TOKEN']}"}
server = {"transport": "streamable_http", "url": os.environ["COUNTERSIGN_URL"], "headers": headers}


async def main():
    tools = await MultiServerMCPClient({"countersign": server}).get_tools()
    tool = next(tool for tool in tools if tool.name == tool_name)
    while True:
        try:
            said = json.dumps(await tool.ainvoke(arguments), default=str)
        except ToolException as error:
            said = str(error)
        if not told(said):
            return


asyncio.run(main())
