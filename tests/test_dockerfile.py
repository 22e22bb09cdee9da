from __future__ import annotations

from pathlib import Path

import pytest

from tareweight.dockerfile import Dockerfile, expand, instructions, parse
from tareweight.errors import BadInput


def read(text: str, **given: str) -> Dockerfile:
    return parse(Path("x.Dockerfile"), text, given)


def test_stages_images_and_base() -> None:
    found = read("""\
# syntax=docker/dockerfile:1
ARG GO_VERSION=1.24
FROM --platform=$BUILDPLATFORM golang:${GO_VERSION} AS build
RUN --mount=type=bind,from=tools,target=/t \\
    # a comment within
    make
FROM unused AS never
FROM scratch as Final
COPY --from=build /x /x
COPY --chown=1:1 --from=nginx:alpine /y /y
""")
    assert found.images == ("golang:1.24", "tools", "nginx:alpine")
    assert found.base == "scratch"
    assert found.args == ("GO_VERSION",)
    assert [stage.line for stage in found.stages] == [3, 7, 8]


def test_given_arguments_win() -> None:
    text = "ARG V=1\nARG I=golang:$V\nFROM $I\nARG V\nARG W=${V}-x\nCOPY --from=tool:$W / /\n"
    assert read(text).images == ("golang:1", "tool:1-x")
    assert read(text, V="2").images == ("golang:2", "tool:2-x")
    assert read(text, I="alpine").images == ("alpine", "tool:1-x")


def test_base_through_stages() -> None:
    assert read("FROM a AS one\nFROM one AS two\nFROM two\n").base == "a"
    assert read("FROM golang AS golang\n").base == "golang"
    assert read("FROM golang AS golang\nFROM golang AS golang\n").images == ("golang",)


def test_a_later_stage_is_no_base() -> None:
    found = read("FROM a AS b\nFROM b AS a\n")
    assert (found.base, found.images) == ("a", ("a",))


@pytest.mark.parametrize(
    "text",
    [
        "FROM a\nRUN <<EOF\nFROM wrong\nEOF\nFROM b\n",
        "FROM a\nRUN <<-'EOF' cat\n\tFROM wrong\n\tEOF\nFROM b\n",
        "FROM a\nCOPY <<ONE <<TWO /x/\nFROM wrong\nONE\nFROM wrong\nTWO\nFROM b\n",
        "FROM a\nRUN echo $((1<<X))\nFROM b\n",
        "FROM a\nRUN cat <<<word\nFROM b\n",
        "FROM a\r\nRUN <<EOF\r\nFROM wrong\r\nEOF\r\nFROM b\r\n",
        "\ufeffFROM a\nFROM\tb\n",
        "# escape=`\nFROM a\nRUN x `\n y\nFROM b\n",
        "from a\nRUN echo \\\n\n# FROM wrong\n  FROM wrong\nfrom b",
    ],
)
def test_only_instructions_count(text: str) -> None:
    assert [stage.base for stage in read(text).stages] == ["a", "b"]


def test_lines_are_the_files_own() -> None:
    assert [(item.name, item.line) for item in instructions("\n# c\x0c\nFROM a\n\nRUN a \\\n  b\nCMD x\n")] == [("FROM", 3), ("RUN", 5), ("CMD", 7)]


@pytest.mark.parametrize(
    ("text", "found"),
    [("$X", "1"), ("a${X}b", "a1b"), ("${Y:-d$X}", "d1"), ("${Y:-}", ""), ("${X:-d}", "1"), ("${X:+i}", "i"), ("${Y:+i}", ""), (r"\$X", "$X"), ("$Z", "")],
)
def test_expand(text: str, found: str) -> None:
    assert expand(text, {"X": "1", "Y": ""}) == found


@pytest.mark.parametrize("text", ["", "# only\n", "RUN x\n", "\n\n"])
def test_no_from(text: str) -> None:
    with pytest.raises(BadInput, match=r"x\.Dockerfile: no FROM"):
        read(text)


def test_from_nothing() -> None:
    with pytest.raises(BadInput, match=r"x\.Dockerfile:2: FROM names no image"):
        read("ARG V\nFROM $V\n")


@pytest.mark.parametrize("name", ["INVALID", "a:::", "a:", "a/", "/a", "-a", "a@sha256:1", "${X}a..b"])
def test_a_name_that_no_engine_takes(name: str) -> None:
    with pytest.raises(BadInput, match=r"x\.Dockerfile:2: .* can't be an image's name"):
        read(f"# c\nFROM {name}\n")
    with pytest.raises(BadInput, match=r"x\.Dockerfile:1: .* can't be an image's name"):
        read(f"FROM scratch\nARG X\nCOPY --from={name} / /\n")


@pytest.mark.parametrize("name", ["a", "a:1", "gcr.io/distroless/static-debian12:nonroot", "localhost:5000/a_b/c--d:x", "a:1@sha256:" + "0" * 64])
def test_a_good_name(name: str) -> None:
    assert read(f"FROM {name}\n").images == (name,)


def test_an_argument_without_a_value() -> None:
    with pytest.raises(BadInput, match="'' can't be an image's name"):
        read("FROM scratch\nARG X\nCOPY --from=$X / /\n")


def test_until_a_stage() -> None:
    found = read("FROM a AS build\nFROM scratch AS Artifact\nCOPY --from=build /x /\nFROM b\nCOPY --from=build /x /\nCOPY --from=c /y /\n")
    assert found.images == ("b", "a", "c")
    cut = found.until("artifact")
    assert cut is not None
    assert (cut.images, cut.base, len(cut.stages)) == (("a",), "scratch", 2)
    assert found.until("test") is None
    assert found.until("") is None
