"""The table of all files (`--files FILE`): gzip (mtime 0), UTF-8, one JSON array a line, sorted by path.

    [path, kind, bytes, mode, uid, owner, class, mtime, target]

- path: text with a leading slash, as `text.shown` writes it (no control characters, every name on one line)
- kind: "f" a regular file, "h" a further name of a hard-linked one, "l" a symbolic link
- bytes: what it adds to the size: 0 for "h" and "l", so that the column sums to `size`
- mode: permission bits as octal text ("4755"); empty for "l"
- uid: owner's number; 0 for "l"
- owner: "deb:libc6", the package it belongs to as `<type>:<name>`; empty for none and for "l"
- class: a key of `weight.CLASSES`; empty for "l"
- mtime: whole seconds since 1970, 0 for "l"
- target: of "l" what the link says, of "h" the path that the bytes are counted at; else empty
"""

from __future__ import annotations
