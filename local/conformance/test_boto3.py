"""Unmodified boto3: both planes, and the whole flow."""

import base64
import json
import time
import unittest
import uuid

from stand_in import RETURN_URL, arrive, consent, follow, login  # first: it sets the environment

import boto3
from authorization_server import CLIENT_ID, CLIENT_SECRET, AuthorizationServer
from botocore.exceptions import ClientError
from shapes import SHAPES

PLANE = SHAPES.watch(boto3.client("bedrock-agentcore"))
CONTROL = SHAPES.watch(boto3.client("bedrock-agentcore-control"))
DENIED = PLANE.exceptions.AccessDeniedException


def fresh(what):
    """A unique name."""
    return f"{what}-{uuid.uuid4().hex[:8]}"


def new_workload():
    """A workload identity with one return URL."""
    name = fresh("workload")
    CONTROL.create_workload_identity(name=name, allowedResourceOauth2ReturnUrls=[RETURN_URL])
    return name


class Workload:
    """A workload that acts for users."""

    def __init__(self, provider="github"):
        self.name, self.provider = new_workload(), provider

    def ask(self, user, scopes=("repo",), **more):
        """The response for a user's token at the provider."""
        token = PLANE.get_workload_access_token_for_user_id(workloadName=self.name, userId=user)
        return self.ask_with(token["workloadAccessToken"], scopes, **more)

    def ask_with(self, token, scopes=("repo",), **more):
        """… with a workload access token."""
        request = {
            "workloadIdentityToken": token,
            "resourceCredentialProviderName": self.provider,
            "scopes": list(scopes),
            "oauth2Flow": "USER_FEDERATION",
            "resourceOauth2ReturnUrl": RETURN_URL,
        }
        answer = PLANE.get_resource_oauth2_token(**request | more)
        answer.pop("ResponseMetadata")
        return answer


def complete(session, **user):
    """Completes a session."""
    return PLANE.complete_resource_token_auth(sessionUri=session, userIdentifier=user)


def jwt(**claims):
    """A JWT without a valid signature."""
    parts = ({"alg": "ES256"}, claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, "AAAA"])


class TheFlow(unittest.TestCase):
    """The consent flow."""

    def test_a_person_consents_and_the_workload_gets_their_token(self):
        workload = Workload()
        same = {"customParameters": {"prompt": "login"}}
        begun = workload.ask("alice", customState="nonce", **same)
        self.assertEqual(begun["sessionStatus"], "IN_PROGRESS")
        polled = workload.ask("alice", sessionUri=begun["sessionUri"], **same)
        self.assertEqual(polled["sessionStatus"], "IN_PROGRESS")
        arrived = consent(begun["authorizationUrl"])
        self.assertEqual(arrived, {"session_id": begun["sessionUri"], "state": "nonce"})
        with self.assertRaises(DENIED):
            complete(begun["sessionUri"], userId="bob")
        complete(begun["sessionUri"], userId="alice")
        answer = workload.ask("alice", sessionUri=begun["sessionUri"], **same)
        self.assertEqual(login(answer["accessToken"]), "alice")
        self.assertEqual(workload.ask("alice", **same), {"accessToken": answer["accessToken"]})
        with self.assertRaises(DENIED) as used:
            complete(begun["sessionUri"], userId="alice")
        self.assertEqual(used.exception.response["Error"]["Message"], "Invalid or expired session")

    def test_a_declined_consent_fails_the_session(self):
        workload = Workload()
        begun = workload.ask("alice")
        arrived = consent(begun["authorizationUrl"], person="")
        self.assertEqual(arrived["error"], "access_denied")
        polled = workload.ask("alice", sessionUri=begun["sessionUri"])
        self.assertEqual(polled, {"sessionUri": begun["sessionUri"], "sessionStatus": "FAILED"})

    def test_an_authorization_url_works_once(self):
        begun = Workload().ask("alice")
        follow(begun["authorizationUrl"])
        with self.assertRaisesRegex(AssertionError, "400"):
            follow(begun["authorizationUrl"])

    def test_force_authentication_begins_a_flow_although_a_token_is_stored(self):
        workload = Workload()
        begun = workload.ask("alice")
        consent(begun["authorizationUrl"])
        complete(begun["sessionUri"], userId="alice")
        forced = workload.ask("alice", forceAuthentication=True)
        self.assertIn("authorizationUrl", forced)
        consent(forced["authorizationUrl"], person="bob")
        complete(forced["sessionUri"], userId="alice")
        self.assertEqual(login(workload.ask("alice")["accessToken"]), "bob")

    def test_a_person_with_a_jwt_completes_with_that_very_jwt(self):
        workload = Workload()
        first, fresh_one = (jwt(iss="i", sub="alice", exp=int(time.time()) + more) for more in (60, 61))
        token = PLANE.get_workload_access_token_for_jwt(workloadName=workload.name, userToken=first)
        begun = workload.ask_with(token["workloadAccessToken"])
        consent(begun["authorizationUrl"])
        with self.assertRaises(DENIED):
            complete(begun["sessionUri"], userToken=fresh_one)
        complete(begun["sessionUri"], userToken=first)
        self.assertIn("accessToken", workload.ask_with(token["workloadAccessToken"]))

    def test_a_discovered_provider_takes_the_secret_in_a_header_and_refreshes(self):
        server = AuthorizationServer()
        discovery = f"{server.base}/.well-known/oauth-authorization-server/tenant"
        config = {
            "clientId": CLIENT_ID,
            "clientSecret": CLIENT_SECRET,
            "oauthDiscovery": {"discoveryUrl": discovery},
        }
        provider = fresh("custom")
        CONTROL.create_oauth2_credential_provider(
            name=provider,
            credentialProviderVendor="CustomOauth2",
            oauth2ProviderConfigInput={"customOauth2ProviderConfig": config},
        )
        workload = Workload(provider)
        begun = workload.ask("alice", ["anything"])
        session = arrive(follow(follow(follow(begun["authorizationUrl"]))))["session_id"]
        complete(session, userId="alice")
        refreshed = workload.ask("alice", ["anything"])["accessToken"]
        self.assertEqual(server.refreshed, 1)
        self.assertEqual(workload.ask("alice", ["anything"])["accessToken"], refreshed)
        self.assertEqual(server.refreshed, 1, "it lasts an hour")


