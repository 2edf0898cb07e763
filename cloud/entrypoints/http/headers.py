"""Headers that every answer carries, whoever made it: what a browser may do with it.

A page says its own policy (pages_render.py, the proof page, the streams); what says none is no page
and may load nothing.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cloud.entrypoints.http.api_paths import FEED

YEAR_S = 31_536_000
NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
# What our pages never ask a browser for; passkeys are the one thing that they do.
CLOSED = ("camera", "geolocation", "microphone", "payment", "usb", "serial")
PERMISSIONS = ", ".join(
    (
        *(f"{name}=()" for name in CLOSED),
        "publickey-credentials-get=(self)",
        "publickey-credentials-create=(self)",
    )
)
ALWAYS = {
    b"content-security-policy": NOTHING.encode(),
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"permissions-policy": PERMISSIONS.encode(),
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
}
# Only where the request came by https: another answer could lock out an installation without it.
HTTPS = {b"strict-transport-security": f"max-age={YEAR_S}; includeSubDomains".encode()}
# Other people's maps read it.
OPEN = {b"cross-origin-resource-policy": b"cross-origin"}


class Headers:
    """ASGI: adds what is missing, and leaves what was said."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        wanted = ALWAYS | (HTTPS if scope["scheme"] == "https" else {})
        wanted |= OPEN if scope["path"].startswith(FEED) else {}

        async def say(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = list(message["headers"])
                names = {name.lower() for name, _ in said}
                more = [(name, value) for name, value in wanted.items() if name not in names]
                message["headers"] = [*said, *more]
            await send(message)

        await self.app(scope, receive, say)
