"""A small Ethereum chain of our own: py-evm's rules, kept in SQLite, spoken to by JSON-RPC."""

from cloud.adapters import depth as depth
from cloud.adapters.devchain.errors import DataFolderError
from cloud.adapters.devchain.server import DevChainServer

__all__ = ["DataFolderError", "DevChainServer"]
