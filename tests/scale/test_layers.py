"""Configuration and history of images, as the engine tells them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tareweight.engine.client import Image
from tareweight.scale import layers
from tareweight.scale.instructions import entry
from tareweight.scale.masking import BY_NAME
from tareweight.scale.weight import Layer, of_base


def image(count: int, size: int = 0, **config: Any) -> Image:
    ids = tuple(f"sha256:{number}" for number in range(count))
    return Image("sha256:a", (), (), {}, "", count, "linux/amd64", (), ids, size, config)


def aligned(count: int, history: Sequence[tuple[int, str]], size: int = 0) -> list[tuple[int, str]]:
    found = layers.align(image(count).diff_ids, [entry(bytes_, text) for bytes_, text in history], size)
    assert [layer.diff_id for layer in found] == list(image(count).diff_ids)
    return [(layer.bytes, layer.instruction) for layer in found]


HISTORY = [(80, ""), (0, "ENV A=b"), (0, "WORKDIR /"), (0, "WORKDIR /app"), (5, "COPY . . # buildkit"), (0, "RUN /bin/sh -c true # buildkit"), (0, "USER 1")]
MADE = [(80, layers.IMPORTED), (0, "WORKDIR /app"), (5, "COPY . ."), (0, "RUN true")]


def test_entries_without_bytes_are_layers_where_they_can_be() -> None:
    assert aligned(4, HISTORY) == MADE
    assert aligned(3, HISTORY) == [one for one in MADE if "WORKDIR" not in one[1]], "a folder that was there"
    assert aligned(2, HISTORY) == [MADE[0], MADE[2]], "the classic builder leaves out empty layers"


@pytest.mark.parametrize("count", [1, 5, 9])
def test_where_it_does_not_fit_the_sum_stays_true(count: int) -> None:
    assert aligned(count, HISTORY) == [(85, "?"), *[(0, "?")] * (count - 1)]


def test_without_a_history() -> None:
    assert aligned(1, [], 70) == [(70, "?")]
    assert aligned(2, [], 70) == [(70, "?"), (0, "?")]
    assert aligned(0, []) == []
    assert aligned(0, [(0, "ENV A=b")]) == []


def test_settings_are_read_and_secrets_masked() -> None:
    told = layers.describe(
        image(
            1,
            User="1:1",
            Env=["PATH=/bin", "DB_PASSWORD=hunter2", "EMPTY=", "FLAG"],
            Entrypoint=["/server", "--token=hunter2"],
            Cmd=["-v"],
            ExposedPorts={"80/tcp": {}, "443/tcp": {}},
            Volumes={"/data": {}},
            WorkingDir="/app",
        ),
        [(0, "ENV DB_PASSWORD=hunter2"), (0, "ENV OLD_TOKEN=hunter2"), (0, "ARG KEY"), (9, "RUN |1 API_KEY=hunter2 /bin/sh -c login --password hunter2")],
    )
    assert told.config.user == "1:1"
    assert told.config.environment == (("PATH", "/bin"), ("DB_PASSWORD", "***"), ("EMPTY", ""), ("FLAG", ""))
    assert told.config.entrypoint == ("/server", "--token=***")
    assert told.config.command == ("-v",)
    assert told.config.ports == ("443/tcp", "80/tcp")
    assert told.config.volumes == ("/data",)
    assert told.config.workdir == "/app"
    assert [(one.kind, one.path) for one in told.secrets] == [
        (BY_NAME, "environment DB_PASSWORD"),
        (BY_NAME, "command"),
        (BY_NAME, "history: ENV OLD_TOKEN=***"),
        (BY_NAME, "build argument API_KEY"),
        (BY_NAME, "layer 1: RUN login --password ***"),
    ]
    assert told.layers == (Layer("sha256:0", 9, "RUN login --password ***"),)
    assert "hunter2" not in str((told.config, told.layers, told.secrets))


def test_an_empty_configuration() -> None:
    told = layers.describe(image(0, User=None, Env=None, Cmd=None, Volumes=None), [])
    assert told.config.runs_as_root
    assert not told.secrets
    assert not told.layers
    assert not told.config.environment
    assert told.hints == {"workdir": "", "entrypoint": [], "copies": []}


def test_hints_for_the_scan() -> None:
    history = [
        (80, "COPY /out / # buildkit"),
        (0, "WORKDIR /app"),
        (1, "COPY . . # buildkit"),
        (0, "WORKDIR sub"),
        (1, "COPY --chown=1:1 a.py b.py lib/ # buildkit"),
        (1, "COPY /out/tool /usr/local/bin/ # buildkit"),
        (1, "/bin/sh -c #(nop) ADD file:12ab in /opt/x.tar "),
        (1, "COPY <<EOF /etc/app.conf # buildkit"),
    ]
    told = layers.describe(image(6, Entrypoint=["/server"], Cmd=["-v"], WorkingDir="/app"), history).hints
    assert told["workdir"] == "/app"
    assert told["entrypoint"] == ["/server", "-v"]
    assert {"/app", "/app/sub/lib", "/app/sub/lib/a.py", "/usr/local/bin/tool", "/opt/x.tar", "/etc/app.conf"} <= set(told["copies"])
    assert not {"/", "/usr/local/bin", "/etc"} & set(told["copies"]), "what is shared with all else isn't the app's"


def test_the_layers_of_the_base() -> None:
    found = [Layer(f"sha256:{number}", 1, "") for number in range(3)]
    assert of_base(found, ["sha256:0", "sha256:1"]) == 2
    assert of_base(found, []) == 0
    assert of_base(found, ["sha256:0", "sha256:2"]) == 0
    assert of_base(found[:1], ["sha256:0", "sha256:1"]) == 0
