"""Keeps what a collector passes on by OTLP over HTTP: each batch is one file in FOLDER/traces or
FOLDER/metrics. Prints its port.

python receive.py FOLDER"""

import gzip
import itertools
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

numbers = itertools.count()


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        kind = Path(sys.argv[1], self.path.rsplit("/", 1)[1])
        kind.mkdir(exist_ok=True)
        (kind / f"{next(numbers):05}").write_bytes(body)
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Receiver)
print(server.server_port, flush=True)
server.serve_forever()
