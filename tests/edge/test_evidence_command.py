"""`berth-edge evidence`: what is held, handed out, and opened by the operator alone."""

import json
from pathlib import Path

from test_plate_evidence import PUBLIC, WITH_KEY, about
from typer.testing import CliRunner

from edge.adapters.evidence import EvidenceFolder, load_operator_key, make_operator_key
from edge.adapters.sealing import public_of
from edge.commands.evidence import app
from edge.core.plate_evidence import EvidenceLimits


def settings(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.yaml"
    path.write_text(
        "gateway: gw-1\ndata: .\nbroker: mqtt://127.0.0.1:1883\n"
        f'ledger: {{chain_id: 1, address: "0x{"0" * 40}"}}\n{WITH_KEY}'
    )
    return path


def test_list_take_and_open_on_the_operators_computer(tmp_path: Path) -> None:
    config, key, out = str(settings(tmp_path)), tmp_path / "operator.key", tmp_path / "one.sealed"
    run = CliRunner().invoke
    made = run(app, ["key", "--out", str(key)])
    public = made.stdout.split('"')[1]
    assert made.exit_code == 0 and public == public_of(load_operator_key(key))
    assert key.stat().st_mode & 0o777 == 0o600
    assert run(app, ["key", "--out", str(key)]).exit_code == 2
    name = EvidenceFolder(tmp_path, EvidenceLimits()).keep(about(), [b"a frame"], public).name
    listed = run(app, ["list", "--config", config]).stdout
    assert name in listed and "space S1, event 3/7" in listed
    row = json.loads(run(app, ["list", "--json", "--config", config]).stdout)
    assert (row["name"], row["frames"]) == (name, 1)
    taken = run(app, ["take", name, "--out", str(out), "--config", config])
    assert taken.exit_code == 0 and b"a frame" not in out.read_bytes()
    opened = run(app, ["open", str(out), "--key", str(key), "--out", str(tmp_path / "seen")])
    assert json.loads(opened.stdout)["gateway"] == "gw-1"
    assert (tmp_path / "seen" / "0.jpg").read_bytes() == b"a frame"


def test_one_torn_file_is_told_and_the_others_are_listed(tmp_path: Path) -> None:
    config, folder = str(settings(tmp_path)), EvidenceFolder(tmp_path, EvidenceLimits())
    torn, whole = (folder.keep(about(seq=seq), [b"x"], PUBLIC).name for seq in (1, 2))
    (tmp_path / "evidence" / torn).write_bytes(b"BERTHEV1")
    listed = CliRunner().invoke(app, ["list", "--config", config])
    assert listed.exit_code == 1 and f"{torn}: damaged" in listed.stdout
    assert f"{whole}: space S1" in listed.stdout
    rows = CliRunner().invoke(app, ["list", "--json", "--config", config]).stdout.splitlines()
    assert json.loads(rows[0]) == {"name": torn, "damaged": True}


def test_what_is_not_there_or_not_a_file_of_ours_is_refused_with_a_sentence(tmp_path: Path) -> None:
    config, key = str(settings(tmp_path)), tmp_path / "operator.key"
    make_operator_key(key)
    junk = tmp_path / "junk"
    junk.write_bytes(b"BERTHEV1 and no more")
    run = CliRunner().invoke
    asked = [
        ["take", "none", "--out", str(tmp_path / "x"), "--config", config],
        ["open", str(junk), "--key", str(key), "--out", str(tmp_path / "y")],
        ["open", str(tmp_path / "none"), "--key", str(key), "--out", str(tmp_path / "y")],
        ["open", str(junk), "--key", str(junk), "--out", str(tmp_path / "y")],
    ]
    for arguments in asked:
        result = run(app, arguments)
        assert result.exit_code == 2 and "Traceback" not in result.output
