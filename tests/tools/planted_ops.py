"""The bugs that `make mutants` plants in ingest, health, backup and what is told of them."""

from tests.tools.planted import Mutant

INTAKE = "tests/cloud/test_intake.py"
BACKUP = "tests/cloud/test_backup.py"
HEALTH = "tests/cloud/test_health.py"

OPERATION = (
    Mutant(
        "what is stored and not applied counts as heard",
        "cloud/usecases/gateways.py",
        "if gateway.kept_seq > gateway.seq:",
        "if False:",
        INTAKE,
    ),
    Mutant(
        "telemetry is kept as long as events are",
        "cloud/entrypoints/intake.py",
        '"telemetry": 0.5',
        '"telemetry": 1.0',
        INTAKE,
    ),
    Mutant(
        "in bulk anybody's signature will do",
        "cloud/usecases/stay_intake.py",
        "and event.seq == last + 1 and event.signer == gateway.signer",
        "and event.seq == last + 1",
        INTAKE,
    ),
    Mutant(
        "in bulk a number may be used for another event",
        "cloud/usecases/stay_intake.py",
        "if stored.get(key) == it.digest",
        "if key in stored",
        INTAKE,
    ),
    Mutant(
        "in bulk a gap is stepped over",
        "cloud/usecases/stay_intake.py",
        "and event.seq == last + 1",
        "and event.seq > last",
        INTAKE,
    ),
    Mutant(
        "a status overtakes its gateway's events",
        "cloud/entrypoints/intake.py",
        "several = {it.gateway for it in batch if not isinstance(it, Sealed | SignedEvent)}",
        "several: set[str] = set()",
        INTAKE,
    ),
    Mutant(
        "while a stream never rests nothing becomes a stay",
        "cloud/entrypoints/intake.py",
        "until_s = monotonic_s() + took_s",
        "until_s = monotonic_s()",
        INTAKE,
    ),
    Mutant(
        "the group of a checker that died is lost",
        "cloud/adapters/checkers.py",
        "return self.here(group)\n",
        'return ["lost" for _ in group]\n',
        INTAKE,
    ),
    Mutant(
        "a sweep that hangs looks well",
        "cloud/entrypoints/health.py",
        "not hangs and not turn.failed",
        "not turn.failed",
        HEALTH,
    ),
    Mutant(
        "a part is always as it is since now",
        "cloud/entrypoints/health.py",
        "if was is None or was[0] != ok:",
        "if True:",
        HEALTH,
    ),
    Mutant(
        "the watchdog is fed though a sweep hangs",
        "cloud/entrypoints/pulse.py",
        "if not hanging:",
        "if True:",
        "tests/cloud/test_service.py",
    ),
    Mutant(
        "a restored cloud asks no gateway for what it lacks",
        "cloud/adapters/backup.py",
        "SET online = 0",
        "SET online = online",
        BACKUP,
    ),
    Mutant(
        "a backup that was changed is restored",
        "cloud/adapters/backup.py",
        'or _sha256(copy) != manifest.get("sha256")',
        "or not manifest",
        BACKUP,
    ),
    Mutant(
        "a backup may write beside its folder",
        "cloud/adapters/backup.py",
        'if not member.isreg() or path.is_absolute() or ".." in path.parts:',
        "if False:",
        BACKUP,
    ),
    Mutant(
        "the end of a stay has a trace of its own",
        "cloud/usecases/tracing.py",
        "for seq in (stay.first_seq, stay.last_seq))",
        "for seq in (stay.first_seq,))",
        "tests/cloud/test_tracing.py",
    ),
)
