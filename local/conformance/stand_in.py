"""Runs the stand-in as a program, and consents as a browser does.

The clients find it only by their own environment variables.
"""

import atexit
import json
import os
import re
import subprocess
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

# Nothing listens there: the tests only look at the redirect.
RETURN_URL = "http://127.0.0.1:9/oauth2/session-binding"
REGION = "eu-central-1"


def start():
    """Starts the program. Returns its address."""
    program = subprocess.Popen(
        [os.environ["STAND_IN"], "--port", "0", "--provider", "demo", "--provider", "github"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    atexit.register(program.wait)
    atexit.register(program.terminate)
    for line in program.stdout:
        if match := re.search(r"AgentCore Identity at (http://\S+)\. It is not AWS", line):
            return match[1]
    raise SystemExit("the stand-in has not started")


AGENTCORE = start()
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


def _open(url, form=None):
    body = None if form is None else urlencode(form).encode()
    try:
        return _OPENER.open(Request(url, data=body))
    except HTTPError as error:
        return error


def show(url):
    """Returns the page at this address."""
    with _open(url) as answer:
        return answer.read().decode()


def follow(url, form=None):
    """Returns the address to which this one redirects."""
    with _open(url, form) as answer:
        if answer.status not in (302, 303):
            raise AssertionError(f"no redirect but {answer.status} at {urlsplit(url).path}")
        return urljoin(url, answer.headers["location"])


def decide(authorization_url, person):
    """Decides at the built-in page as a click on a button does: the one of a person, or (with an empty
    name) the one that declines. Returns the address to which the provider redirects."""
    page = follow(authorization_url)
    form = dict(parse_qsl(urlsplit(page).query)) | {"person": person}
    return follow(page.partition("?")[0], form)


def consent(authorization_url, person="alice"):
    """Decides. Returns the query of the redirect to the application."""
    return arrive(follow(decide(authorization_url, person)))


def arrive(url):
    """Returns the query of this address, which has to be the return URL."""
    if not url.startswith(RETURN_URL):
        raise AssertionError(f"{url} is not the return URL")
    return dict(parse_qsl(urlsplit(url).query))


def login(token):
    """Returns whose token it is."""
    headers = {"authorization": f"Bearer {token}"}
    with _OPENER.open(Request(f"{AGENTCORE}/stand-in/userinfo", headers=headers)) as answer:
        return json.load(answer)["sub"]
