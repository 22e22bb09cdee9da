"""Commands of a RUN, and where a COPY puts the files of a context; and nothing that a history says ends in a traceback."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.making import MB, case, file

from tareweight.advice import advise
from tareweight.advice.commands import Command, commands, installs, takes_recommends
from tareweight.advice.copies import landed
from tareweight.context import sent
from tareweight.dockerfile import Instruction
from tareweight.scale.weight import Config, Finding, Layer


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("apt-get update && apt-get install -y a", [("apt-get", "update"), ("apt-get", "install", "-y", "a")]),
        ("set -eu; A=1 B='x y' /usr/bin/rm -rf '/a b'", [("set", "-eu"), ("rm", "-rf", "/a b")]),
        ("if [ -e x ]; then rm x; fi", [("[", "-e", "x", "]"), ("rm", "x"), ("fi",)]),
        ("(cd /x && make) | tee log", [("cd", "/x"), ("make",), ("tee", "log")]),
        ('["rm", "-r", "/a b"]', [("rm", "-r", "/a b")]),
        ("echo 'a && b' # no comment in history", [("echo", "a && b", "#", "no", "comment", "in", "history")]),
        ("it's unfinished", [("it's", "unfinished")]),
        ("", []),
        ("[1, 2]", [("1", "2")]),
    ],
)
def test_commands(text: str, expected: list[tuple[str, ...]]) -> None:
    assert commands(text) == [Command(name, tuple(words)) for name, *words in expected]


def test_installations() -> None:
    told = commands("apt-get update; apt install x; apt-get -y install x; dpkg -i x; pip install x")
    assert [installs(one) for one in told] == [False, True, True, False, False]
    assert takes_recommends(commands("apt-get -o Debug::x=1 install x")[0])
    assert not takes_recommends(commands("apt-get install -o apt::install-recommends=False x")[0])


SENT = {"a": 1, "src/b": 2, "src/deep/c": 4, "data.tar.gz": 8, ".git/d": 16, "x.py": 32, "y.py": 64}
FOLDERS = {"", "/app", "/app/src", "/there"}


def where(text: str, name: str = "COPY", *, flags: str = "", workdir: str = "/app") -> dict[str, str]:
    written = Instruction(name, f"{flags} {text}".strip(), 3)
    return {one.source: one.path for one in landed([(name, text, written)], SENT, workdir, FOLDERS)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a .", {"a": "/app/a"}),
        ("a /there", {"a": "/there/a"}),
        ("a /other", {"a": "/other"}),
        ("a /other/", {"a": "/other/a"}),
        ("a x.py /other", {"a": "/other/a", "x.py": "/other/x.py"}),
        ("./src .", {"src/b": "/app/b", "src/deep/c": "/app/deep/c"}),
        ("/src/ /x", {"src/b": "/x/b", "src/deep/c": "/x/deep/c"}),
        ("*.py /x/", {"x.py": "/x/x.py", "y.py": "/x/y.py"}),
        ("s*c/d* /x/", {"src/deep/c": "/x/c"}),
        ('["src/deep", "z/../w"]', {"src/deep/c": "/app/w/c"}),
        ("missing /x", {}),
        ("<<EOF /x", {}),
    ],
)
def test_where_files_land(text: str, expected: dict[str, str]) -> None:
    assert where(text) == expected


def test_all_of_the_context_and_what_isnt_copied_from_it() -> None:
    assert where(". /x") == {name: f"/x/{name}" for name in SENT}
    assert where(". .", flags="--chown=1:1 --link") == {name: f"/app/{name}" for name in SENT}
    assert where(". .", flags="--from=build") == where(". .", flags="--parents") == {}
    assert where("data.tar.gz /x/", "ADD") == {}
    assert landed([("COPY", ". .", None)], SENT, "/", FOLDERS) == []


def test_a_working_directory_counts_from_where_it_is_set() -> None:
    steps = [("COPY", "a .", Instruction("COPY", "a .", 1)), ("WORKDIR", "/w", None), ("COPY", "a .", Instruction("COPY", "a .", 3))]
    assert [one.path for one in landed(steps, SENT, "/app", FOLDERS)] == ["/app/a", "/w/a"]


def test_the_files_that_a_build_is_sent(tmp_path: Path) -> None:
    for name, size in {"a": 3, "src/b": 5, "src/c.log": 7, ".git/d": 9}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x" * size)
    (tmp_path / "link").symlink_to("a")
    assert sent(tmp_path, None) == {"a": 3, "src/b": 5, "src/c.log": 7, ".git/d": 9}
    (tmp_path / ".dockerignore").write_text("**/*.log\n.git\n.dockerignore\n")
    assert sent(tmp_path, tmp_path / ".dockerignore") == {"a": 3, "src/b": 5}


HOSTILE = [
    "", "COPY", "COPY x", "ADD", 'COPY ["', "COPY []", 'COPY ["a"]', "RUN", "RUN '", 'RUN ["', "RUN chown", "RUN chown -R", "RUN chmod -R x ''",
    "RUN rm", "RUN rm -rf *", "RUN rm -rf [", "RUN apt-get install", "RUN mv", "RUN sed -i", "RUN rm (((((", "WORKDIR", "WORKDIR ../../..", "?",
    "docker import", "RUN chown -R 1 / //", "RUN rm -rf /opt/\\", "COPY \\ \\", "RUN rm /opt/a+b(c", "ENTRYPOINT", "RUN apt-get purge (",
    "RUN " + "rm /x && " * 200,
]  # fmt: skip


@pytest.mark.parametrize("written", [True, False])
@pytest.mark.parametrize("instruction", HOSTILE)
def test_no_history_ends_in_a_traceback(instruction: str, written: bool) -> None:
    told = case("FROM\nCOPY\nRUN\n", [], [file("/opt/a", MB), file("/tmp/x", MB, place="leftover")], leftovers=(Finding("temporary files", "/tmp", MB),))
    layers = (*told.weight.layers, Layer("a", 9 * MB, instruction), Layer("b", 9 * MB, "RUN rm /opt/x"), Layer("c", 9 * MB, instruction))
    lines = (None, 2, 3, 2) if written else (None,) * 4
    weight = replace(told.weight, layers=layers, config=Config("", ("\0",), (), (), (), (), "\n"))
    advise(replace(told, weight=weight, lines=lines, sent={"a": MB, "": 5, "/": 7}, instructions=[*told.instructions, Instruction("COPY", "", 2)]))
