"""One API for many tests of signing in: each begins with nobody who has a name or a session."""

from sqlmodel import Session, delete, select

from cloud import account_tables
from cloud.audit_tables import Notice, NoticeContact
from cloud.tables import Account
from cloud.usecases import accounts
from tests.http.rig import Front

TABLES = (
    *(account_tables.SignInName, account_tables.PasswordRow, account_tables.Passkey),
    *(account_tables.PasskeyChallenge, account_tables.WebSession, account_tables.AccessKey),
    *(account_tables.Invitation, account_tables.CodeAsked, account_tables.MailedCode),
    *(account_tables.KnownBrowser, account_tables.SignInFailure, Notice, NoticeContact),
    account_tables.ContactChange,
)


def emptied(front: Front) -> Front:
    def story(session: Session) -> None:
        for table in TABLES:
            session.connection().execute(delete(table))
        for name, number in front.numbers.items():
            account = session.exec(select(Account).where(Account.number == number)).one()
            account.token_hash = accounts.token_hash(front.keys[name])
            session.add(account)

    front.rig.db.write(story)
    front.http.cookies.clear()
    return front
