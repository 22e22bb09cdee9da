"""Package databases, one small file each. Every one has `read(tree) -> Iterator[Found]`; `ALL` is their order of claim."""

from . import apk, binary, dpkg, go, java, node, python

ALL = (dpkg.read, apk.read, python.read, node.read, go.read, java.read, binary.read)
