"""A shell in a running copy of an image, whether the image has one or not."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from tareweight import process
from tareweight.bases import resolve
from tareweight.catalog import Needs
from tareweight.check import lockdown
from tareweight.engine.client import inspect
from tareweight.errors import BadInput, TareError, one_line
from tareweight.project import Project, make_bases
from tareweight.work import terminal
from tareweight.work.choice import Choice, choose_one, config_of, copy_of, port_of
from tareweight.work.run import ended

TOOLBOX = "gcr.io/distroless/base-debian13:debug"
"""The image whose busybox is used where an image has no shell. It is resolved as every FROM is: pulled, or made from Debian packages."""
SHELLS = ("sh", "/bin/sh", "/busybox/sh")
_BEST = "command -v bash || command -v sh"
_EXEC = 'exec "$@"'
_LOOK = 'cd /proc/1/root 2>/dev/null; [ $# -gt 0 ] || set -- sh; exec "$@"'
_SETTLE = 0.5
"""Seconds after which a copy counts as one that stays."""


def shell(project: Project, command: Sequence[str], say: Callable[[str], None]) -> int:
    """A shell in a running, locked-down copy of the chosen app's image, or `command` in place of an interactive one; its status. The copy is gone afterwards.

    Where the image has no shell, a container with busybox shares the copy's processes and network, as the same user, under the
    same locks. `BadInput` where an interactive shell has no terminal, `TareError` where the copy doesn't stay.
    """
    interactive = terminal.is_terminal()
    if not command and not interactive:
        raise BadInput("a shell needs a terminal, and there is none", hint="One command runs without: `invoke shell --app A -- COMMAND`")
    choice = choose_one(project, say)
    with lockdown.connected() as client:
        image = config_of(client, choice)
        # Input that stays open and empty keeps a command line waiting that reads it.
        with copy_of(client, choice, image, stdin=True, port=port_of(choice, image)) as name:
            lockdown.start(client, name)
            _refuse_if_over(client, choice, name)
            found = _shell(client, name)
            if found is None:
                return _beside(client, choice, name, command, project, say)
            say(f"{choice}: {found}, the image's own")
            words = ["docker", "exec", "--interactive", *(["--tty"] if interactive else []), name]
            words += [found, "-c", _EXEC, found, *command] if command else [found]
            status, refused = terminal.attached(words, stop=lambda: lockdown.remove(client, name))
            if refused and not client.inspect_container(name)["State"].get("Running"):
                raise TareError(f"{choice.target.name}: the copy has ended: {one_line(refused.decode('utf-8', 'replace'), 240)}")
            terminal.say(refused)
            return status


def _refuse_if_over(client: Any, choice: Choice, name: str) -> None:
    """`TareError` where the copy ends by itself within `_SETTLE`."""
    end = time.monotonic() + _SETTLE
    while time.monotonic() < end:
        if not client.inspect_container(name)["State"].get("Running"):
            status = ended(client, choice, name)
            raise TareError(
                f"{choice.target.name}: ends at once with exit {status}, so there is no running copy to look into",
                hint=f"`invoke explain --app {choice.target.app.name} --variant {choice.target.variant}` tells what is in it",
            )
        time.sleep(0.05)


def _shell(client: Any, name: str) -> str | None:
    """The best shell in a running container; None where it has none that runs."""
    for shell in SHELLS:
        order = client.exec_create(name, [shell, "-c", _BEST])
        said = client.exec_start(order)
        if client.exec_inspect(order)["ExitCode"] == 0:
            told = said.decode("utf-8", "replace").strip()
            return told if told.startswith("/") and told == one_line(told) else shell
    return None


def _beside(client: Any, choice: Choice, name: str, command: Sequence[str], project: Project, say: Callable[[str], None]) -> int:
    """A shell in a container that shares the processes and the network of `name`."""
    toolbox = lockdown.Image(_toolbox(project, say), "", (), run_as=_user(client, name))
    needs = Needs(capabilities=choice.target.needs.capabilities, writable=("/tmp",))
    say(f"{choice}: it has no shell, so one from {TOOLBOX} shares its processes and network; its files are in /proc/1/root, where you are")
    args = ("-c", _LOOK, "sh", *command)
    with copy_of(client, choice, toolbox, needs=needs, args=args, stdin=True, tty=terminal.is_terminal(), beside=name) as debugger:
        words = ["docker", "start", "--attach", "--interactive", debugger]
        _, refused = terminal.attached(words, stop=lambda: lockdown.remove(client, name))
        status = ended(client, choice, debugger)
        terminal.say(refused)
        return status


def _user(client: Any, name: str) -> str:
    """The numbers of user and group that the container's first process runs as: a name would mean another one elsewhere.

    Only a process of the same user, and with the same capabilities, may look into its file system.
    """
    rows = client.top(name, ps_args="-o pid,uid,gid")["Processes"]
    return f"{rows[0][1]}:{rows[0][2]}"


def _toolbox(project: Project, say: Callable[[str], None]) -> str:
    """The ID of the toolbox's image, pulled or made now where it is still missing. `BaseUnavailable` where it can't be had."""
    found = resolve.resolve([TOOLBOX], settings=project.settings, mode=project.settings.bases)
    if found.pending:
        make_bases(found, project, say)
    base = found[TOOLBOX]
    reference = base.context.removeprefix("docker-image://") or base.reference
    image = inspect([reference]).get(reference)
    if image is None:
        say(f"pulling {reference}")
        process.run(["docker", "pull", "--quiet", reference])
        image = inspect([reference])[reference]
    return image.id
