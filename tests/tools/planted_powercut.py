"""The bugs that the modelled power cuts must find, on the outbox and on the cloud's database."""

from tests.tools.planted import Mutant

CUTS = "tests/sim/test_powercut.py"
POWERCUT = (
    Mutant(
        "the outbox does not wait for the disk, and its images are opened",
        "edge/adapters/outbox.py",
        "PRAGMA synchronous=FULL",
        "PRAGMA synchronous=NORMAL",
        CUTS,
    ),
    Mutant(
        "the cloud does not wait for the disk before it answers",
        "cloud/adapters/db.py",
        '    "synchronous=FULL",\n',
        '    "synchronous=NORMAL",\n',
        CUTS,
    ),
    Mutant(
        "the cloud never asks for a flush",
        "cloud/adapters/db.py",
        '    "synchronous=FULL",\n',
        '    "synchronous=OFF",\n',
        CUTS,
    ),
    Mutant(
        "the last epoch is written over itself",
        "edge/adapters/epoch_file.py",
        '    new = path.with_name(f"{path.name}.new")\n',
        "    new = path\n",
        CUTS,
    ),
    Mutant(
        "who used a number twice is told how far we are",
        "cloud/usecases/stays.py",
        "        return replace(refused, epoch=gateway.epoch + 1)\n",
        "        return replace(refused, epoch=gateway.epoch, seq=gateway.seq)\n",
        CUTS,
    ),
    Mutant(
        "the folder is not flushed after the last epoch was renamed",
        "edge/adapters/epoch_file.py",
        "    new.replace(path)\n    _flush(path.parent)\n",
        "    new.replace(path)\n",
        CUTS,
    ),
)
