"""Whether a request that changes something came from our own pages.

A browser adds its cookies to whatever a stranger's page makes it send. It also says, in headers
that no page can write, where the request comes from: Sec-Fetch-Site, or an older one Origin. A
program with an access key sends neither, and has no cookie.
"""

from hashlib import sha256
from urllib.parse import urlsplit

from starlette.requests import Request

COOKIE = "berth_session"
# A random text of the browser's, for forms that are sent before anybody is signed in.
FORM_COOKIE = "berth_form"
FIELD = "form_token"
SAFE = ("GET", "HEAD", "OPTIONS")


def ours(request: Request) -> bool:
    """The browser says that it comes from one of our pages."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc == request.headers.get("host", "")


def strangers(request: Request) -> bool:
    """The browser says that it comes from elsewhere; a program, which says nothing, does not."""
    told = "sec-fetch-site" in request.headers or "origin" in request.headers
    return request.method not in SAFE and told and not ours(request)


def form_token(secret: str) -> str:
    """What a form carries beside the cookie: nobody can make it who cannot read the cookie."""
    return sha256(b"form:" + secret.encode()).hexdigest()[:40]
