"""The bugs that `make mutants` plants in how strangers are met."""

from tests.tools.planted import Mutant

STRANGERS = (
    Mutant(
        "the cloud takes events of any key",
        "cloud/usecases/stays.py",
        "why = gateway_keys.refusal(session, gateway, signer, body, now)",
        "why = None if signer else 'wrong_key'",
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
