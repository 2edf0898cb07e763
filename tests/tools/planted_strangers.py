"""The bugs that `make mutants` plants in how strangers are met."""

from tests.tools.planted import Mutant

STRANGERS = (
    Mutant(
        "the cloud takes events of any key",
        "cloud/usecases/stays.py",
        "if recover(digest, signed.signature) != gateway.signer:",
        "if recover(digest, signed.signature) is None:",
        "tests/cloud/test_stays.py",
    ),
    Mutant(
        "deep JSON ends the process",
        "cloud/adapters/depth.py",
        "sys.setrecursionlimit(DEPTH)",
        "",
        "tests/cloud/test_depth.py",
    ),
)
