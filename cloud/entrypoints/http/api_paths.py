"""Where the API lives, and how an operation is named in its tables."""

from fastapi.routing import APIRoute

V1 = "/api/v1"
FEED = "/v1/parking"


def operation_of(route: APIRoute) -> tuple[str, str]:
    """(method, path); every route of ours has one method."""
    (method,) = (route.methods or set()) - {"HEAD"}
    return method, route.path
