"""At the end: what all the other tests have seen is what the service models say.

unittest takes these modules by name, so this one comes last.
"""

import unittest

import botocore.session
from shapes import SHAPES, Shapes

IDENTITY_OPERATIONS = {
    "CompleteResourceTokenAuth",
    "GetResourceApiKey",
    "GetResourceOauth2Token",
    "GetWorkloadAccessToken",
    "GetWorkloadAccessTokenForJWT",
    "GetWorkloadAccessTokenForUserId",
    "ListApiKeyCredentialProviders",
    "ListOauth2CredentialProviders",
    "ListWorkloadIdentities",
} | {
    f"{verb}{noun}"
    for verb in ("Create", "Delete", "Get", "Update")
    for noun in ("ApiKeyCredentialProvider", "Oauth2CredentialProvider", "WorkloadIdentity")
}


class TheShapes(unittest.TestCase):
    """Of every answer."""

    def test_every_answer_was_as_the_service_model_has_it(self):
        self.assertEqual(SHAPES.mistakes, [])

    def test_every_identity_operation_was_called(self):
        self.assertEqual(IDENTITY_OPERATIONS - SHAPES.operations.keys(), set())
        print(f"\n{SHAPES.operations.total()} answers of {len(SHAPES.operations)} operations")

    def test_a_wrong_answer_would_have_been_noticed(self):
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
