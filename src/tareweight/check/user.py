"""Whether an image runs as root: its user as the engine reads it, which looks names up in the image's own passwd."""

from __future__ import annotations

import io
import re
import tarfile
from typing import Any

from tareweight.catalog import Needs
from tareweight.check.lockdown import KEPT, Image, container

_PASSWD = "/etc/passwd"
_NUMBER = re.compile(r"[+-]?[0-9]+", re.ASCII)


def is_root(client: Any, image: Image) -> bool:
    """Whether the image's user has the number 0, which is what an empty user means too; the group doesn't count.

    Only a name other than root needs a look into the image, through a container that is never started (50 ms). A name that
    can't be found there counts as root. `CantRun`.
    """
    user = image.user.partition(":")[0]
    if user in {"", "root"}:
        return True
    if _NUMBER.fullmatch(user):
        return is_zero(user)
    return number(user, _passwd(client, image)) in {None, 0}


def is_zero(text: str) -> bool:
    """Whether the engine reads a 0 there: "00" and "+0" are one."""
    return not text.strip("+-0")


def number(user: str, passwd: str) -> int | None:
    """The user's number by a passwd file, None where the name isn't in it.

    As the engine reads it: the first line with that name counts, and a number that can't be read is 0.
    """
    for line in passwd.splitlines():
        fields = line.strip().split(":")
        if fields[0] == user:
            text = fields[2] if len(fields) > 2 else ""
            return int(text) if re.fullmatch(r"[+-]?[0-9]{1,10}", text, re.ASCII) else 0
    return None


def _passwd(client: Any, image: Image) -> str:
    """The image's passwd, empty where it has none; of a large one what lies in the first `KEPT` bytes. `CantRun`."""
    with container(client, image, Needs(), args=("-",)) as name:
        link, text = _file(client, name, _PASSWD)
        # The engine has followed it to its end, within the image.
        return _file(client, name, link)[1] if link else text


def _file(client: Any, name: str, path: str) -> tuple[str, str]:
    """Where a link leads to (empty for all else), and a file's text."""
    import docker.errors

    try:
        chunks, told = client.get_archive(name, path)
    except docker.errors.APIError:  # not there, or a link that leads nowhere
        return "", ""
    data = b""
    for chunk in chunks:
        data += chunk
        if len(data) > KEPT:
            break
    member = tarfile.open(fileobj=io.BytesIO(data)).next()  # noqa: SIM115 (a file in memory)
    if member is None or not member.isfile():
        return str(told.get("linkTarget") or ""), ""
    return "", data[member.offset_data :][: member.size].decode("utf-8", "replace")
