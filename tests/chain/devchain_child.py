"""A dev chain in a process of its own: `devchain_child.py DATA_DIR` prints its URL and serves."""

import sys
from pathlib import Path

from cloud.adapters.devchain import DevChainServer

if __name__ == "__main__":
    server = DevChainServer(Path(sys.argv[1]))
    print(server.url, flush=True)
    server.serve_forever()
