"""python -m greeter: serve on $HOST (0.0.0.0) and $PORT (8000) until SIGTERM or Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

import uvicorn

from greeter.app import app


def port_from(text: str) -> int:
    # isdecimal alone would take digits of every script.
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 65536):
        raise ValueError(f"PORT must be a number from 1 to 65535, not {text!r}")
    return int(text)


def stop(signum: int, frame: FrameType | None) -> None:
    sys.exit(0)


def main() -> None:
    try:
        port = port_from(os.environ.get("PORT", "8000"))
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    # Uvicorn answers SIGTERM by finishing what it has begun and then raises the signal once more, which
    # would end this process as killed. An asked-for stop is a success: status 0.
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    uvicorn.run(
        app,
        host=os.environ.get("HOST", "0.0.0.0"),
        port=port,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=5,
    )


if __name__ == "__main__":
    main()
