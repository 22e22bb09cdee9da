"""A registry that keeps nothing: it answers a push on 127.0.0.1 and counts its bytes.

The one way to learn what a layer packs to that is true by definition: the engine packs it itself, as for any registry, and the
manifest that it sends says what came out. Only what a push asks is understood (the distribution specification's
"end-4" to "end-7" and the HEAD of a blob). Layers that were counted before are said to be here already, so they aren't packed again.
"""

from __future__ import annotations

import hashlib
import http.server
import re
import secrets
import threading
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

_BLOB = re.compile(r"/v2/.+/blobs/(sha256:[0-9a-f]{64})")
_UPLOAD = re.compile(r"/v2/.+/blobs/uploads/[^?]*(?:\?.*)?")
_MANIFEST = re.compile(r"/v2/.+/manifests/([\w.:-]+)")
_CHUNK = 1 << 20


class Sink(http.server.ThreadingHTTPServer):
    """`manifests` are those that were pushed, by tag and by digest; `blobs` are the sizes of what a push may leave out, by digest."""

    daemon_threads = True

    def __init__(self, port: int, blobs: Mapping[str, int]) -> None:
        self.manifests: dict[str, bytes] = {}
        self.blobs = dict(blobs)
        self.uploads: dict[str, int] = {}
        super().__init__(("127.0.0.1", port), _Answer)


class _Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.0"
    """What can't be parsed is answered with a status line: it tells a client that tried TLS first to go on without."""
    server: Sink

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the sink is not a server that anyone watches."""

    def do_GET(self) -> None:
        self._say(200 if self.path == "/v2/" else 404)

    def do_HEAD(self) -> None:
        blob = _BLOB.fullmatch(self.path)
        if blob and blob[1] in self.server.blobs:
            self._say(200, {"Docker-Content-Digest": blob[1]}, self.server.blobs[blob[1]])
        else:
            self._say(404)

    def do_POST(self) -> None:
        self._take()
        path = f"{self.path.partition('?')[0].rstrip('/')}/{secrets.token_hex(8)}"
        self.server.uploads[path] = 0
        self._say(202, {"Location": path, "Range": "0-0"})

    def do_PATCH(self) -> None:
        size, _ = self._take()
        self.server.uploads[self.path] = size = self.server.uploads.get(self.path, 0) + size
        self._say(202, {"Location": self.path, "Range": f"0-{max(0, size - 1)}"})

    def do_PUT(self) -> None:
        size, body = self._take()
        if manifest := _MANIFEST.fullmatch(self.path):
            digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
            self.server.manifests |= {manifest[1]: body, digest: body}
            self._say(201, {"Docker-Content-Digest": digest, "Location": self.path})
        elif _UPLOAD.fullmatch(self.path):
            path, _, query = self.path.partition("?")
            digest = urllib.parse.parse_qs(query).get("digest", [""])[0]
            self.server.blobs[digest] = self.server.uploads.pop(path, 0) + size
            self._say(201, {"Docker-Content-Digest": digest, "Location": self.path})
        else:
            self._say(404)

    def _take(self) -> tuple[int, bytes]:
        """Read the request's body; its length, and what of it may be a manifest."""
        kept = bytearray()
        size = 0
        for piece in self._pieces():
            size += len(piece)
            if len(kept) < 4 * _CHUNK:
                kept += piece
        return size, bytes(kept)

    def _pieces(self) -> Iterator[bytes]:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            while left := int(self.rfile.readline().split(b";")[0], 16):
                yield from self._exactly(left)
                self.rfile.readline()
            self.rfile.readline()
        else:
            yield from self._exactly(int(self.headers.get("Content-Length") or 0))

    def _exactly(self, left: int) -> Iterator[bytes]:
        while left:
            piece = self.rfile.read(min(left, _CHUNK))
            if not piece:
                raise ConnectionError("the push ended early")
            left -= len(piece)
            yield piece

    def _say(self, status: int, headers: Mapping[str, str] | None = None, length: int = 0) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()


@contextmanager
def listening(port: int, blobs: Mapping[str, int]) -> Iterator[Sink]:
    """A sink on 127.0.0.1, on `port` where that is free, else on any."""
    try:
        sink = Sink(port, blobs)
    except OSError:
        sink = Sink(0, blobs)
    thread = threading.Thread(target=sink.serve_forever, daemon=True)
    thread.start()
    try:
        yield sink
    finally:
        sink.shutdown()
        sink.server_close()
        thread.join()
