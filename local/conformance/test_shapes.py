"""Checks that all responses to the other tests fit the service models.

unittest runs the modules in the order of their names, so this one is the last.
"""

import re
import unittest

import botocore.session
from shapes import SHAPES, Shapes

# The operations of AgentCore Identity that the stand-in has, without those of the token vault's keys, of
# consent portals, payments and tags (`local/agentcore/README.md`).
IDENTITY = re.compile(
    r"(ApiKey|Oauth2)CredentialProviders?$|WorkloadIdentit(y|ies)$|WorkloadAccessToken"
    r"|Resource(ApiKey|Oauth2Token|TokenAuth)$"
)
IDENTITY_OPERATIONS = {
    operation
    for service in ("bedrock-agentcore", "bedrock-agentcore-control")
    for operation in botocore.session.get_session().get_service_model(service).operation_names
    if IDENTITY.search(operation)
}


class TheShapes(unittest.TestCase):
    """The shapes of all responses."""

    def test_every_response_fits_the_service_model(self):
        self.assertEqual(SHAPES.mistakes, [])

    def test_every_identity_operation_was_called(self):
        self.assertGreaterEqual(len(IDENTITY_OPERATIONS), 21)
        self.assertEqual(IDENTITY_OPERATIONS - SHAPES.operations.keys(), set())
        print(f"\n{SHAPES.operations.total()} responses of {len(SHAPES.operations)} operations")

    def test_a_wrong_response_is_reported(self):
        model = botocore.session.get_session().get_service_model("bedrock-agentcore-control")
        shape = model.operation_model("GetWorkloadIdentity").output_shape
        right = {"name": "abc", "workloadIdentityArn": "arn", "createdTime": 1, "lastUpdatedTime": 1.5}
        wrong = [{"name": "ab"}, {"name": 1}, {"name": "a b c"}, {"createdTime": "now"}, {"more": 1}]
        wrong += [{"allowedResourceOauth2ReturnUrls": ["nowhere"]}]
        for change in ({}, *wrong):
            shapes = Shapes()
            shapes.check(shape, right | change, "here")
            self.assertEqual(len(shapes.mistakes), len(change), (change, shapes.mistakes))
        shapes = Shapes()
        shapes.check(shape, {}, "here")
        self.assertEqual(len(shapes.mistakes), 4, shapes.mistakes)


if __name__ == "__main__":
    unittest.main()
