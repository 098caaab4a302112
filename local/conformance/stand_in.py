"""The stand-in as a program of its own, and a browser to consent with.

The clients are told of it by nothing but their own environment variables.
"""

import atexit
import json
import os
import re
import subprocess
import tempfile
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

# Nobody listens there: only the address counts that a browser is sent to.
RETURN_URL = "http://127.0.0.1:9/oauth2/session-binding"
REGION = "eu-central-1"


def start():
    """Starts the program; answers where AgentCore Identity and GitHub are."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    program = subprocess.Popen(
        [os.environ["STAND_IN"], "--port", "0", "--data", folder.name],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    atexit.register(program.wait)
    atexit.register(program.terminate)
    found = {}
    for line in program.stdout:
        if match := re.search(r"(AgentCore Identity|GitHub) +(http://\S+)", line):
            found[match[1]] = match[2]
        if len(found) == 2:
            return found["AgentCore Identity"], found["GitHub"]
    raise SystemExit("the stand-in has not started")


AGENTCORE, GITHUB = start()
os.environ |= {
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_ENDPOINT_URL_BEDROCK_AGENTCORE": AGENTCORE,
    "AWS_ENDPOINT_URL_BEDROCK_AGENTCORE_CONTROL": AGENTCORE,
    "BEDROCK_AGENTCORE_DP_ENDPOINT": AGENTCORE,
    "BEDROCK_AGENTCORE_CP_ENDPOINT": AGENTCORE,
}


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


_OPENER = build_opener(ProxyHandler({}), _NoRedirects)


def follow(url, form=None):
    """Where this address sends a browser."""
    body = None if form is None else urlencode(form).encode()
    try:
        answer = _OPENER.open(Request(url, data=body))
    except HTTPError as error:
        answer = error
    with answer:
        if answer.status not in (302, 303):
            raise AssertionError(f"no redirect but {answer.status} at {urlsplit(url).path}")
        return urljoin(url, answer.headers["location"])


def consent(authorization_url, account="octo-alice", decision=None):
    """Decides at GitHub as a click does: a button names either the account or the refusal.
    Answers the query that the application's page gets."""
    page = follow(authorization_url)
    pressed = {"decision": decision} if decision else {"account": account}
    form = dict(parse_qsl(urlsplit(page).query)) | pressed
    return arrive(follow(follow(urljoin(page, "/login/oauth/authorize"), form)))


def arrive(url):
    """The query of the application's page."""
    if not url.startswith(RETURN_URL):
        raise AssertionError(f"{url} is not the return URL")
    return dict(parse_qsl(urlsplit(url).query))


def login(token):
    """Whose token it is."""
    headers = {"authorization": f"Bearer {token}", "user-agent": "conformance"}
    with _OPENER.open(Request(urljoin(GITHUB, "/user"), headers=headers)) as answer:
        return json.load(answer)["login"]
