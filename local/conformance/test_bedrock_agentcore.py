"""The official `bedrock-agentcore` package, unmodified: its client and its decorators."""

import asyncio
import json
import os
import tempfile
import unittest
import uuid

from stand_in import REGION, RETURN_URL, consent, login  # first: it sets the environment

from bedrock_agentcore.identity.auth import requires_access_token, requires_api_key
from bedrock_agentcore.runtime import BedrockAgentCoreContext
from bedrock_agentcore.services.identity import (
    IdentityClient,
    TokenPoller,
    UserIdIdentifier,
    UserTokenIdentifier,
)
from shapes import SHAPES
from test_boto3 import jwt

CLIENT = IdentityClient(REGION)
SHAPES.watch(CLIENT.dp_client)
SHAPES.watch(CLIENT.cp_client)


def session_of(authorization_url, person):
    """Consents. Returns the session in the redirect to the application."""
    return consent(authorization_url, person=person)["session_id"]


class AtOnce(TokenPoller):
    """Polls once, because the session is completed by then."""

    def __init__(self, ask):
        self.ask = ask

    async def poll_for_token(self):
        return self.ask()


class TheDecorator(unittest.TestCase):
    """`@requires_access_token`, outside and inside AgentCore Runtime."""

    def setUp(self):
        self.user = f"user-{uuid.uuid4().hex[:8]}"
        self.workload = CLIENT.create_workload_identity(
            allowed_resource_oauth_2_return_urls=[RETURN_URL]
        )["name"]

    def consent_and_complete(self, authorization_url):
        session = session_of(authorization_url, "alice")
        CLIENT.complete_resource_token_auth(session, UserIdIdentifier(user_id=self.user))

    def function(self, **more):
        """A function that needs a token and returns whose it is."""

        @requires_access_token(
            provider_name="github",
            scopes=["repo"],
            auth_flow="USER_FEDERATION",
            on_auth_url=self.consent_and_complete,
            callback_url=RETURN_URL,
            **more,
        )
        async def whose(*, access_token):
            return login(access_token)

        return whose

    def test_it_gets_the_token_after_a_consent_with_its_own_polling(self):
        with tempfile.TemporaryDirectory() as folder, open(f"{folder}/.agentcore.json", "w") as file:
            json.dump({"workload_identity_name": self.workload, "user_id": self.user}, file)
            file.flush()
            here = os.getcwd()
            self.addCleanup(os.chdir, here)
            os.chdir(folder)
            self.assertEqual(asyncio.run(self.function(custom_state="nonce")()), "alice")
            os.chdir(here)

    def test_it_uses_the_runtimes_workload_access_token_and_asks_for_consent_once(self):
        token = CLIENT.get_workload_access_token(self.workload, user_id=self.user)["workloadAccessToken"]
        ask = lambda: CLIENT.get_resource_oauth2_token(
            workload_identity_token=token,
            resource_credential_provider_name="github",
            scopes=["repo"],
            oauth2_flow="USER_FEDERATION",
            resource_oauth2_return_url=RETURN_URL,
        )["accessToken"]

        async def twice():
            BedrockAgentCoreContext.set_workload_access_token(token)
            first = await self.function(token_poller=AtOnce(ask))()
            self.consent_and_complete = self.fail
            return first, await self.function()()

        self.assertEqual(asyncio.run(twice()), ("alice", "alice"))

    def test_an_api_key_is_passed_to_the_function(self):
        name = f"key-{uuid.uuid4().hex[:8]}"
        CLIENT.create_api_key_credential_provider({"name": name, "apiKey": "a key"})
        token = CLIENT.get_workload_access_token(self.workload)["workloadAccessToken"]

        @requires_api_key(provider_name=name)
        async def key(*, api_key):
            return api_key

        async def run():
            BedrockAgentCoreContext.set_workload_access_token(token)
            return await key()

        self.assertEqual(asyncio.run(run()), "a key")


class TheClient(unittest.TestCase):
    """`IdentityClient`."""

    def test_a_user_is_named_by_a_jwt(self):
        workload = CLIENT.create_workload_identity(f"workload-{uuid.uuid4().hex[:8]}")["name"]
        CLIENT.update_workload_identity(workload, [RETURN_URL])
        urls = CLIENT.get_workload_identity(workload)["allowedResourceOauth2ReturnUrls"]
        self.assertEqual(urls, [RETURN_URL])
        user = jwt(iss="i", sub="bob", exp=4_000_000_000)
        token = CLIENT.get_workload_access_token(workload, user_token=user)["workloadAccessToken"]

        async def consents(url):
            session = session_of(url, "bob")
            CLIENT.complete_resource_token_auth(session, UserTokenIdentifier(user_token=user))

        request = {
            "provider_name": "github",
            "scopes": ["read:user"],
            "agent_identity_token": token,
            "auth_flow": "USER_FEDERATION",
            "callback_url": RETURN_URL,
        }
        again = lambda: asyncio.run(CLIENT.get_token(**request))
        first = asyncio.run(CLIENT.get_token(**request, on_auth_url=consents))
        self.assertEqual(login(first), "bob")
        self.assertEqual(again(), first)


if __name__ == "__main__":
    unittest.main()
