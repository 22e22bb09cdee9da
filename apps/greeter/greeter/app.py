"""The service itself, as an ASGI application.

GET /greet?name=Ada  200 {"greeting": "Hello, Ada!"}; 400 {"error": ...} for a name that can't be greeted
GET /healthz         200 ok
"""

from __future__ import annotations

import unicodedata

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

MAX_NAME = 60

# Control characters, line and paragraph separators, and halves of surrogate pairs. Format characters
# stay: Persian and many other names are spelled with them.
_NOT_IN_NAMES = {"Cc", "Zl", "Zp", "Cs"}


def clean_name(given: list[str]) -> str:
    """The one name that was given, in its normal form. ValueError says what is wrong with it."""
    if not given:
        raise ValueError("name is missing")
    if len(given) > 1:
        raise ValueError("name was given more than once")
    name = unicodedata.normalize("NFC", given[0]).strip()
    if not name:
        raise ValueError("name is empty")
    if len(name) > MAX_NAME:
        raise ValueError(f"name is longer than {MAX_NAME} characters")
    # U+FFFD is what bytes that aren't UTF-8 have become by now.
    if any(char == "\N{REPLACEMENT CHARACTER}" or unicodedata.category(char) in _NOT_IN_NAMES for char in name):
        raise ValueError("name has characters that can't be greeted")
    return name


async def greet(request: Request) -> Response:
    try:
        name = clean_name(request.query_params.getlist("name"))
    except ValueError as error:
        return JSONResponse({"error": str(error)}, status_code=400)
    return JSONResponse({"greeting": f"Hello, {name}!"})


async def healthz(request: Request) -> Response:
    return PlainTextResponse("ok\n")


async def refused(request: Request, error: Exception) -> Response:
    """What Starlette refuses (no such path, wrong method) in this service's own form."""
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail.lower()}, status_code=error.status_code, headers=error.headers)


app = Starlette(
    routes=[Route("/greet", greet), Route("/healthz", healthz)],
    exception_handlers={HTTPException: refused},
)
