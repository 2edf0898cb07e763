"""Once per installation: where the contracts are, who operates, what the demo token needs."""

from sqlmodel import Session, select

from cloud.tables import Account, Setting
from cloud.usecases import accounts, filing
from contracts.ledger.records import Deployed

MINTED = 10**18
WITHOUT_LIMIT = 2**256 - 1


def deployed(session: Session) -> Deployed | None:
    row = session.get(Setting, "deployed")
    return Deployed.model_validate_json(row.value) if row else None


def remember(session: Session, found: Deployed, custodian: str) -> None:
    """Keep the addresses; let the admin deposit demo tokens for those who top up."""
    session.add(Setting(key="deployed", value=found.model_dump_json()))
    mint = ("token", "mint")
    approve = ("token", "approve")
    filing.queue(session, "setup:mint", mint, [custodian, MINTED], "admin")  # type: ignore[arg-type]
    filing.queue(session, "setup:approve", approve, [found.ledger, WITHOUT_LIMIT], "admin")  # type: ignore[arg-type]


def has_operator(session: Session) -> bool:
    return session.exec(select(Account).where(Account.role == "operator")).first() is not None


def first_operator(session: Session, token: str, address: str, now_ms: int) -> None:
    accounts.open_account(session, "operator", "operator", token, address, now_ms)
