"""HTTP apps side by side on 127.0.0.1, their logs in one place, until somebody stops them."""

from __future__ import annotations

import codecs
import os
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import IO, Any

from tareweight.catalog import Http
from tareweight.check import lockdown
from tareweight.check.exchange import NoAnswer, ask
from tareweight.errors import BadInput, TareError, clean
from tareweight.work import terminal
from tareweight.work.choice import Choice, config_of, copy_of, port_of
from tareweight.work.run import ended, stop

LINE = 2_000
"""Characters of a line of a log that are shown."""
PATIENCE = 10.0
"""Seconds without an answer after which that is said; it is waited for all the same."""
_COLOURS = (36, 33, 32, 35, 34, 31)
_PAUSE = 0.05
_DRAIN = terminal.GRACE + 2.0
_BACKLOG = 1_000


@dataclass(frozen=True)
class Service:
    """An app that is served: its container, its port on 127.0.0.1, what its lines begin with, and whether it has ended."""

    choice: Choice
    container: str
    port: int
    prefix: str
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def app(self) -> str:
        """The app's name."""
        return self.choice.target.app.name


Event = tuple[Service, str, str]
"""Which service, what it is (line, answer, silence or end), and the words."""
Say = Callable[[str], None]


def serve(choices: Sequence[Choice], *, port: int | None, named: bool, out: Say, say: Say, colour: bool) -> bool:
    """Serve the apps that answer HTTP until Ctrl-C or SIGTERM, or until all have ended; whether none of them ended by itself.

    Addresses and logs go to `out` line by line, the rest to `say`. `port` is for the only one, None for free ports. Where the
    apps are `named` by the user, one that doesn't answer HTTP is `BadInput`; else it is left out. `BrokenPipeError` where nobody reads
    any more.
    """
    events: queue.Queue[Event] = queue.Queue(_BACKLOG)
    with lockdown.connected() as client, ExitStack() as stack:
        services = _made(client, choices, port, stack, named=named, colour=colour)
        for service in services:
            stack.enter_context(_started(service, events))
        alive = {service.container for service in services}

        def tell(event: Event) -> None:
            service, what, words = event
            if what == "end":
                alive.discard(service.container)
                words = _end(client, service)
            (out if what in {"line", "answer"} else say)(service.prefix + words)

        try:
            while alive:
                tell(events.get())
        except KeyboardInterrupt:
            none_ended = len(alive) == len(services)
            say(f"stopping {', '.join(service.app for service in services if service.container in alive)}")
            asked = threading.Thread(target=stop, args=([*alive],), daemon=True)
            asked.start()
            _drain(events, alive, tell)
            asked.join(_DRAIN)
            return none_ended
        except BrokenPipeError:
            pass  # raised again below: here it would pass for the engine's fault
    if alive:
        raise BrokenPipeError
    say("all have ended")
    return False


def _made(client: Any, choices: Sequence[Choice], port: int | None, stack: ExitStack, *, named: bool, colour: bool) -> list[Service]:
    """A container for each app with a port, made but not started, and removed with the stack. `BadInput` comes before any is made."""
    found = []
    for choice in choices:
        image = config_of(client, choice)
        inner = port_of(choice, image)
        if inner:
            found.append((choice, image, inner))
        elif named:
            raise BadInput(f"{choice.target.app.name} has no port to be served on", hint=f"`invoke run --app {choice.target.app.name}` runs it")
    if not found:
        raise BadInput("no app here has a port to be served on", hint="Write EXPOSE in its Dockerfile, or `port` under [run] in app.toml")
    if port and len(found) > 1:
        raise BadInput(f"--port is for one app, and {len(found)} are to be served", hint="Give one --app, or no --port")
    ports = [port] if port else terminal.free_ports(len(found))
    width = max(len(choice.target.app.name) for choice, _, _ in found)
    services = []
    for at, ((choice, image, inner), outer) in enumerate(zip(found, ports, strict=True)):
        container = stack.enter_context(copy_of(client, choice, image, port=inner, published=outer))
        text = f"{choice.target.app.name:<{width}} |"
        services.append(Service(choice, container, outer, f"\x1b[{_COLOURS[at % len(_COLOURS)]}m{text}\x1b[0m " if colour else f"{text} "))
    return services


@contextmanager
def _started(service: Service, events: queue.Queue[Event]) -> Iterator[None]:
    """Start it, with one thread that follows what it says and one that waits for its first answer."""
    # In a session of its own, or a terminal's Ctrl-C would reach the container through this client too.
    client = subprocess.Popen(
        ["docker", "start", "--attach", service.container],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        for work in (_follow, _await):
            threading.Thread(target=work, args=(service, events, client.stdout), daemon=True).start()
        yield
    finally:
        service.over.set()
        client.kill()
        client.wait()


def _follow(service: Service, events: queue.Queue[Event], source: IO[bytes]) -> None:
    with source:
        for line in lines(source):
            events.put((service, "line", clean(line)))
    service.over.set()
    events.put((service, "end", ""))


def lines(source: IO[bytes]) -> Iterator[str]:
    """The lines of a stranger's output as they come, the first `LINE` characters of each: an endless one fills no memory."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    rest = ""
    while piece := os.read(source.fileno(), 65_536):
        *whole, rest = (rest + decoder.decode(piece)).split("\n")
        yield from (line if len(line) <= LINE else f"{line[:LINE]}…" for line in whole)
        rest = rest[: LINE + 1]
    if rest:
        yield rest


def _await(service: Service, events: queue.Queue[Event], _source: IO[bytes]) -> None:
    paths = [check.http.path for check in service.choice.target.app.checks if check.http]
    wanted = Http(paths[0] if paths else "/", "GET", (), None, 200, (), None)
    began = time.monotonic()
    patient = True
    while not service.over.is_set():
        try:
            ask(wanted, service.port, time.monotonic() + 2)
        except NoAnswer:
            waited = time.monotonic() - began
            if patient and waited > PATIENCE:
                patient = False
                events.put((service, "silence", f"no answer within {PATIENCE:g} s; still waiting"))
            service.over.wait(_PAUSE)
        else:
            events.put((service, "answer", f"http://127.0.0.1:{service.port}/ is {service.choice}"))
            return


def _end(client: Any, service: Service) -> str:
    try:
        return f"ended with exit {ended(client, service.choice, service.container)}"
    except TareError as error:
        return error.what


def _drain(events: queue.Queue[Event], alive: set[str], tell: Callable[[Event], None]) -> None:
    """Tell what those that are being stopped still have to say."""
    end = time.monotonic() + _DRAIN
    while alive and (left := end - time.monotonic()) > 0:
        try:
            event = events.get(timeout=left)
        except queue.Empty:
            return
        tell(event)
