"""berth-cloud rules: what must hold for a space to be shared, as a file with a version."""

import getpass
import json
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from cloud.cli_settings import Data, Json, database_of, existing, stop
from cloud.core.compliance_rules import BadRules, RuleSet, parse, shipped
from cloud.core.reasons import Refusal

rules = typer.Typer(no_args_is_help=True, help="The rules of sharing.")
Shipped = Annotated[int, typer.Option("--shipped", min=0, help="That version as it is shipped.")]


@rules.command()
def show(version: Shipped = 0, data: Data = None, as_json: Json = False) -> None:
    """Print the rules in force as a file: change a copy of it, and adopt that."""
    from cloud.adapters.clock import clock_for
    from cloud.usecases import rules as usecase

    if version:
        try:
            text = shipped(version)[0]
        except FileNotFoundError:
            stop(f"No version {version} is shipped.", "Versions 1 and 2 are.", 2)
    else:
        config = existing(data)
        now = clock_for(config.clock).now()
        text = database_of(config).read(lambda s: usecase.text_in_force(s, now))
    found = parse(text, "rules")
    print(json.dumps(_plain(found), ensure_ascii=False) if as_json else text.rstrip())


@rules.command()
def check(file: Path, as_json: Json = False) -> None:
    """Read a file of rules and name every mistake by its line; nothing is adopted."""
    found = _parsed(file)
    told = f"{file}: version {found.version}, {len(found.rules)} rules, nothing is wrong."
    print(json.dumps(_plain(found), ensure_ascii=False) if as_json else told)


@rules.command()
def adopt(file: Path, data: Data = None, as_json: Json = False) -> None:
    """Put a new version in force from its day on; every shared space is then checked again."""
    from cloud.adapters.clock import clock_for
    from cloud.usecases import audit
    from cloud.usecases import rules as usecase

    parsed = _parsed(file)
    config = existing(data)
    now = clock_for(config.clock).now()
    who = audit.cli(getpass.getuser())
    text = file.read_text("utf-8")
    found = database_of(config).write(lambda s: usecase.adopt(s, text, str(file), who, now))
    if isinstance(found, Refusal):
        stop(found.reasons[0].sentence_en, found.reasons[0].remedy_en, 1)
    when = "at once" if parsed.valid_from <= now else f"from {parsed.valid_from.date()} (UTC) on"
    told = f"Version {found.version} is in force {when}: berth-cloud serve checks every space."
    print(json.dumps(_plain(found), ensure_ascii=False) if as_json else told)


def _parsed(file: Path) -> RuleSet:
    try:
        return parse(file.read_text("utf-8"), str(file))
    except BadRules as error:
        _mistakes(error)
    except UnicodeDecodeError:
        stop(f"{file} is not UTF-8.", "Save it as UTF-8.", 2)
    except OSError as error:
        stop(f"Cannot read {file} ({error.strerror}).", "Check the path.", 2)


def _mistakes(error: BadRules) -> NoReturn:
    for problem in error.problems:
        print(problem, file=sys.stderr)
    stop(str(error), error.remedy, 2)


def _plain(found: RuleSet) -> dict[str, object]:
    return {
        "version": found.version,
        "valid_from": found.valid_from.date().isoformat(),
        "digest": found.digest,
        "rules": [
            {
                "code": rule.reason.code,
                "fact": rule.fact,
                "allowed": rule.allowed,
                "doubtful": rule.doubtful,
                "when": dict(rule.when),
                **rule.reason.plain(),
            }
            for rule in found.rules
        ],
    }
