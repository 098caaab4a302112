"""An independent authorization server for CustomOauth2 providers.

It consents at once, requires the client's secret in a header (RFC 6749, section 2.3.1), and issues
tokens that have already expired, with a refresh token for a valid one.
"""

import base64
import json
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

CLIENT_ID, CLIENT_SECRET = "client", "a secret: with + and %"


class AuthorizationServer:
    """Runs on a free port for as long as the process does."""

    def __init__(self):
        self.codes, self.refresh_tokens, self.refreshed = set(), set(), 0
        handler = type("Handler", (Handler,), {"server_state": self})
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.base = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def metadata(self):
        """RFC 8414; the issuer has a path, so that the document's address has it at its end."""
        return {
            "issuer": f"{self.base}/tenant",
            "authorization_endpoint": f"{self.base}/authorize",
            "token_endpoint": f"{self.base}/token",
            "response_types_supported": ["code"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }

    def token(self, form):
        """Returns the response of the token endpoint, or None for an invalid grant."""
        if form.get("grant_type") == "authorization_code" and form.get("code") in self.codes:
            self.codes.remove(form["code"])
            return self._issue(expires_in=0)
        if form.get("grant_type") == "refresh_token" and form.get("refresh_token") in self.refresh_tokens:
            self.refresh_tokens.remove(form["refresh_token"])
            self.refreshed += 1
            return self._issue(expires_in=3600)
        return None

    def _issue(self, expires_in):
        refresh_token = secrets.token_urlsafe()
        self.refresh_tokens.add(refresh_token)
        return {
            "access_token": f"at-{self.refreshed}-{secrets.token_urlsafe()}",
            "token_type": "Bearer",
            "expires_in": expires_in,
            "refresh_token": refresh_token,
        }


class Handler(BaseHTTPRequestHandler):
    """The endpoints."""

    server_state = None

    def do_GET(self):
        """The metadata, and the authorization endpoint."""
        url = urlsplit(self.path)
        if url.path == "/.well-known/oauth-authorization-server/tenant":
            return self._answer(200, self.server_state.metadata())
        if url.path != "/authorize":
            return self._answer(404, {})
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if query.get("client_id") != CLIENT_ID or query.get("response_type") != "code":
            return self._answer(400, {"error": "invalid_request"})
        code = secrets.token_urlsafe()
        self.server_state.codes.add(code)
        back = urlencode({"code": code, "state": query["state"]})
        self.send_response(302)
        self.send_header("location", f"{query['redirect_uri']}?{back}")
        self.end_headers()
        return None

    def do_POST(self):
        """The token endpoint."""
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        if not self._is_the_client():
            return self._answer(401, {"error": "invalid_client"})
        answer = self.server_state.token({name: values[0] for name, values in parse_qs(body).items()})
        return self._answer(200, answer) if answer else self._answer(400, {"error": "invalid_grant"})

    def _is_the_client(self):
        scheme, _, encoded = self.headers.get("authorization", "").partition(" ")
        if scheme != "Basic":
            return False
        client, _, secret = base64.b64decode(encoded).decode().partition(":")
        return (unquote_plus(client), unquote_plus(secret)) == (CLIENT_ID, CLIENT_SECRET)

    def _answer(self, status, document):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nothing: a request's line holds a code."""
