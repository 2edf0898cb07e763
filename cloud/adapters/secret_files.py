"""Whether a file with a secret can be read by others than the user that runs us.

A systemd credential (LoadCredential=) shows the bit of its group where systemd lets the service's
user in by an access list; nobody else can enter that folder.
"""

import os
from collections.abc import Mapping
from pathlib import Path

OTHERS, LISTED = 0o077, 0o040
FOLDER = "CREDENTIALS_DIRECTORY"


def open_to_others(path: Path, environment: Mapping[str, str] = os.environ) -> bool:
    """Raises OSError where there is no such file."""
    mode, folder = path.stat().st_mode & OTHERS, environment.get(FOLDER)
    credential = bool(folder) and path.parent.resolve() == Path(str(folder)).resolve()
    return bool(mode & ~LISTED if credential else mode)
