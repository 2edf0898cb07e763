"""What the dev chain answers when it refuses; in geth's codes and words, which clients match on."""

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
UNKNOWN_METHOD = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
SERVER_ERROR = -32000
REVERTED = 3


class RpcError(Exception):
    """A JSON-RPC error: code, message and, for a revert, the data."""

    def __init__(self, code: int, message: str, data: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data

    def body(self) -> dict[str, object]:
        body: dict[str, object] = {"code": self.code, "message": self.message}
        return body if self.data is None else {**body, "data": self.data}


class DataFolderError(RuntimeError):
    """The data folder cannot be used: another chain's, or another process holds it."""


def refused(message: str) -> RpcError:
    return RpcError(SERVER_ERROR, message)


def invalid(message: str) -> RpcError:
    return RpcError(INVALID_PARAMS, message)
