"""HTTP checks: one container for all of a target's, asked through a port of 127.0.0.1."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tareweight.catalog import Check, Http, Needs
from tareweight.check import reaper
from tareweight.check.lockdown import KEPT, CantRun, Image, container, port_of, start
from tareweight.check.words import LINE, mismatch, said
from tareweight.errors import one_line

_FIRST_PAUSE = 0.02
_LAST_PAUSE = 0.25
_URL = "/?&=%:;,@!$'()*+~#[]"


@dataclass(frozen=True)
class Answer:
    """A response as far as it is looked at."""

    status: int
    headers: dict[str, str]
    body: str


class NoAnswer(Exception):
    """Nothing that could be judged came back."""


def run(client: Any, image: Image, needs: Needs, checks: Sequence[Check]) -> tuple[dict[str, str], float | None]:
    """Run HTTP checks. The reasons by check of those that failed, and the seconds from the order to start to the first that passed."""
    try:
        port = port_of(image, needs)
        with container(client, image, needs, port=port) as name:
            begin = time.monotonic()
            start(client, name)
            return _Session(client, name, port, begin).ask_all(checks)
    except CantRun as error:
        return {check.name: str(error) for check in checks}, None


class _Session:
    """A started container and what it has answered so far."""

    def __init__(self, client: Any, name: str, port: int, begin: float) -> None:
        self.client, self.name, self.port, self.begin = client, name, port, begin
        self.host_port: int | None = None
        self.first_answer: float | None = None

    def ask_all(self, checks: Sequence[Check]) -> tuple[dict[str, str], float | None]:
        """The first check waits for the app; the others are asked once, and not at all where it never came."""
        failures: dict[str, str] = {}
        for at, check in enumerate(checks):
            reaper.refuse_if_cancelled()
            silent = True
            try:
                why = self._until_right(check) if at == 0 else self._once(check, time.monotonic() + check.timeout)
                silent = False
            except NoAnswer as error:
                why = str(error)
            if why is None:
                self.first_answer = self.first_answer or time.monotonic() - self.begin
                continue
            death = self._death(patience=_LAST_PAUSE * 2 if silent else 0)
            failures[check.name] = death or why
            if death or (silent and at == 0):
                rest = "not asked: the container has ended" if death else "not asked: the app never answered"
                failures.update({later.name: rest for later in checks[at + 1 :]})
                break
        return failures, self.first_answer

    def _until_right(self, check: Check) -> str | None:
        deadline = self.begin + check.timeout
        pause = _FIRST_PAUSE
        answered = False
        while True:
            try:
                why = self._once(check, deadline)
                answered = True
            except NoAnswer as error:
                why = why if answered else str(error)
            if why is None:
                return None
            reaper.refuse_if_cancelled()
            if time.monotonic() + pause >= deadline or self._death():
                break
            time.sleep(pause)
            pause = min(_LAST_PAUSE, pause * 1.3)
        if not answered:
            raise NoAnswer(f"no answer on port {self.port} within {check.timeout:g} s{said(why)}")
        return why

    def _once(self, check: Check, deadline: float) -> str | None:
        if check.http is None:
            raise AssertionError(check.name)
        return judge(check.http, ask(check.http, self._published(), deadline))

    def _published(self) -> int:
        if self.host_port is None:
            ports = self.client.inspect_container(self.name)["NetworkSettings"]["Ports"] or {}
            bound = ports.get(f"{self.port}/tcp")
            if not bound:
                raise NoAnswer("its port isn't published")
            self.host_port = int(bound[0]["HostPort"])
        return self.host_port

    def _death(self, patience: float = 0) -> str | None:
        """How the container ended; None while it runs. The engine learns of an end a little after the port goes silent."""
        end = time.monotonic() + patience
        while (state := self.client.inspect_container(self.name)["State"]).get("Running"):
            if time.monotonic() >= end:
                return None
            time.sleep(_FIRST_PAUSE)
        logs = self.client.logs(self.name, tail=20)[-KEPT:].decode("utf-8", "replace")
        memory = " (over its memory)" if state.get("OOMKilled") else ""
        return f"the container ended with exit {state.get('ExitCode')}{memory}{said(logs)}"


def ask(wanted: Http, port: int, deadline: float) -> Answer:
    """One exchange, no redirects followed, over by `deadline` however slowly the other side drips; `NoAnswer`."""
    left = max(0.05, deadline - time.monotonic())
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=left)
    cut: threading.Timer | None = None
    try:
        connection.connect()
        cut = threading.Timer(left, _cut, (connection.sock,))
        cut.daemon = True
        cut.start()
        body = None if wanted.request_body is None else wanted.request_body.encode()
        connection.request(wanted.method, quote(wanted.path, safe=_URL), body, dict(wanted.request_headers))
        response = connection.getresponse()
        text = response.read(KEPT).decode("utf-8", "replace")
        if time.monotonic() >= deadline:
            raise NoAnswer(f"the answer to {wanted.path} wasn't complete in time")
        return Answer(response.status, {key: response.headers.get(key, "") for key in _names(response)}, text)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoAnswer(one_line(f"{wanted.method} {wanted.path}: {error or type(error).__name__}", LINE)) from error
    finally:
        if cut:
            cut.cancel()
        connection.close()


def _names(response: http.client.HTTPResponse) -> set[str]:
    return {key.lower() for key in response.headers}


def _cut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def judge(wanted: Http, answer: Answer) -> str | None:
    """Why the answer isn't the one that is wanted; None when it is."""
    asked = f"{wanted.method} {wanted.path}"
    if answer.status != wanted.status:
        return f"{asked}: status {answer.status}, wanted {wanted.status}{said(answer.body[:200])}"
    for key, expect in wanted.headers:
        found = answer.headers.get(key.lower())
        if found is None:
            return f"{asked}: no header {key}"
        if not expect.holds(found):
            return f"{asked}: {mismatch(key, found, expect)}"
    if wanted.body and not wanted.body.holds(answer.body):
        return f"{asked}: {mismatch('the body', answer.body, wanted.body)}"
    return None
