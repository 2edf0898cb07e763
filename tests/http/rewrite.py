"""Writes what is made from the API's routes again: `python -m tests.http.rewrite`.

docs/openapi.json, docs/roles.md, and the types of cloud/client/.
"""

import tempfile
from pathlib import Path

from cloud.entrypoints.http.docs_client import shapes
from cloud.entrypoints.http.docs_schema import written
from tests.http import roles_doc
from tests.http.rig import Front

ROOT = Path(__file__).parents[2]


def texts() -> dict[str, str]:
    """Path below the repository's root -> what must stand there."""
    with tempfile.TemporaryDirectory() as folder:
        app = Front(Path(folder)).app
        types = shapes(app.openapi())
        made = {f"cloud/client/{name}": text for name, text in types.items()}
        return {"docs/openapi.json": written(app), "docs/roles.md": roles_doc.written(), **made}


if __name__ == "__main__":
    for name, text in texts().items():
        (ROOT / name).write_text(text, "utf-8")
        print(name)
