"""The scripts that put the gateway on a machine; here under a folder, with a Python of ours."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNIT = DEPLOY / "berth-edge.service"
# Answers `-c` with the real one, makes environments of itself, and notes what pip is asked for.
STUB = """\
#!/bin/sh
case "$1 $2" in
"-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && echo "$*" >>"$STUB_LOG" &&
    echo "include-system-site-packages = $([ "$4" = --system-site-packages ] && echo true)" \
        >"$3/pyvenv.cfg" ;;
"-m pip")
  shift 2; echo "$*" >>"$STUB_LOG"
  printf '#!%s\\nimport berth\\n' "$0" >"${{0%/*}}/berth-edge" ;;
*) exec {python} "$@" ;;
esac
"""


def sh(script: str, *args: str, log: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "STUB_LOG": str(log or "/dev/null")}
    return subprocess.run(
        ["sh", str(DEPLOY / script), *args],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
    )


@pytest.fixture
def python(tmp_path: Path) -> str:
    return stub(tmp_path / "python", STUB.format(python=sys.executable))


def stub(path: Path, text: str) -> str:
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def tree(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): path.read_text() if path.is_file() else ""
        for path in sorted(root.rglob("*"))
        if not path.is_symlink()
    }


def did(said: str) -> list[str]:
    return [line for line in said.splitlines() if line.startswith("do ")]


@pytest.mark.parametrize("script", ["install.sh", "uninstall.sh"])
def test_the_scripts_are_plain_shell_and_explain_themselves(script: str) -> None:
    assert subprocess.run(["sh", "-n", str(DEPLOY / script)], timeout=10).returncode == 0
    assert os.access(DEPLOY / script, os.X_OK)
    said = sh(script, "--help")
    assert (said.returncode, said.stderr) == (0, "")
    for option in ("--dry-run", "--root"):
        assert option in said.stdout
    wrong = sh(script, "--nonsense")
    assert (wrong.returncode, wrong.stderr.count("--nonsense is no option")) == (2, 1)


def test_a_dry_run_says_all_and_does_nothing(tmp_path: Path, python: str) -> None:
    root = tmp_path / "root"
    said = sh("install.sh", "--dry-run", "--root", str(root), "--python", python)
    assert said.returncode == 0
    assert not root.exists()
    assert said.stdout.count("would ") >= 6
    assert did(said.stdout) == []


def test_installing_twice_is_installing_once(tmp_path: Path, python: str) -> None:
    root, log = tmp_path / "root", tmp_path / "log"
    args = ("--root", str(root), "--python", python)
    first = sh("install.sh", *args, log=log)
    assert (first.returncode, first.stderr) == (0, "")
    asked = log.read_text().splitlines()
    assert asked[0] == f"-m venv {root}/opt/berth/venv --system-site-packages"
    assert "--force-reinstall --require-hashes -r" in asked[1]
    assert "requirements/gateway.txt" in asked[1]
    assert "--no-deps --no-build-isolation" in asked[2]
    assert (root / "etc/systemd/system/berth-edge.service").read_text() == UNIT.read_text()
    for name in ("berth-edge-renew.service", "berth-edge-renew.timer"):
        assert (root / "etc/systemd/system" / name).read_text() == (DEPLOY / name).read_text()
    assert os.readlink(root / "usr/local/bin/berth-edge") == "/opt/berth/venv/bin/berth-edge"
    assert (root / "var/lib/berth").stat().st_mode & 0o777 == 0o700

    before = tree(root)
    second = sh("install.sh", *args, log=log)
    assert tree(root) == before
    assert [line[5:] for line in did(second.stdout)] == [
        f"install berth-edge from {ROOT}",
        f"name the places as they are seen from inside of {root}",
        "note what is installed",
    ]
    assert sum("--require-hashes" in line for line in log.read_text().splitlines()) == 1


def test_an_environment_that_cannot_see_the_systems_packages_is_made_to(
    tmp_path: Path, python: str
) -> None:
    root, log = tmp_path / "root", tmp_path / "log"
    args = ("--root", str(root), "--python", python)
    sh("install.sh", *args)
    settings = root / "opt/berth/venv/pyvenv.cfg"
    settings.write_text("include-system-site-packages = false\n")
    sh("install.sh", *args, log=log)
    assert "-m venv" in log.read_text()
    assert settings.read_text() == "include-system-site-packages = true\n"


def test_under_a_root_the_command_names_its_python_as_it_is_seen_from_inside(
    tmp_path: Path, python: str
) -> None:
    root = tmp_path / "root"
    for _ in range(2):
        assert sh("install.sh", "--root", str(root), "--python", python).returncode == 0
        command = root / "opt/berth/venv/bin/berth-edge"
        assert command.read_text() == "#!/opt/berth/venv/bin/python\nimport berth\n"


@pytest.mark.parametrize(
    ("other", "said"),
    [(b"\x7fELF" + bytes(14) + b"\xff\xff", "another processor"), (None, "has no /")],
)
def test_an_image_that_could_not_run_it_is_refused(
    tmp_path: Path, python: str, other: bytes | None, said: str
) -> None:
    root = tmp_path / "root"
    (root / "usr/bin").mkdir(parents=True)
    own = Path(sys.executable).resolve().read_bytes()[:64]
    (root / "usr/bin/python3").write_bytes(own if other is None else other)
    done = sh("install.sh", "--root", str(root), "--python", python)
    assert (done.returncode, said in done.stderr) == (2, True)
    assert not (root / "opt").exists()


def test_settings_and_keys_are_never_touched(tmp_path: Path, python: str) -> None:
    root = tmp_path / "root"
    state = root / "var/lib/berth"
    state.mkdir(parents=True)
    for name in ("gateway.yaml", "key.hex"):
        (state / name).write_text(f"mine: {name}")
    args = ("--root", str(root), "--python", python)
    said = sh("install.sh", *args)
    assert "settings and key in /var/lib/berth are kept" in said.stdout
    gone = sh("uninstall.sh", "--root", str(root))
    assert "kept /var/lib/berth" in gone.stdout
    assert tree(state) == {name: f"mine: {name}" for name in ("gateway.yaml", "key.hex")}
    assert not (root / "opt/berth").exists()
    assert not list((root / "etc/systemd/system").glob("berth-*"))
    assert not os.path.lexists(root / "usr/local/bin/berth-edge")
    assert sh("uninstall.sh", "--root", str(root)).returncode == 0
    sh("uninstall.sh", "--purge", "--root", str(root))
    assert not state.exists()


def test_packages_that_changed_are_installed_again_and_a_half_made_one_is_completed(
    tmp_path: Path, python: str
) -> None:
    root, log = tmp_path / "root", tmp_path / "log"
    args = ("--root", str(root), "--python", python)
    sh("install.sh", *args, log=log)
    (root / "opt/berth/venv/berth.installed").unlink()
    sh("install.sh", *args, log=log)
    assert sum("--require-hashes" in line for line in log.read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("refusing", "said"),
    [
        ("maxsize", "this system is 32-bit"),
        ("version_info", "is not 3.11 to 3.13"),
        ("ensurepip", "apt-get install python3-venv"),
    ],
)
def test_a_machine_that_will_not_do_is_refused_before_anything_is_done(
    tmp_path: Path, refusing: str, said: str
) -> None:
    script = f'#!/bin/sh\ncase "$2" in *{refusing}*) exit 1 ;; *) exit 0 ;; esac\n'
    other = stub(tmp_path / "other", script)
    root = tmp_path / "root"
    done = sh("install.sh", "--root", str(root), "--python", other)
    assert (done.returncode, said in done.stderr) == (2, True)
    assert not root.exists()
    assert sh("install.sh", "--python", str(tmp_path / "none")).returncode == 2


@pytest.mark.skipif(
    not shutil.which("setpriv") or os.getuid() != 0,
    reason="needs root and setpriv to become no root",
)
@pytest.mark.parametrize("script", ["install.sh", "uninstall.sh"])
def test_only_root_may_change_the_machine(script: str) -> None:
    # The shell reads the script from its input: another user may not be able to open the file.
    done = subprocess.run(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-s"],
        input=(DEPLOY / script).read_text().replace('$(dirname "$0")/..', "/"),
        capture_output=True,
        text=True,
        timeout=30,
        env={"PATH": "/usr/bin:/bin"},
        cwd="/",
    )
    assert done.returncode == 2
    assert "only root can do this" in done.stderr


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze here")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "berth-edge.service"
    text = UNIT.read_text().replace("/opt/berth/venv/bin/berth-edge", shutil.which("true") or "")
    unit.write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    complaints = [line for line in done.stderr.splitlines() if "berth-edge.service" in line]
    assert complaints == []


def test_the_unit_and_the_script_speak_of_the_same_places() -> None:
    unit, script = UNIT.read_text(), (DEPLOY / "install.sh").read_text()
    for words in (
        "Type=notify",
        "WatchdogSec=",
        "Restart=always",
        "ProtectSystem=strict",
        "StateDirectory=berth",
        "NoNewPrivileges=yes",
    ):
        assert words in unit
    assert (
        "ExecStart=/opt/berth/venv/bin/berth-edge run --config /var/lib/berth/gateway.yaml" in unit
    )
    for place in ("home=/opt/berth", "state=/var/lib/berth"):
        assert place in script
    groups = next(line for line in unit.splitlines() if line.startswith("SupplementaryGroups="))
    assert f'groups="{groups.split("=")[1]}"' in script
