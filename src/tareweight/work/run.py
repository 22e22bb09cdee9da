"""One image in the foreground, or the app itself without Docker."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from typing import Any

from tareweight import process
from tareweight.check.lockdown import connected
from tareweight.errors import BadInput, TareError, one_line
from tareweight.project import Project
from tareweight.work import terminal
from tareweight.work.choice import Choice, choose_one, config_of, copy_of, only_app, port_of


def run(project: Project, args: Sequence[str], say: Callable[[str], None]) -> int:
    """Run the chosen app's image locked down, with this process's input and output, and return its status. `TareError` where it can't be started.

    A command line is interactive where there is a terminal, and else reads what is piped in. An HTTP app gets a port of
    127.0.0.1, which is told, and no input.
    """
    choice = choose_one(project, say)
    with connected() as client:
        image = config_of(client, choice)
        port = port_of(choice, image)
        published = terminal.free_ports(1)[0] if port else None
        stdin = port is None
        tty = stdin and terminal.is_terminal()
        with copy_of(client, choice, image, args=tuple(args), stdin=stdin, tty=tty, port=port, published=published) as name:
            if published:
                say(f"http://127.0.0.1:{published}/ is {choice}; Ctrl-C stops it")
            elif tty and choice.why:
                say(f"this is {choice}")
            words = ["docker", "start", "--attach", *(["--interactive"] if stdin else []), name]
            _, refused = terminal.attached(words, stop=lambda: stop([name]))
            status = ended(client, choice, name)
            terminal.say(refused)  # the image's own words after all
            return status


def stop(names: Sequence[str]) -> None:
    """Ask containers to end as their images want to be asked, and end those that don't in time. What is gone stays gone."""
    process.run(["docker", "stop", "-t", str(terminal.GRACE), *names], check=False, timeout=60)


def ended(client: Any, choice: Choice, name: str) -> int:
    """The status that a container has ended with. `TareError` where it never began, went over its memory, or isn't there."""
    import docker.errors

    try:
        state = client.inspect_container(name)["State"]
    except docker.errors.NotFound:
        raise TareError(f"{choice.target.name}: somebody removed the container") from None
    if state.get("Running"):
        raise TareError(f"{choice.target.name}: detached from, and so removed")
    if state.get("Error"):
        raise TareError(f"{choice.target.name}: can't start: {one_line(str(state['Error']), 240)}")
    if state.get("OOMKilled"):
        raise TareError(f"{choice.target.name}: ended by the limit on its memory ({choice.target.needs.memory // 10**6} MB: `memory` in app.toml)")
    return int(state["ExitCode"])


def run_local(project: Project, args: Sequence[str]) -> int:
    """Run the chosen app as its app.toml says, in its folder and without Docker, and return its status. `BadInput` where that can't be."""
    only_app(project)
    app = project.reads[0].target.app
    file = app.folder / "app.toml"
    if not app.local.run:
        raise BadInput(f"{file}: it doesn't say how the app runs without Docker", hint='Add [local] with run = ["go", "run", "."], or whatever it is')
    tool, *words = app.local.run
    found = shutil.which(tool) if "/" not in tool else shutil.which(app.folder / tool)
    if not found:
        raise BadInput(f"--local: there is no `{one_line(tool)}` here", hint=f"Install it, or run the image: `invoke run --app {app.name}`")
    return terminal.foreground([found, *words, *args], cwd=app.folder, env={**os.environ, **dict(app.local.env)})
