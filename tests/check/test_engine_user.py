"""What the engine makes of an image's user, against what the kernel says of the program in the container."""

from __future__ import annotations

import pytest
from tests.check.conftest import Box, docker, left

from tareweight.check.lockdown import connected, inspect
from tareweight.check.user import is_root

pytestmark = pytest.mark.engine

PASSWD = "root:x:0:0::/:\napp:x:1000:1000::/:\ntoor:x:0:0::/:\nodd:x:many:1::/:\nshort\n1001:x:0:0::/:\napp:x:0:0::/:\n"
ROOT = ["", "0", "00", "+0", "-0", "0:1000", "root", "root:root", "toor", "odd", "short"]
OTHERS = ["1000", "1000:0", "app", "app:root", "1001", "65532:65532"]


def uid(image: str) -> int:
    """The program's user number as the kernel has it."""
    return int(docker("run", "--rm", "--network", "none", image, "status", "Uid").split()[1])


@pytest.mark.parametrize(("user", "linked"), [*((user, False) for user in ROOT + OTHERS), ("app", True), ("toor", True)])
def test_as_the_kernel_has_it(box: Box, user: str, linked: bool) -> None:
    changes = (f"USER {user}",) if user else ()
    group = {"etc/group": "root:x:0:\n"}
    if linked:
        image = box(changes=changes, files={"store/passwd": PASSWD, **group}, links={"etc/passwd": "../link", "link": "/store/passwd"})
    else:
        image = box(changes=changes, files={"etc/passwd": PASSWD, **group})
    with connected() as client:
        root = is_root(client, inspect(client, image))
    assert root == (uid(image) == 0) == (user in ROOT)
    assert left() == []


@pytest.mark.parametrize(
    ("files", "links"),
    [
        ({}, {}),
        ({"etc/passwd/app": "app:x:1000:1000::/:"}, {}),
        ({"etc/passwd": "#" * 2_000_000 + "\napp:x:1000:1000::/:\n"}, {}),
        ({"etc/other": "app:x:1000:1000::/:"}, {"etc/passwd": "passwd"}),
        ({}, {"etc/passwd": "../../../../../../../../etc/passwd"}),
        ({"etc/passwd": "\0\0:\n\n:::\nappx:x:1:1\n"}, {}),
    ],
)
def test_a_name_that_cannot_be_found_counts_as_root(box: Box, files: dict[str, str], links: dict[str, str]) -> None:
    image = box(changes=("USER app",), files=files, links=links)
    with connected() as client:
        assert is_root(client, inspect(client, image))
    assert left() == []
