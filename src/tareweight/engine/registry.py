"""Registries, through the `docker` command: the logins, mirrors and certificates that it knows are those that count."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tareweight.engine.client import Image, inspect
from tareweight.errors import BadInput, TareError, one_line
from tareweight.process import CommandFailed, run
from tareweight.settings import NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 255
"""Characters of an image's name without its tag (distribution's reference grammar)."""
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:]+\])(?::([0-9]+))?", re.IGNORECASE)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_SHAPE = "Write it as in --registry registry.example.org:5000/team"
_ABSENT = re.compile(r"not found|manifest unknown|NAME_UNKNOWN|MANIFEST_UNKNOWN|repository name not known")
_HINTS = {
    r"no basic auth credentials|unauthorized|authentication required|authorization|\b401\b": "Run `docker login {host}`",
    r"denied|forbidden|\b403\b": "Is that login allowed to push there? `docker login {host}` takes another",
    r"HTTP response to HTTPS client|TLS handshake": "The registry speaks plain HTTP: give it TLS, or name it under insecure-registries in daemon.json",
    r"certificate|x509": "Put the CA of its certificate where the engine looks: /etc/docker/certs.d/{host}/ca.crt",
    r"connection refused|no such host|dial tcp|i/o timeout|deadline exceeded": "Does a registry run at {host}?",
    r"EOF|broken pipe|connection reset|unexpected status|\b50[0-9]\b": "The registry went away or failed: see its log, and push again",
}


def parse(text: str, option: str = "--registry") -> str:
    """`HOST[:PORT]/PATH`, judged before anything is asked of it. What may hold a password isn't repeated."""
    host, slash, path = text.partition("/")
    found = _HOST.fullmatch(host)
    if not text:
        raise BadInput(f"{option}: missing", hint=_SHAPE)
    if "@" in text:
        raise BadInput(f"{option}: takes neither a user nor a digest", hint="`docker login` keeps credentials; " + _SHAPE.lower())
    shown = one_line(text, 120)
    if "://" in text:
        raise BadInput(f"{option} {shown}: takes no scheme", hint=_SHAPE)
    if not found:
        raise BadInput(f"{option} {shown}: '{one_line(host, 60)}' is no host", hint=_SHAPE)
    if found[1] and not 1 <= int(found[1][:6]) <= 65_535:
        raise BadInput(f"{option} {shown}: {found[1]} is no port", hint="A port is a number from 1 to 65535")
    if not (found[1] or "." in host or host.startswith("[") or host == "localhost"):
        raise BadInput(f"{option} {shown}: '{host}' would be read as a path, not as a host", hint="A host has a dot or a port, or is localhost")
    if not slash or not path:
        raise BadInput(f"{option} {shown}: the path is missing", hint=_SHAPE)
    for part in path.split("/"):
        if not NAME.fullmatch(part):
            hint = "Use lower-case letters, digits, - and /, and no tag"
            raise BadInput(f"{option} {shown}: '{one_line(part, 60)}' can't be part of an image's name", hint=hint)
    if len(text) > MOST - 64:
        raise BadInput(f"{option}: {len(text)} characters", hint=f"At most {MOST - 64} leave room for an app's name")
    return f"{host.lower()}/{path}"


def fault(name: str, said: str) -> TareError:
    """Why a registry didn't do what was asked for `name` (HOST[:PORT]/...), in one line, with what to do where that is known."""
    host = name.partition("/")[0]
    lines = [line for line in said.strip().splitlines() if line.strip()]
    last = re.sub(r"^(ERROR: |Error response from daemon: |error: )+", "", lines[-1].strip()) if lines else "it said nothing"
    hint = next((hint for pattern, hint in _HINTS.items() if re.search(pattern, last)), None)
    return TareError(f"{name}: {one_line(last, 300)}", hint=hint.format(host=host) if hint else None)


@contextmanager
def named(image_id: str, name: str) -> Iterator[None]:
    """The image under `name` until the end of the block; then that name stands for what it stood for before, or for nothing."""
    before = inspect([name]).get(name)
    if before is None or before.id != image_id:
        run(["docker", "image", "tag", image_id, name], timeout=60)
    try:
        yield
    finally:
        if before is None:
            run(["docker", "image", "rm", "--no-prune", name], timeout=60, check=False)
        elif before.id != image_id:
            run(["docker", "image", "tag", before.id, name], timeout=60, check=False)


def push(image_id: str, name: str) -> str:
    """Push an image of the engine as `name`, and answer with the digest that it has there. `TareError` in one line where that fails."""
    with named(image_id, name):
        done = run(["docker", "image", "push", name], check=False)
    if done.code:
        raise fault(name, done.stderr or done.stdout)
    found = _DIGEST.findall(done.stdout)
    if not found:
        raise fault(name, "the engine told no digest of what it pushed")
    return str(found[-1])


def pull(name: str, platform: str) -> Image:
    """An image (by digest) brought to the engine. `TareError` in one line where that fails."""
    done = run(["docker", "image", "pull", "--quiet", "--platform", platform, name], check=False)
    image = inspect([name]).get(name) if done.code == 0 else None
    if image is None:
        raise fault(name, done.stderr or done.stdout)
    return image


def forget(name: str) -> None:
    """Take `name` from the engine; the image stays where it has another one."""
    run(["docker", "image", "rm", name], timeout=60, check=False)


def give(name: str, tags: Sequence[str]) -> str:
    """Give tags (whole names) to an image that the registry has by digest, and answer with the digest that they stand for then."""
    words = [word for tag in tags for word in ("--tag", tag)]
    done = run(["docker", "buildx", "imagetools", "create", *words, name], check=False)
    if done.code:
        raise fault(tags[0], done.stderr)
    told = told_of(tags[0])
    return told[0] if told else ""


def told_of(name: str) -> tuple[str, list[dict[str, str]]] | None:
    """What a registry says of `name`: the digest, and the labels of the image of each platform; None where it has no such image."""
    try:
        done = run(["docker", "buildx", "imagetools", "inspect", "--format", "{{json .}}", name], timeout=60, check=False)
        if done.code and _ABSENT.search(done.stderr):
            return None
        value: Any = json.loads(done.stdout) if done.code == 0 else None
    except CommandFailed as error:
        raise fault(name, error.stderr_end) from error
    except ValueError:
        value = None
    if done.code:
        raise fault(name, done.stderr)
    digest = value.get("manifest", {}).get("digest", "") if isinstance(value, dict) else ""
    image = value.get("image") if isinstance(value, dict) else None
    if not isinstance(image, dict):
        return None
    each = [image] if "config" in image or "architecture" in image else list(image.values())
    return str(digest), [_labels(one) for one in each]


def _labels(image: Any) -> dict[str, str]:
    config = image.get("config") if isinstance(image, dict) else None
    labels = config.get("Labels") if isinstance(config, dict) else None
    return {str(key): str(value) for key, value in labels.items()} if isinstance(labels, dict) else {}