class Refusals(unittest.TestCase):
    """The names and messages of errors."""

    def assert_refused(self, name, call, **request):
        with self.assertRaises(ClientError) as refused:
            call(**request)
        self.assertEqual(refused.exception.response["Error"]["Code"], name)

    def test_an_unknown_name_is_not_found(self):
        token = PLANE.get_workload_access_token
        self.assert_refused("ResourceNotFoundException", token, workloadName="nobody")
        workload = Workload("no-such-provider")
        self.assert_refused("ResourceNotFoundException", workload.ask, user="alice")

    def test_an_unknown_workload_access_token_is_refused(self):
        workload = Workload()
        self.assert_refused("UnauthorizedException", workload.ask_with, token="guess")
        nobody = PLANE.get_workload_access_token(workloadName=workload.name)["workloadAccessToken"]
        self.assert_refused("ValidationException", workload.ask_with, token=nobody)

    def test_an_expired_jwt_is_unauthorized(self):
        call, name = PLANE.get_workload_access_token_for_jwt, new_workload()
        old = jwt(iss="i", sub="alice", exp=1)
        self.assert_refused("UnauthorizedException", call, workloadName=name, userToken=old)

    def test_a_return_url_has_to_be_registered(self):
        elsewhere = f"{RETURN_URL}/elsewhere"
        ask = Workload().ask
        self.assert_refused("ValidationException", ask, user="alice", resourceOauth2ReturnUrl=elsewhere)

    def test_a_value_outside_the_service_model_is_refused(self):
        workload = Workload()
        for more in ({"oauth2Flow": "PASSWORD"}, {"customState": "s" * 4097}, {"scopes": ["s" * 129]}):
            self.assert_refused("ValidationException", workload.ask, user="alice", **more)
        for user in ({"userId": "u" * 129}, {"userToken": "a.b"}):
            uri = "urn:ietf:params:oauth:request_uri:x"
            self.assert_refused("ValidationException", complete, session=uri, **user)

    def test_an_invented_session_is_refused(self):
        uri = f"urn:ietf:params:oauth:request_uri:{uuid.uuid4()}"
        self.assert_refused("AccessDeniedException", complete, session=uri, userId="alice")


