"""Bases made for real: what upstream's have, they have."""

from __future__ import annotations

import hashlib
import json
import secrets
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.bases.conftest import BASES

from tareweight.bases.make import make
from tareweight.bases.recipes import families, find
from tareweight.bases.versions import Versions

pytestmark = pytest.mark.engine

Made = Callable[[str], str]
BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def docker(*args: str, stdin: str = "") -> str:
    return subprocess.run(["docker", *args], input=stdin, capture_output=True, check=True, text=True).stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """Makes a base under a tag of the test's own, once for the module."""
    tare = tmp_path_factory.mktemp("bases") / ".tare"
    versions = Versions(tare)
    mark = secrets.token_hex(4)
    tags: dict[str, str] = {}

    def one(reference: str) -> str:
        if reference not in tags:
            recipe = find(reference, families([BASES]), versions=versions)
            tag = f"tareweight-test/base-{mark}:{len(tags)}"
            make(replace(recipe, tag=tag), tare=tare, builder=None, ca_bundle=BUNDLE if BUNDLE.is_file() else None, say=lambda _: None)
            tags[reference] = tag
        return tags[reference]

    yield one
    if tags:
        docker("rmi", "-f", *tags.values())


def config(image: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(docker("image", "inspect", image))[0]["Config"]
    return found


def files(image: str, folder: Path) -> Path:
    """The image's file system, unpacked; for images without a shell to ask."""
    container = docker("create", image, "x").strip()
    folder.mkdir()
    try:
        with subprocess.Popen(["docker", "export", container], stdout=subprocess.PIPE) as export:
            subprocess.run(["tar", "-x", "-C", folder, "--no-same-owner", "--exclude=dev/*"], stdin=export.stdout, check=True)
    finally:
        docker("rm", container)
    return folder


def run(image: str, *words: str, entrypoint: str | None = None) -> str:
    options = ["--entrypoint", entrypoint] if entrypoint else []
    return docker("run", "--rm", "--network", "none", *options, image, *words).strip()


@pytest.mark.parametrize("release", ["12", "13"])
def test_distroless_base_is_as_upstream(made: Made, tmp_path: Path, release: str) -> None:
    image = made(f"gcr.io/distroless/base-debian{release}")
    told = config(image)
    assert set(told["Env"]) == {f"PATH={PATH}", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"}
    assert not told.get("Entrypoint")
    assert told["User"] == "0"
    root = files(image, tmp_path / "root")
    users = {line.split(":")[0]: line.split(":")[2:] for line in (root / "etc/passwd").read_text().splitlines()}
    assert users == {
        "root": ["0", "0", "root", "/root", "/sbin/nologin"],
        "nobody": ["65534", "65534", "nobody", "/nonexistent", "/sbin/nologin"],
        "nonroot": ["65532", "65532", "nonroot", "/home/nonroot", "/sbin/nologin"],
    }
    packages = {"base-files", "netbase", "tzdata", "media-types", "libc6"}
    packages |= {"libssl3"} if release == "12" else {"tzdata-legacy", "libssl3t64", "libzstd1", "zlib1g"}
    status = root / "var/lib/dpkg/status.d"
    assert {file.name for file in status.iterdir()} == packages | {f"{name}.md5sums" for name in packages}
    assert not (root / "var/lib/dpkg/status").exists()
    for name in packages:
        assert f"Package: {name}\n" in (status / name).read_text()
    assert (
        'PRETTY_NAME="Distroless"' in (root / "etc/os-release").resolve().read_text() or 'PRETTY_NAME="Distroless"' in (root / "usr/lib/os-release").read_text()
    )
    assert (root / "etc/ssl/certs/ca-certificates.crt").read_text().count("BEGIN CERTIFICATE") > 100
    assert (root / "tmp").stat().st_mode & 0o7777 == 0o1777
    assert (root / "home/nonroot").stat().st_mode & 0o777 == 0o700
    assert not any((root / place).exists() for place in ("bin/sh", "usr/bin/apt", "usr/bin/dpkg", "busybox"))


@pytest.mark.parametrize("release", ["12", "13"])
def test_debian_has_what_its_own_image_has_and_nothing_of_this_machine(made: Made, tmp_path: Path, release: str) -> None:
    image = made(f"debian:{release}")
    packages = set(run(image, "dpkg-query", "-W", "-f", "${Package}\\n").split())
    assert {"apt", "base-files", "ca-certificates", "perl-base"} <= packages
    assert [name for name in packages if name in {"usrmerge", "perl"} or name.startswith("libperl")] == []
    # Read out of the image, not of a container: there the engine lays files of its own over these.
    words = ["buildx", "build", "--builder", "default", "--build-context", f"image=docker-image://{image}", "--output", f"type=local,dest={tmp_path}", "-"]
    docker(*words, stdin="FROM scratch\nCOPY --from=image /etc /etc\n")
    assert (tmp_path / "etc/passwd").exists()
    assert not any((tmp_path / "etc" / name).exists() for name in ("hostname", "resolv.conf"))


@pytest.mark.parametrize("reference", ["gcr.io/distroless/base-debian13", "alpine:3.23", "nginx:alpine"])
def test_every_file_that_a_package_lists_is_there(made: Made, tmp_path: Path, reference: str) -> None:
    root = files(made(reference), tmp_path / "root")
    described = {file.name for file in (root / "var/lib/dpkg/status.d").iterdir()}
    assert {f"{name}.md5sums" for name in described if not name.endswith(".md5sums")} <= described
    for sums in (root / "var/lib/dpkg/status.d").glob("*.md5sums"):
        listed = [line.split("  ", 1) for line in sums.read_text().splitlines()]
        assert listed
        assert [name for _, name in listed if not (root / name).is_symlink() and not (root / name).exists()] == []
        changed = {name for md5, name in listed if (root / name).is_file() and hashlib.md5((root / name).read_bytes()).hexdigest() != md5}
        assert changed <= {"usr/lib/os-release"}  # distroless images have words of their own there


def test_nonroot_and_debug(made: Made) -> None:
    image = made("gcr.io/distroless/static-debian13:debug-nonroot")
    told = config(image)
    assert (told["User"], told["WorkingDir"], told["Entrypoint"]) == ("65532", "/home/nonroot", ["/busybox/sh"])
    assert run(image, "-c", "id -u; pwd; touch here && ls here").split() == ["65532", "/home/nonroot", "here"]


def test_distroless_python(made: Made) -> None:
    image = made("gcr.io/distroless/python3-debian13")
    assert config(image)["Entrypoint"] == ["/usr/bin/python3"]
    modules = "bz2, ctypes, curses, dbm, decimal, lzma, readline, sqlite3, ssl, uuid, zlib"
    assert (
        run(image, "-c", f"import sys, {modules}; print(*sys.version_info[:2], ssl.create_default_context().cert_store_stats()['x509_ca'] > 100)")
        == "3 13 True"
    )


@pytest.mark.parametrize(("reference", "said"), [("golang:1.24", "go1.24"), ("golang:1.24-alpine", "go1.24"), ("golang:1.19", "go1.19")])
def test_go(made: Made, reference: str, said: str) -> None:
    image = made(reference)
    assert run(image, "go", "version").split()[2].startswith(said)
    assert run(image, "go", "env", "GOPATH") == "/go"
    assert run(image, "sh", "-c", "pwd; /usr/local/go/bin/go env GOROOT").split()[0] == "/go"


def test_gcc(made: Made) -> None:
    image = made("gcc:14")
    for name in ("gcc", "cc", "g++", "c++"):
        assert run(image, name, "-dumpfullversion").startswith("14.")
        assert run(image, "sh", "-c", f"command -v {name}") == f"/usr/local/bin/{name}"
    source = '#include <format>\n#include <iostream>\nint main() { std::cout << std::format("{}", 6 * 7); }'
    script = f"cd /tmp && printf '%s' '{source}' > a.cpp && c++ -std=c++20 a.cpp -o a && ./a && c++ -std=c++20 -static a.cpp -o b && ./b"
    assert run(image, "sh", "-c", script) == "4242"


@pytest.mark.parametrize(("reference", "has"), [("eclipse-temurin:21", True), ("eclipse-temurin:21-jre", False)])
def test_java(made: Made, reference: str, has: bool) -> None:
    image = made(reference)
    assert 'openjdk version "21' in run(image, "sh", "-c", "java -version 2>&1")
    assert run(image, "sh", "-c", "echo $JAVA_HOME; command -v java").split() == ["/opt/java/openjdk", "/opt/java/openjdk/bin/java"]
    # What takes a program apart and makes a run-time of its own is in the JDK alone; jlink strips with objcopy.
    for name in ("javac", "jar", "jdeps", "jlink", "objcopy"):
        assert run(image, "sh", "-c", f"command -v {name} > /dev/null && echo yes || echo no") == ("yes" if has else "no")


@pytest.mark.parametrize("reference", ["node:24", "node:16.20.2", "node:24-slim"])
def test_node(made: Made, reference: str) -> None:
    image = made(reference)
    wanted = reference.partition(":")[2].partition("-")[0]
    assert run(image, "node", "--version").startswith(f"v{wanted}")
    # The entrypoint hands an option to node, as upstream's does.
    assert run(image, "--print", "6 * 7") == "42"
    assert run(image, "id", "-u", "node") == "1000"
    for program in ("npm", "npx"):
        assert run(image, program, "--version")[0].isdigit()


@pytest.mark.parametrize("reference", ["python:3.13", "python:3.13-slim", "python:3.11-slim"])
def test_python(made: Made, reference: str) -> None:
    image = made(reference)
    version = reference.partition(":")[2].partition("-")[0]
    assert run(image, "python", "-c", "import sys; print('%d.%d' % sys.version_info[:2])") == version
    for name in ("python", "python3", f"python{version}", "pip"):
        assert run(image, "sh", "-c", f"command -v {name}") == f"/usr/local/bin/{name}"
    venv = "python -m venv /tmp/v && /tmp/v/bin/pip --version && python -m venv --without-pip /tmp/w && pip --python /tmp/w/bin/python list -q && echo ok"
    assert run(image, "sh", "-c", venv).endswith("ok")
    # No EXTERNALLY-MANAGED: pip gets as far as finding that there is nothing to install from.
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run(image, "pip", "install", "--no-index", "there-is-no-such-package")
    assert "No matching distribution" in caught.value.stderr


@pytest.mark.parametrize("reference", ["nginx:alpine", "nginx:1.26"])
def test_nginx(made: Made, reference: str) -> None:
    image = made(reference)
    told = config(image)
    assert (told["StopSignal"], list(told["ExposedPorts"]), told["Cmd"]) == ("SIGQUIT", ["80/tcp"], ["nginx", "-g", "daemon off;"])
    assert run(image, "sh", "-c", "id -u nginx; readlink /var/log/nginx/access.log; readlink /var/log/nginx/error.log").split() == [
        "101",
        "/dev/stdout",
        "/dev/stderr",
    ]
    run(image, "nginx", "-t")
    # A server of one's own in conf.d is read.
    script = "echo 'server { listen 81; return 204; } nonsense' > /etc/nginx/conf.d/own.conf; nginx -t 2>&1 || true"
    assert "own.conf" in run(image, "sh", "-c", script)


def test_alpine(made: Made) -> None:
    image = made("alpine:3.23")
    script = "addgroup -S app && adduser -S -G app app && id -gn app && ls / | tr '\\n' ' ' && stat -c %a /tmp && ls /usr/bin/wget"
    said = run(image, "sh", "-c", script).split()
    assert (said[0], said[-2], said[-1]) == ("app", "1777", "/usr/bin/wget")
    assert {"bin", "etc", "home", "tmp", "usr", "var"} <= set(said)
    assert "not Alpine" in run(image, "cat", "/etc/os-release")
    with pytest.raises(subprocess.CalledProcessError):
        run(image, "apk", "--version")
    # musl's loader, asked without a program, says what it is.
    assert "musl libc" in run(image, "sh", "-c", "/lib/ld-musl-*.so.1 2>&1 || true")


def test_labels_tell_what_it_is(made: Made) -> None:
    labels = config(made("debian:trixie-slim"))["Labels"]
    assert labels["dev.tareweight.base.reference"] == "debian:trixie-slim"
    assert labels["dev.tareweight.base.family"] == "debian"
    assert len(labels["dev.tareweight.base.fingerprint"]) == 64
    assert "mmdebstrap" in labels["dev.tareweight.base.stand-in"]


def test_packages_installed_later_leave_no_archives(made: Made) -> None:
    said = run(made("debian:trixie-slim"), "apt-config", "dump", "APT::Keep-Downloaded-Packages")
    assert said.endswith('"false";')
