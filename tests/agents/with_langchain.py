"""An agent of LangChain's with its MCP adapters and a scripted model: TOOL ARGUMENTS."""

import asyncio
import json
import os
import sys

from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_mcp_adapters.client import MultiServerMCPClient
from scripted import told

tool, arguments = sys.argv[1], json.loads(sys.argv[2])
headers = {"Authorization": f"Bearer {os.environ['COUNTERSIGN_TOKEN']}"}
server = {"transport": "streamable_http", "url": os.environ["COUNTERSIGN_URL"], "headers": headers}


class Scripted(BaseChatModel):
    """Calls the tool once for each message of the user's, and tells what it returned."""

    _llm_type = "scripted"

    def bind_tools(self, tools, **_):
        assert any(offered.name == tool for offered in tools)
        return self

    def _generate(self, messages, stop=None, run_manager=None, **_):
        last = messages[-1]
        if isinstance(last, ToolMessage):
            message = AIMessage(last.text)
        else:
            call = {"name": tool, "args": arguments, "id": f"call-{len(messages)}"}
            message = AIMessage("", tool_calls=[call])
        return ChatResult(generations=[ChatGeneration(message=message)])


async def main():
    tools = await MultiServerMCPClient({"countersign": server}).get_tools()
    for offered in tools:
        offered.handle_tool_error = True
    agent = create_agent(Scripted(), tools)
    message = "Do it."
    while message:
        answer = await agent.ainvoke({"messages": [("user", message)]})
        message = told(answer["messages"][-1].text)


asyncio.run(main())
