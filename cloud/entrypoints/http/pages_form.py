"""Reads the receipt out of a posted form, within a limit, with the standard library alone."""

from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import parse_qs

from starlette.requests import Request

LIMIT = 256 * 1024
# Boundaries, part headers, and percent-encoding of a pasted text.
SLACK = 4096


class TooLarge(Exception):
    """More than the limit was sent."""


async def posted_receipt(request: Request) -> bytes:
    """The file, else the pasted text, else nothing; TooLarge beyond 256 KiB."""
    kind = request.headers.get("content-type", "")
    encoded = kind.startswith("application/x-www-form-urlencoded")
    body = await _body(request, LIMIT * (3 if encoded else 1) + SLACK)
    if encoded:
        pasted = parse_qs(body.decode("ascii", "replace"), max_num_fields=10)
        found = pasted.get("text", [""])[0].encode()
    elif kind.startswith("multipart/form-data"):
        found = _parts(kind, body)
    else:
        found = body.strip()
    if len(found) > LIMIT:
        raise TooLarge
    return found


async def _body(request: Request, limit: int) -> bytes:
    taken = bytearray()
    async for chunk in request.stream():
        taken += chunk
        if len(taken) > limit:
            raise TooLarge
    return bytes(taken)


def _parts(kind: str, body: bytes) -> bytes:
    head = b"content-type: " + kind.encode("latin-1", "replace") + b"\r\n\r\n"
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    found: dict[str, bytes] = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            found.setdefault(str(name), payload.strip())
    return found.get("file") or found.get("text") or b""
