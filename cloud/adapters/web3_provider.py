"""JSON-RPC over connections that are kept and shared by all threads: a batch asks three times."""

import json
import os
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi
import urllib3
from urllib3.exceptions import HTTPError, NewConnectionError, SSLError, TimeoutError
from web3.providers.base import JSONBaseProvider
from web3.types import RPCEndpoint, RPCResponse

from cloud.adapters import depth as depth
from cloud.ports.chain import ChainUnreachable

TIMEOUT = urllib3.Timeout(connect=5, read=30)
MAX_CONNECTIONS = 8


class PooledProvider(JSONBaseProvider):
    """Nothing is tried again: that is the caller's, who knows what may be repeated.

    Raises ChainUnreachable. A proxy is the environment's, as it was at the start.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self.endpoint_uri = url
        parts = urlsplit(url)
        known = (unquote(parts.username or ""), unquote(parts.password or ""))
        user = ":".join(known) if parts.username else None
        self._url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        self._headers = {
            "Content-Type": "application/json",
            **urllib3.make_headers(basic_auth=user),
        }
        self._pool = _pool(parts.scheme, parts.hostname or "")

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        found: RPCResponse = self._answer(self.encode_rpc_request(method, params))
        return found

    def make_batch_request(
        self, batch_requests: list[tuple[RPCEndpoint, Any]]
    ) -> list[RPCResponse] | RPCResponse:
        """In the order of the questions; one error where the node takes no such requests."""
        questions = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            for number, (method, params) in enumerate(batch_requests)
        ]
        found: list[RPCResponse] | RPCResponse = self._answer(json.dumps(questions).encode())
        if not isinstance(found, list):
            return found
        replies = {reply.get("id"): reply for reply in found}
        if len(found) != len(replies) or replies.keys() != set(range(len(questions))):
            raise ChainUnreachable("the chain's node answers other questions than were asked")
        return [replies[number] for number in range(len(questions))]

    def _answer(self, body: bytes) -> Any:
        try:
            return self.decode_rpc_response(self._post(body))
        except ValueError as error:
            sentence = "the chain's node does not answer (it sent what is no JSON-RPC)"
            raise ChainUnreachable(sentence) from error

    def _post(self, body: bytes) -> bytes:
        try:
            answer = self._pool.request(
                "POST",
                self._url,
                body=body,
                headers=self._headers,
                timeout=TIMEOUT,
                retries=False,
                redirect=False,
            )
        except HTTPError as error:
            raise ChainUnreachable(f"the chain's node does not answer ({_why(error)})") from error
        if answer.status != 200:
            sentence = f"the chain's node does not answer (HTTP status {answer.status})"
            raise ChainUnreachable(sentence)
        return answer.data


def _pool(scheme: str, host: str) -> urllib3.PoolManager:
    authorities = os.environ.get("REQUESTS_CA_BUNDLE") or certifi.where()
    settings: dict[str, Any] = {"maxsize": MAX_CONNECTIONS, "ca_certs": authorities}
    proxy = getproxies().get(scheme)
    if proxy and not proxy_bypass(host):
        return urllib3.ProxyManager(proxy, **settings)
    return urllib3.PoolManager(**settings)


def _why(error: HTTPError) -> str:
    """In words: the library's own text is its objects printed, with the node's address and key."""
    if isinstance(error, TimeoutError) and not isinstance(error, NewConnectionError):
        return "it took too long"
    return "its certificate is refused" if isinstance(error, SSLError) else "no connection"
