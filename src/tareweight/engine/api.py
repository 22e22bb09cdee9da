"""The engine's API: what it answers to GETs, and the SDK's client for all that needs a connection to be held.

Over a Unix socket the answers come without the SDK, whose import takes as long as all of `invoke --list`; an engine elsewhere (TCP, TLS,
ssh) is asked through it. Contexts and DOCKER_HOST count as for the docker command.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from tareweight.engine.endpoint import NOWHERE, Refused, ask, endpoint
from tareweight.errors import EngineError, one_line

SECONDS = 60


def get(request: str) -> Any:
    """The JSON that the engine answers with. `Refused` with its status where it says no; else as `each`."""
    (answer,) = each([request])
    if isinstance(answer, Refused):
        raise answer
    return answer


def each(requests: Sequence[str]) -> list[Any]:
    """For each request the JSON that the engine answers with, or `Refused`. `OSError` (`PermissionError` too) or `ValueError` where none answers."""
    socket = endpoint().socket
    if socket is None:
        return _elsewhere(requests)
    answers: list[Any] = []
    for request in requests:
        try:
            answers.append(ask(socket, request, SECONDS))
        except Refused as no:
            answers.append(no)
    return answers


def sdk(timeout: int) -> Any:
    """The SDK's client of the engine that the docker command talks to, for one thread; `timeout` is in seconds. `DockerException`."""
    import docker

    where = endpoint()
    if where.host == NOWHERE:  # the SDK would take the default one
        raise EngineError(f"the Docker Engine doesn't answer: there is no {where.origin}", hint="`docker context ls` tells which there are")
    # The SDK's own reading of contexts isn't the docker command's: it is told which host that talks to.
    environment = {**os.environ, "DOCKER_HOST": where.host} if where.origin.startswith("context") else None
    return docker.from_env(timeout=timeout, use_ssh_client=where.host.startswith("ssh"), environment=environment)


def _elsewhere(requests: Sequence[str]) -> list[Any]:
    import docker.errors
    from requests import Response
    from requests.exceptions import RequestException

    def told(answer: Response) -> Any:
        return answer.json() if answer.ok else Refused(answer.status_code, answer.text)

    try:
        with closing(sdk(SECONDS).api) as client:
            return [told(client.get(client.base_url + request, timeout=SECONDS)) for request in requests]
    except (docker.errors.DockerException, RequestException) as error:
        raise OSError(one_line(str(error), 300)) from error
