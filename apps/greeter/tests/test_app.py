"""The application, called as a server would call it."""

from __future__ import annotations

import asyncio
import json
import unittest
from urllib.parse import quote

from greeter.app import MAX_NAME, app


class Answer:
    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def json(self) -> object:
        return json.loads(self.body)


def ask(path: str, query: str = "", method: str = "GET") -> Answer:
    """One HTTP exchange without a server: what ASGI says that a server sends and takes."""
    sent = []

    async def receive() -> dict:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode("ascii"),
        "headers": [(b"host", b"test")],
        "server": ("test", 80),
        "client": ("test", 1),
    }
    asyncio.run(app(scope, receive, send))
    headers = {key.decode(): value.decode() for key, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:]))


class Greet(unittest.TestCase):
    def test_greets(self) -> None:
        for query, name in [
            ("name=Ada", "Ada"),
            ("name=Ada+Lovelace", "Ada Lovelace"),
            ("name=%20Ada%20", "Ada"),
            ("name=" + quote("Zoë"), "Zoë"),
            ("name=" + quote("Zoe\u0308"), "Zoë"),
            ("name=" + quote("李"), "李"),
            ("name=" + quote("می\u200cنا"), "می\u200cنا"),
            ("name=" + quote("<b>\"&"), "<b>\"&"),
            ("name=" + "x" * MAX_NAME, "x" * MAX_NAME),
            ("name=Ada&lang=en", "Ada"),
        ]:
            with self.subTest(query):
                answer = ask("/greet", query)
                self.assertEqual(answer.status, 200)
                self.assertEqual(answer.headers["content-type"], "application/json")
                self.assertEqual(answer.json(), {"greeting": f"Hello, {name}!"})

    def test_refuses(self) -> None:
        for query, error in [
            ("", "name is missing"),
            ("nom=Ada", "name is missing"),
            ("name=", "name is empty"),
            ("name=%20%09", "name is empty"),
            ("name=Ada&name=Bob", "name was given more than once"),
            ("name=" + "x" * (MAX_NAME + 1), f"name is longer than {MAX_NAME} characters"),
            ("name=a%00b", "name has characters that can't be greeted"),
            ("name=a%0Ab", "name has characters that can't be greeted"),
            ("name=%FF", "name has characters that can't be greeted"),
            ("name=" + quote("a\u2028b"), "name has characters that can't be greeted"),
        ]:
            with self.subTest(query):
                answer = ask("/greet", query)
                self.assertEqual(answer.status, 400)
                self.assertEqual(answer.json(), {"error": error})


class Others(unittest.TestCase):
    def test_health(self) -> None:
        answer = ask("/healthz")
        self.assertEqual((answer.status, answer.body), (200, b"ok\n"))
        self.assertTrue(answer.headers["content-type"].startswith("text/plain"))

    def test_no_such_path(self) -> None:
        answer = ask("/nowhere")
        self.assertEqual((answer.status, answer.json()), (404, {"error": "not found"}))

    def test_wrong_method(self) -> None:
        answer = ask("/greet", "name=Ada", method="POST")
        self.assertEqual((answer.status, answer.json()), (405, {"error": "method not allowed"}))
        self.assertIn("GET", answer.headers["allow"])


if __name__ == "__main__":
    unittest.main()
