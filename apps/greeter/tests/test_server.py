"""The real server in its own process."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import unittest
import urllib.request


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(port: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "greeter"],
        env={**os.environ, "HOST": "127.0.0.1", "PORT": port},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def fetch(port: int, path: str) -> bytes:
    """The answer's body, waiting for the server to come up."""
    deadline = time.monotonic() + 20
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                return bytes(answer.read())
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


class Server(unittest.TestCase):
    def test_answers_and_stops_cleanly(self) -> None:
        for asked in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(asked.name):
                port = free_port()
                server = start(str(port))
                try:
                    body = fetch(port, "/greet?name=Ada")
                    server.send_signal(asked)
                    output, _ = server.communicate(timeout=20)
                finally:
                    server.kill()
                self.assertEqual(json.loads(body), {"greeting": "Hello, Ada!"})
                self.assertEqual(server.returncode, 0, output)
                self.assertNotIn("Traceback", output)

    def test_refuses_a_bad_port(self) -> None:
        for port in ("", "http", "0", "65536", "-1", "٨٠"):
            with self.subTest(port):
                server = start(port)
                output, _ = server.communicate(timeout=20)
                self.assertEqual(server.returncode, 2)
                self.assertEqual(output, f"error: PORT must be a number from 1 to 65535, not {port!r}\n")


if __name__ == "__main__":
    unittest.main()
