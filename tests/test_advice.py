"""What is said of an image, and what isn't, on images made up for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from tests.making import BASE, MB, case, file, weight

from tareweight.advice import Advice, Case, advise
from tareweight.dockerfile import instructions
from tareweight.scale.files import FileRow
from tareweight.scale.weight import Config, Finding, Surface


def one(told: Case, kind: str) -> Advice:
    (found,) = (advice for advice in advise(told) if advice.kind == kind)
    return found


def kinds(told: Case) -> list[str]:
    return [advice.kind for advice in advise(told)]


def test_nothing_known_nothing_said() -> None:
    assert advise(Case(weight(5 * MB))) == []


def test_what_saves_most_comes_first_and_what_is_safer_last() -> None:
    dockerfile = "FROM debian:trixie-slim\nRUN pip install x\nRUN apt-get update\n"
    left = [file("/root/.cache/pip/a", 30_000, place="leftover"), file("/var/lib/apt/lists/a", 90_000, place="leftover")]
    found = [Finding("pip cache", "/root/.cache/pip", 30_000), Finding("apt lists", "/var/lib/apt/lists", 90_000)]
    told = case(dockerfile, [(30_000, "RUN pip install x"), (90_000, "RUN apt-get update")], left, leftovers=tuple(found), config=Config())
    assert kinds(told) == ["same layer", "cache mount", "user"]


# what a step left


def cached(kind: str, path: str, instruction: str, size: int = 50_000, **more: Any) -> Case:
    dockerfile = f"FROM debian:trixie-slim\n{instruction}\n"
    return case(dockerfile, [(size, instruction)], [file(f"{path}/x", size, place="leftover")], leftovers=(Finding(kind, path, size),), **more)


@pytest.mark.parametrize(
    ("kind", "path", "instruction"),
    [
        ("pip cache", "/root/.cache/pip", "RUN pip3 install flask"),
        ("npm cache", "/root/.npm", "RUN npm ci"),
        ("go build cache", "/root/.cache/go-build", "RUN go build ./..."),
        ("go module cache", "/go/pkg/mod", "RUN go mod download"),
        ("cargo registry", "/usr/local/cargo/registry", "RUN cargo build --release"),
        ("maven cache", "/root/.m2/repository", "RUN ./mvnw package"),
        ("gradle cache", "/root/.gradle/caches", "RUN ./gradlew build"),
    ],
)
def test_caches_go_into_a_mount_where_the_step_stands(kind: str, path: str, instruction: str) -> None:
    told = one(cached(kind, path, instruction), "cache mount")
    assert (told.saves, told.bound, told.line) == (50_000, "exactly", 2)
    assert told.how == (f"Dockerfile:2: RUN --mount=type=cache,target={path} ...",)


def test_a_cache_that_the_app_is_started_with_stays() -> None:
    assert kinds(cached("go build cache", "/root/.cache/go-build", "RUN go build", config=Config("1", ("go", "run", ".")))) == []


def test_a_cache_of_the_base_is_no_matter_of_this_dockerfile() -> None:
    there = file("/root/.cache/pip/x", 50_000, place="leftover", mtime=1)
    told = cached("pip cache", "/root/.cache/pip", "RUN pip list")
    assert kinds(replace(told, files={**BASE, there.path: there}, base_files={**BASE, there.path: there})) == []


def test_next_to_nothing_isnt_worth_a_word() -> None:
    assert kinds(cached("pip cache", "/root/.cache/pip", "RUN pip install x", 9_000)) == []
    large = {**BASE, "/usr/bin/large": file("/usr/bin/large", 200 * MB, place="os", mtime=1)}
    assert kinds(cached("pip cache", "/root/.cache/pip", "RUN pip install x", 50_000, base=large)) == []


def test_a_base_that_cant_be_looked_at_is_told_nothing_of() -> None:
    assert kinds(cached("pip cache", "/root/.cache/pip", "RUN pip install x", base=None)) == []


def test_without_a_dockerfile_the_instruction_stands_for_its_line() -> None:
    told = cached("pip cache", "/root/.cache/pip", "RUN pip install x")
    assert one(replace(told, lines=(), instructions=()), "cache mount").how == ("`RUN pip install x`: RUN --mount=type=cache,target=/root/.cache/pip ...",)


def test_temporary_files_go_but_not_their_folder() -> None:
    dockerfile = "FROM debian:trixie-slim\nRUN make\n"
    left = [file("/tmp/a", 20_000, place="leftover"), file("/tmp/.b/c", 20_000, place="leftover")]
    told = one(case(dockerfile, [(40_000, "RUN make")], left, leftovers=(Finding("temporary files", "/tmp", 40_000),)), "same layer")
    assert told.how == ("Dockerfile:2: end this RUN with `&& rm -rf /tmp/* /tmp/.[!.]*`",)


# packages


def installed(instruction: str, **more: Any) -> Case:
    brought = [file("/usr/bin/tool", 10_000, "deb:tool", "os"), file("/usr/lib/extra", 70_000, "deb:extra", "os")]
    return case(f"FROM debian:trixie-slim\n{instruction}\n", [(80_000, instruction)], brought, **{"recommended": ("bash", "extra"), **more})


def test_recommended_packages_are_counted_and_named() -> None:
    told = one(installed("RUN apt-get update && apt-get -y install tool"), "no recommends")
    assert (told.saves, told.bound, told.line) == (70_000, "at least", 2)
    assert "1 package came only because another one recommends them: extra" in told.what


@pytest.mark.parametrize("option", ["--no-install-recommends", "-o APT::Install-Recommends=false", "-oAPT::Install-Recommends=0"])
def test_who_takes_no_recommendations_is_told_nothing(option: str) -> None:
    assert kinds(installed(f"RUN apt-get install -y {option} tool")) == []


def test_documentation_but_not_the_licences() -> None:
    docs = [
        file("/usr/share/doc/tool/copyright", 50_000, "deb:tool", "docs"), file("/usr/share/doc/tool/changelog.gz", 20_000, "deb:tool", "docs"),
        file("/usr/share/man/man1/tool.1.gz", 30_000, "deb:tool", "docs"), file("/usr/lib/jvm/x/legal/LICENSE", 99_000, "", "docs"),
    ]  # fmt: skip
    told = one(case("FROM debian:trixie-slim\nRUN apt-get install -y tool\n", [(199_000, "RUN apt-get install -y tool")], docs), "documentation")
    assert (told.saves, told.bound) == (50_000, "at least")
    assert told.how[0] == "Dockerfile:2: end this RUN with `&& find /usr/share/man /usr/share/doc -type f ! -name copyright -delete`"


# what later layers hide

REMOVED = "FROM debian:trixie-slim\nCOPY big.tar /opt/\nRUN tar -xf /opt/big.tar -C /srv\nRUN rm /opt/big.tar\n"


def test_what_a_later_step_removes_is_hidden_and_not_gone() -> None:
    layers = [(4 * MB, "COPY big.tar /opt/"), (1 * MB, "RUN tar -xf /opt/big.tar -C /srv"), (0, "RUN rm /opt/big.tar")]
    told = one(case(REMOVED, layers, [file("/srv/a", 1 * MB - 5), file("/srv/l", 5, kind="l", place="")]), "same layer")
    # The link has no bytes in the table; the text of its target is in its layer.
    assert (told.saves, told.bound, told.of, told.line) == (4 * MB, "at most", "waste", 4)
    assert told.how[0].startswith("Dockerfile:2: leave it out, and mount the file in the RUN that reads it")
    assert "--mount=type=bind,source=big.tar,target=/opt/big.tar" in told.how[0]


def test_one_layer_hides_nothing_of_its_own() -> None:
    instruction = "RUN wget -O /opt/x host && rm /opt/x"
    assert kinds(case(f"FROM debian:trixie-slim\n{instruction}\n", [(4 * MB, instruction)])) == []


def test_in_blocks_folders_are_no_waste() -> None:
    layers = [(4096 + 8192, "COPY a /srv/a"), (4096 + 8192, "RUN rm /srv/b; touch /srv/a")]
    told = case("FROM debian:trixie-slim\nCOPY a /srv/a\nRUN rm /srv/b; touch /srv/a\n", layers, [file("/srv/a", 5_000)], store="containerd")
    assert kinds(told) == []


def test_chown_of_what_was_copied() -> None:
    dockerfile = "FROM debian:trixie-slim\nWORKDIR /app\nCOPY . .\nRUN chown -R 1000:1000 /app\n"
    layers = [(0, "WORKDIR /app"), (2 * MB, "COPY . ."), (2 * MB, "RUN chown -R 1000:1000 /app")]
    told = one(case(dockerfile, layers, [file("/app/a", 2 * MB, uid=1000)], config=Config("1", workdir="/app")), "copied with its owner")
    assert (told.saves, told.bound, told.of, told.line) == (2 * MB, "exactly", "waste", 3)
    assert told.how == ("Dockerfile:3: COPY --chown=1000:1000 . .", "Dockerfile:4: leave out chown")


def test_chown_of_what_the_base_brought_is_no_advice() -> None:
    dockerfile = "FROM debian:trixie-slim\nRUN chown -R 1000 /usr/bin\n"
    assert kinds(case(dockerfile, [(1 * MB, "RUN chown -R 1000 /usr/bin")], [file("/usr/bin/bash", 1 * MB, "deb:bash", "os", uid=1000)])) == []


# the context


def copied(sent: Mapping[str, int], *steps: str, there: Sequence[FileRow] = ()) -> Case:
    dockerfile = "\n".join(["FROM debian:trixie-slim", "WORKDIR /app", "COPY . .", *steps, ""])
    own = [file(f"/app/{name}", size) for name, size in sent.items()]
    layers = [(0, "WORKDIR /app"), (sum(sent.values()), "COPY . ."), *((1 * MB, step) for step in steps)]
    return case(dockerfile, layers, [*own, *there], sent=sent, config=Config("1", workdir="/app"))


def test_what_the_context_neednt_have_sent() -> None:
    told = one(copied({".git/pack": 30_000, "main.py": 90_000, "tests/data/a": 20_000, "pkg/__pycache__/a.pyc": 10_000, "Dockerfile": 500}), "dockerignore")
    assert (told.saves, told.bound, told.line) == (60_500, "exactly", 3)
    assert told.how[0] == "add to .dockerignore: .git tests **/__pycache__ Dockerfile"
    assert "another stage needs the tests" in told.how[1]


def test_tests_that_are_run_here_are_needed() -> None:
    assert "dockerignore" not in kinds(copied({"main.py": 9, "tests/a": 60_000}, "RUN pytest"))


def test_packages_that_are_installed_anew_are_there_twice() -> None:
    told = one(copied({"package.json": 90, "node_modules/a/index.js": 700_000}, "RUN npm ci"), "dockerignore")
    assert (told.saves, told.of) == (700_000, "waste")
    assert "dockerignore" not in kinds(copied({"package.json": 90, "node_modules/a/index.js": 700_000}))


def test_a_small_env_file_is_worth_a_word() -> None:
    assert ".env" in one(copied({".env": 40, ".env.example": 40, "a": 9}), "dockerignore").how[0]


def test_a_copy_from_a_stage_has_nothing_to_do_with_the_context() -> None:
    told = copied({".git/pack": 30_000})
    dockerfile = "FROM debian:trixie-slim\nWORKDIR /app\nCOPY --from=build . .\n"
    assert kinds(replace(told, instructions=instructions(dockerfile))) == []


def test_a_file_copied_for_one_step() -> None:
    dockerfile = "FROM debian:trixie-slim\nCOPY req.txt /tmp/\nRUN pip install -r /tmp/req.txt\n"
    layers = [(60_000, "COPY req.txt /tmp/"), (0, "RUN pip install -r /tmp/req.txt")]
    left = file("/tmp/req.txt", 60_000, place="leftover")
    told = case(dockerfile, layers, [left], sent={"req.txt": 60_000}, leftovers=(Finding("temporary files", "/tmp", 60_000),))
    assert kinds(told) == ["bind mount"]
    assert "RUN --mount=type=bind,source=req.txt,target=/tmp/req.txt ..." in one(told, "bind mount").how[0]


# programs


def test_strip_is_for_what_the_build_made() -> None:
    own = [file("/app/run", 3 * MB, "golang:example.org/run"), file("/usr/local/bin/node", 90 * MB, "generic:node", "runtime"), file("/x.so", 9 * MB, "pypi:x")]
    unstripped = tuple(Finding("program", row.path, row.bytes // 3) for row in own)
    dockerfile = "FROM golang AS build\nRUN go build -ldflags '-X main.v=1' -o /run\nFROM debian:trixie-slim\nCOPY --from=build /run /app/run\n"
    told = one(case(dockerfile, [(102 * MB, "COPY /run /app/run")], own, unstripped=unstripped), "strip")
    assert (told.saves, told.bound, told.line) == (1 * MB, "about", 2)
    assert told.how == ('Dockerfile:2: go build -ldflags="-s -w ..., with the flags that it has"',)


def test_secrets_by_kind_and_place_alone() -> None:
    told = case("FROM x\n", [], secrets=[Finding("GitHub token", "build argument TOKEN")])
    assert "docker history shows it" in one(told, "secret").how[0]


def test_setuid_files_that_were_brought_on_top() -> None:
    brought = file("/usr/bin/climb", 20_000, "deb:climb", "os", mode="4755")
    instruction = "RUN apt-get install -y --no-install-recommends climb"
    told = case(f"FROM x\n{instruction}\n", [(20_000, instruction)], [brought], surface=Surface(setuid=("/usr/bin/bash", "/usr/bin/climb")))
    assert one(told, "setuid").how == ("Dockerfile:2: end this RUN with `&& chmod a-s /usr/bin/climb`",)


def test_where_the_user_is_to_be_set_and_that_it_works() -> None:
    told = case("FROM x AS a\nCMD x\nFROM x\nCOPY a b\nENTRYPOINT [\"b\"]\n", [], config=Config())
    assert one(told, "user").line == 5
    assert "passes its checks as 65532" in one(replace(told, locked="as 65532"), "user").what
