"""A client that openapi-python-client made of the document: asks, is interrupted, reads, fails.

    python client.py FOLDER-OF-THE-CLIENT ADDRESS COOKIES
"""

import sys

sys.path.insert(0, sys.argv[1])

from countersign_client import Client  # noqa: E402
from countersign_client.api.agent import get_session, invocations, list_sessions  # noqa: E402
from countersign_client.models import (  # noqa: E402
    AuthorizationRequired,
    InvocationAnswer,
    InvocationRequest,
    Problem,
    ProblemCode,
)

SESSION = "python"
client = Client(base_url=sys.argv[2], headers={"cookie": sys.argv[3]})

question = InvocationRequest(session_id=SESSION, message="Which repositories do I have, private ones too?")
answer = invocations.sync(client=client, body=question)
assert isinstance(answer, InvocationAnswer), answer
interrupt = answer.interrupts[0]
assert isinstance(interrupt, AuthorizationRequired), interrupt
assert interrupt.provider == "github" and "/consent?flow=" in interrupt.url
print("ok - a question is interrupted for a consent")

listed = list_sessions.sync(client=client, limit=100)
assert SESSION in [session.session_id for session in listed.sessions]
document = get_session.sync(client=client, session_id=SESSION)
assert document.waiting and document.messages[0].text == question.message
print("ok - the conversation is listed and read")

answer = get_session.sync_detailed(client=client, session_id="none")
assert answer.status_code == 404 and isinstance(answer.parsed, Problem)
assert answer.parsed.code == ProblemCode.NOT_FOUND and answer.parsed.request_id
print("ok - a problem is told by its code")
