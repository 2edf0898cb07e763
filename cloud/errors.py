"""What the cloud refuses outright. A code each; the docstring is the message."""


class CloudError(Exception):
    """Something the caller must mend first."""

    code = "cloud_error"
    remedy = ""

    def __init__(self, detail: str = "") -> None:
        super().__init__(" ".join(part for part in ((self.__doc__ or "").strip(), detail) if part))


class BadTitles(CloudError):
    """The title file was refused as a whole; nothing of it was imported."""

    code = "bad_titles"
    remedy = "Mend the rows named above and import the file again."

    def __init__(self, problems: list[str], rows: int | None = None) -> None:
        """`problems`: a sentence each; `rows`: in how many rows, if it is not one each."""
        count = len(problems) if rows is None else rows
        many = f" ({len(problems)} mistakes)" if count != len(problems) else ""
        super().__init__(f"{count} row{' is' if count == 1 else 's are'} bad{many}.")
        self.problems = problems


class BadSetting(CloudError):
    """A setting cannot be used."""

    code = "bad_setting"
    remedy = "Correct the environment variable or option named above and start again."


class NotDeployed(CloudError):
    """The contracts are not on this chain yet."""

    code = "not_deployed"
    remedy = "Run: berth-cloud deploy-contracts"


class OtherChain(CloudError):
    """The database belongs to another chain than the one at this address."""

    code = "other_chain"
    remedy = "Point BERTH_CHAIN at the chain of this data folder, or use a new data folder."


class OtherCode(CloudError):
    """A contract at its address is not the one that this version was made for."""

    code = "other_code"
    remedy = "Run the version that deployed it; to move on, close it and deploy new contracts."


class OtherKey(CloudError):
    """A key is not the one whose role the contracts know."""

    code = "other_key"
    remedy = "Put the key of that address into BERTH_KEYS, or give its role to ours on the chain."


class BadKey(CloudError):
    """A key cannot be read."""

    code = "bad_key"
    remedy = "Put ROLE.json (keystore V3, with the file 'password') or ROLE.hex in BERTH_KEYS."

    def __init__(self, detail: str, remedy: str = "") -> None:
        super().__init__(detail)
        self.remedy = remedy or BadKey.remedy


class NoPlateKey(CloudError):
    """The key that plates are sealed by is not there."""

    code = "no_plate_key"
    remedy = "Put your copy of plates.key back, or name its place with BERTH_PLATE_KEY."


class OtherPlateKey(CloudError):
    """This key is not the one that the database's plates are sealed by."""

    code = "other_plate_key"
    remedy = "Put the plates.key of this database there; a backup of it is kept apart from it."


class SealBroken(CloudError):
    """A sealed plate was changed, moved, or sealed by another key."""

    code = "seal_broken"
    remedy = "Compare the database and plates.key with their last backups."


class PublishedKey(CloudError):
    """Everybody knows this key; it is good for a dev chain only."""

    code = "published_key"
    remedy = "Put keys of your own into a folder (docs/operate.md) and set BERTH_KEYS to it."


class FolderInUse(CloudError):
    """Another cloud runs on this data folder."""

    code = "folder_in_use"
    remedy = "Stop it first, or give this one a folder of its own with --data."


class OtherDatabase(CloudError):
    """This data folder belongs to a cloud with another database."""

    code = "other_database"
    remedy = "Set BERTH_DB as it was, or leave it out if it was not set; or use a new data folder."


class NoDatabase(CloudError):
    """The database cannot be reached."""

    code = "no_database"
    remedy = "Start its server, or correct BERTH_DB or its password (docs/operate.md)."


class DatabaseUnfit(CloudError):
    """The database cannot be used as it is."""

    code = "database_unfit"
    remedy = "Make it as docs/operate.md says (section PostgreSQL) and start again."


class DatabaseBroken(CloudError):
    """The database file cannot be read."""

    code = "database_broken"
    remedy = "Put a backup in its place, and keep the broken file for a look at it."


class BackupBroken(CloudError):
    """A backup cannot be made or used."""

    code = "backup_broken"
    remedy = "Take another backup; docs/operate.md says how, and how a server is saved."


class NotEmpty(CloudError):
    """There is a cloud in this folder already."""

    code = "not_empty"
    remedy = "Give an empty folder with --data, or move the old one aside first."


class OldDatabase(CloudError):
    """The database was made by an older version."""

    code = "old_database"
    remedy = "Go on with that version, or begin with an empty data folder or database."


class DatabaseBusy(CloudError):
    """Another program has kept the database from being written."""

    code = "database_busy"
    remedy = "Wait until it is done, or end it, and start again."


class DatabaseInUse(CloudError):
    """Another cloud runs on this database."""

    code = "database_in_use"
    remedy = "Stop it first, or give this one a database of its own with BERTH_DB."


class AuthorityBroken(CloudError):
    """The authority's files cannot be used: no gateway can be enrolled or renewed."""

    code = "authority_broken"
    remedy = "Put a backup of the folder `ca` in the data folder in its place."


class NoDriver(CloudError):
    """What speaks to PostgreSQL is not installed."""

    code = "no_driver"
    remedy = "Install the package with its extra: berth[postgres]"


class Unwritable(CloudError):
    """A value cannot be stored."""

    code = "unwritable"
    remedy = "Leave out characters that nobody can see, and numbers beyond 64 bits."


class Unknown(CloudError):
    """There is no such thing here."""

    code = "unknown"


class Forbidden(CloudError):
    """This account may not do that."""

    code = "forbidden"
    remedy = "Sign in with an account of the role that may."

    def __init__(self, detail: str = "", detail_zh: str = "") -> None:
        super().__init__(detail)
        self.detail_zh = detail_zh


class Unauthorised(CloudError):
    """The access key is missing or wrong."""

    code = "unauthorised"
    remedy = "Send the key that was printed when the account was made: Authorization: Bearer KEY"


class SignInBusy(CloudError):
    """As many are signing in as can be at once."""

    code = "sign_in_busy"
    remedy = "Try again in a few seconds."
