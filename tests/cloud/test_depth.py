"""What a stranger sends can be as deep as it likes: it is refused, and the process goes on."""

import subprocess
import sys

import pytest

SCRIPT = """
import json, threading
import {module}
def read():
    try:
        json.loads('{text}' * 100_000)
    except RecursionError:
        print("refused")
read()
thread = threading.Thread(target=read)
thread.start()
thread.join()
"""


@pytest.mark.parametrize("text", ["[", '{"a":'])
@pytest.mark.parametrize("module", ["cloud.app", "cloud.adapters.devchain"])
def test_json_of_any_depth_is_refused_and_the_process_goes_on(module: str, text: str) -> None:
    script = SCRIPT.replace("{module}", module).replace("{text}", text)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60)
    assert (done.returncode, done.stdout.decode().split()) == (0, ["refused", "refused"])
