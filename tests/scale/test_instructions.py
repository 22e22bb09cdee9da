"""Entries of a history as both builders write them, and the lines of a Dockerfile that they come from."""

from __future__ import annotations

import time

import pytest

from tareweight.scale.instructions import MOST_TEXT, dockerfile_lines, entry, words
from tareweight.scale.masking import BY_NAME
from tareweight.scale.weight import Layer


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("RUN /bin/sh -c apt-get update # buildkit", "RUN apt-get update"),
        ("RUN |2 SUITE=trixie V=3.13 /bin/sh -c apt-get update  &&     rm -rf /x # buildkit", "RUN apt-get update && rm -rf /x"),
        ("RUN |1 WORDS=a b c /bin/bash -o pipefail -c make # buildkit", "RUN make"),
        ("RUN |2 V=2 W=3 /bin/true a b # buildkit", "RUN /bin/true a b"),
        ("RUN /bin/sh -c echo a > /x\necho b >> /x\n # buildkit", "RUN echo a > /x echo b >> /x"),
        ("|1 V=2 /bin/sh -c make", "RUN make"),
        ("/bin/sh -c apt-get update", "RUN apt-get update"),
        ("/bin/sh -c #(nop) COPY file:1f2e in /app ", "COPY file:1f2e in /app"),
        ('/bin/sh -c #(nop)  CMD ["bash"]', 'CMD ["bash"]'),
        ("COPY --chown=1:1 /a /b # buildkit", "COPY --chown=1:1 /a /b"),
        ("WORKDIR /app", "WORKDIR /app"),
        ("bazel build ...", "bazel build ..."),
        ("", ""),
        ("RUN /bin/sh -c printf '\x1b[31m\u202e' # buildkit", "RUN printf ''"),
    ],
)
def test_an_entry_is_told_as_it_was_written(raw: str, text: str) -> None:
    assert entry(7, raw) == (7, text, (), ())


def test_secrets_of_an_entry_are_named_and_masked() -> None:
    found = entry(0, "RUN |2 V=2 API_TOKEN=abc 123 /bin/sh -c PASSWORD=x make # buildkit")
    assert found.text == "RUN PASSWORD=*** make"
    assert found.secrets == (BY_NAME,)
    assert found.arguments == ((BY_NAME, "API_TOKEN"),)
    found = entry(0, "ARG API_TOKEN=abc123")
    assert (found.text, found.secrets, found.arguments) == ("ARG API_TOKEN=***", (), ((BY_NAME, "API_TOKEN"),))
    for raw in ("RUN |1 API_TOKEN=a b c", "RUN |9 API_TOKEN=abc", "RUN |1 x", "RUN |1 "):
        assert "abc" not in entry(0, raw).text


def test_a_long_instruction_is_cut() -> None:
    assert len(entry(0, "RUN /bin/sh -c " + "x" * 100_000).text) < MOST_TEXT + 10


@pytest.mark.parametrize("piece", [" ", "A_TOKEN=a ", "\x1b[31m", "|1 ", "--a ", "RUN ", "/bin/sh -c ", "[", "\n", "x"])
@pytest.mark.parametrize("start", ["ENV A_TOKEN=a", "RUN |9 A_TOKEN=a", "RUN |9999 ", "RUN |" + "9" * 5000 + " ", "COPY ", ""])
def test_a_hostile_entry_costs_no_time(start: str, piece: str) -> None:
    began = time.monotonic()
    words(entry(0, start + piece * (1_000_000 // len(piece))).text)
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("COPY --chown=1:1 a b /c/", ["a", "b", "/c/"]),
        ('ADD ["a b", "/c"]', ["a b", "/c"]),
        ("WORKDIR /app", ["/app"]),
        ("COPY", []),
        ("COPY [broken /c", ["[broken", "/c"]),
    ],
)
def test_words(text: str, found: list[str]) -> None:
    assert words(text) == found


DOCKERFILE = """\
FROM --platform=$BUILDPLATFORM golang:1.24 AS build
RUN make
FROM debian:trixie AS Common
ARG V=2
WORKDIR /app
WORKDIR sub
RUN ["/bin/true", "a b"]
RUN <<EOF
echo hi > /x
EOF
COPY <<-'EOF' /etc/foo
	hello
	EOF
COPY --chown=1:1 --chmod=755 ["one", "$X/"]
ENV X=/y
ADD two ${X:-/z}/other
RUN echo $V \\
   # a comment
   && DB_PASSWORD=hunter2 echo "a   b" > /y
FROM common
RUN --mount=type=cache,target=/c \\
    --network=none make install
COPY --from=build --link /out /out
USER 1
"""


def lines(instructions: list[str], dockerfile: str = DOCKERFILE) -> list[int | None]:
    return dockerfile_lines([Layer(f"sha256:{number}", 1, entry(1, text).text) for number, text in enumerate(instructions)], dockerfile)


def test_layers_are_found_in_the_dockerfile() -> None:
    told = {
        "": None,
        "RUN /bin/sh -c apt-get update # buildkit": None,
        "WORKDIR /app": 5,
        "WORKDIR /app/sub": 6,
        "RUN |1 V=2 /bin/true a b # buildkit": 7,
        "RUN |1 V=2 /bin/sh -c echo hi > /x\n # buildkit": 8,
        "COPY <<-EOF /etc/foo # buildkit": 11,
        "COPY --chown=1:1 --chmod=755 one /opt/y/ # buildkit": 14,
        "ADD two /y/other # buildkit": 16,
        'RUN |1 V=2 /bin/sh -c echo $V    && DB_PASSWORD=hunter2 echo "a   b" > /y # buildkit': 17,
        "RUN /bin/sh -c make install # buildkit": 21,
        "COPY /out /out # buildkit": 23,
    }
    assert lines(list(told)) == list(told.values())


def test_what_made_no_layer_is_passed_over_and_order_holds() -> None:
    text = "FROM debian\nWORKDIR /\nRUN a\nRUN b\nRUN a\n"
    assert lines(["RUN /bin/sh -c a", "RUN /bin/sh -c b", "RUN /bin/sh -c a"], text) == [3, 4, 5]
    assert lines(["RUN /bin/sh -c a", "RUN /bin/sh -c b"], text) == [3, 4]
    assert lines(["RUN /bin/sh -c a"], text) == [5]
    assert lines(["RUN /bin/sh -c c", "?", "RUN /bin/sh -c a"], text) == [None, None, 5]
    assert lines(["RUN /bin/sh -c b", "RUN /bin/sh -c a", "RUN /bin/sh -c b"], text) == [None, 3, 4]


def test_an_instruction_that_is_cut_is_found() -> None:
    long = "x" * 3000
    assert lines([f"RUN /bin/sh -c {long}", f"RUN /bin/sh -c $A {long}"], f"FROM a\nRUN {long}\nRUN $A {long}\n") == [2, 3]
    assert lines([f"RUN /bin/sh -c y{long}"], f"FROM a\nRUN {long}\n") == [None]


def test_many_variables_cost_no_time() -> None:
    began = time.monotonic()
    assert lines(["RUN /bin/sh -c " + "a " * 900 + "b"], "FROM a\nRUN " + "$A " * 900 + "c\n") == [None]
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("text", ["", "FROM\n", "RUN x\n", "FROM a AS a\nFROM a\nFROM A AS b\nFROM b\n"])
def test_a_broken_dockerfile_breaks_nothing(text: str) -> None:
    assert lines(["COPY a b"], text) == [None]
