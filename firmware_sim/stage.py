"""The real processes of one installation, started, killed and stopped by name."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

STOP_WAIT_S = 8
BIN = Path(sys.executable).parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Stage:
    """Each process writes to NAME.log in the folder; a pipeline is stopped as a whole."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._environment = {**os.environ, **environment, "PYTHONUNBUFFERED": "1"}
        self._running: dict[str, list[subprocess.Popen[bytes]]] = {}

    def set(self, name: str, value: str) -> None:
        """For what starts from now on."""
        self._environment[name] = value

    def start(self, name: str, *pipeline: Sequence[str]) -> None:
        """Commands of this distribution, each reading what the one before it prints."""
        log = (self.folder / f"{name}.log").open("ab")
        processes: list[subprocess.Popen[bytes]] = []
        for index, command in enumerate(pipeline):
            last = index == len(pipeline) - 1
            processes.append(
                subprocess.Popen(
                    [str(BIN / command[0]), *command[1:]],
                    stdin=processes[-1].stdout if processes else subprocess.DEVNULL,
                    stdout=log if last else subprocess.PIPE,
                    stderr=log,
                    env=self._environment,
                )
            )
        for process in processes[:-1]:
            if process.stdout:
                process.stdout.close()
        log.close()
        self._running[name] = processes

    def run(self, *command: str) -> str:
        """One command to its end; its output, or CalledProcessError."""
        done = subprocess.run(
            [str(BIN / command[0]), *command[1:]],
            env=self._environment,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise StageError(f"{' '.join(command)}: {done.stderr.decode().strip()}")
        return done.stdout.decode()

    def kill(self, name: str) -> None:
        """kill -9, with no chance to tidy up."""
        for process in self._running.pop(name):
            process.send_signal(signal.SIGKILL)
            process.wait(STOP_WAIT_S)

    def signal(self, name: str, number: signal.Signals) -> None:
        """To the last of a pipeline: what feeds it is the world, which goes on."""
        self._running[name][-1].send_signal(number)

    def end(self, name: str) -> None:
        """Politely, the last of a pipeline first: it is given time to say its last words."""
        for process in reversed(self._running.pop(name)):
            process.terminate()
            _end(process)

    def exited(self) -> dict[str, int]:
        """Processes that ended by themselves, with their exit status."""
        return {
            name: process.returncode
            for name, processes in self._running.items()
            for process in processes
            if process.poll() not in (None, 0)
        }

    def stop(self) -> None:
        """Everything, politely, then not: the last started first."""
        for processes in reversed(self._running.values()):
            for process in processes:
                with contextlib.suppress(ProcessLookupError):
                    process.terminate()
        for processes in reversed(self._running.values()):
            for process in processes:
                _end(process)
        self._running.clear()

    def log_of(self, name: str, lines: int = 20) -> str:
        path = self.folder / f"{name}.log"
        text = path.read_text("utf-8", "replace") if path.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


class StageError(RuntimeError):
    """A command of the installation failed."""


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(STOP_WAIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_WAIT_S)