class TheControlPlane(unittest.TestCase):
    """Workload identities and credential providers."""

    def test_a_workload_identity_is_created_read_changed_listed_and_deleted(self):
        name = new_workload()
        with self.assertRaises(CONTROL.exceptions.ConflictException):
            CONTROL.create_workload_identity(name=name)
        CONTROL.update_workload_identity(name=name, allowedResourceOauth2ReturnUrls=[])
        self.assertEqual(CONTROL.get_workload_identity(name=name)["allowedResourceOauth2ReturnUrls"], [])
        pages = CONTROL.get_paginator("list_workload_identities").paginate(PaginationConfig={"PageSize": 1})
        names = [entry["name"] for page in pages for entry in page["workloadIdentities"]]
        self.assertEqual(names.count(name), 1)
        CONTROL.delete_workload_identity(name=name)
        with self.assertRaises(CONTROL.exceptions.ResourceNotFoundException):
            CONTROL.get_workload_identity(name=name)

    def test_a_github_provider_is_created_read_changed_listed_and_deleted(self):
        def definition(client):
            config = {"clientId": client, "clientSecret": "secret"}
            return {
                "name": name,
                "credentialProviderVendor": "GithubOauth2",
                "oauth2ProviderConfigInput": {"githubOauth2ProviderConfig": config},
            }

        name = fresh("github")
        created = CONTROL.create_oauth2_credential_provider(**definition("one"))
        self.assertIn("/identities/oauth2/callback/", created["callbackUrl"])
        with self.assertRaises(CONTROL.exceptions.ConflictException):
            CONTROL.create_oauth2_credential_provider(**definition("one"))
        changed = CONTROL.update_oauth2_credential_provider(**definition("two"))
        self.assertEqual(changed["callbackUrl"], created["callbackUrl"])
        read = CONTROL.get_oauth2_credential_provider(name=name)["oauth2ProviderConfigOutput"]
        self.assertEqual(read["githubOauth2ProviderConfig"]["clientId"], "two")
        pages = CONTROL.get_paginator("list_oauth2_credential_providers").paginate()
        names = [entry["name"] for page in pages for entry in page["credentialProviders"]]
        self.assertEqual(names.count(name), 1)
        CONTROL.delete_oauth2_credential_provider(name=name)
        with self.assertRaises(CONTROL.exceptions.ResourceNotFoundException):
            CONTROL.get_oauth2_credential_provider(name=name)

    def test_a_custom_provider_shows_the_metadata_that_it_was_given(self):
        metadata = {
            "issuer": "https://issuer.example",
            "authorizationEndpoint": "https://issuer.example/authorize",
            "tokenEndpoint": "https://issuer.example/token",
            "responseTypes": ["code"],
            "tokenEndpointAuthMethods": ["client_secret_basic"],
        }
        config = {
            "clientId": "client",
            "clientSecret": "secret",
            "oauthDiscovery": {"authorizationServerMetadata": metadata},
        }
        created = CONTROL.create_oauth2_credential_provider(
            name=fresh("custom"),
            credentialProviderVendor="CustomOauth2",
            oauth2ProviderConfigInput={"customOauth2ProviderConfig": config},
        )
        shown = created["oauth2ProviderConfigOutput"]["customOauth2ProviderConfig"]
        self.assertEqual(shown["oauthDiscovery"], config["oauthDiscovery"])

    def test_an_api_key_is_created_read_changed_listed_and_deleted(self):
        name, workload = fresh("key"), new_workload()
        token = PLANE.get_workload_access_token(workloadName=workload)["workloadAccessToken"]

        def read():
            answer = PLANE.get_resource_api_key(
                workloadIdentityToken=token, resourceCredentialProviderName=name
            )
            return answer["apiKey"]

        CONTROL.create_api_key_credential_provider(name=name, apiKey="one")
        self.assertEqual(read(), "one")
        CONTROL.update_api_key_credential_provider(name=name, apiKey="two")
        self.assertEqual(read(), "two")
        CONTROL.get_api_key_credential_provider(name=name)
        pages = CONTROL.get_paginator("list_api_key_credential_providers").paginate()
        names = [entry["name"] for page in pages for entry in page["credentialProviders"]]
        self.assertEqual(names.count(name), 1)
        CONTROL.delete_api_key_credential_provider(name=name)
        with self.assertRaises(PLANE.exceptions.ResourceNotFoundException):
            read()


if __name__ == "__main__":
    unittest.main()
