"""Fields of signing in and of managing accounts, and what each operation may be refused for."""

from typing import Any

from cloud.entrypoints.http.api_paths import V1

Said = tuple[str, Any]
AT = "2026-05-01T00:01:00.000Z"
_NAME: Said = ("The name to sign in with: an e-mail address, or a word.", "li@example.org")
_LANGUAGE: Said = ("The language of the mail: en or zh.", "zh")
_KEPT: Said = ("Id of it, to name it by.", "key-3n5p7q9r1s2t4v6w8x0y")
_PROOF: Said = ("The present password; empty: who signed in in the last 10 minutes.", "")
ACCOUNTS: dict[str, Said] = {
    "SignIn.name": _NAME,
    "SignUp.name": _NAME,
    "NewReset.name": _NAME,
    "NewPassword.name": ("A name to sign in with, for an account that has none.", "wang.wei"),
    "sign_in_name": ("The name that it signs in with; empty: its key alone.", "li@example.org"),
    "SignUp.language": _LANGUAGE,
    "NewReset.language": _LANGUAGE,
    "password": ("8 to 128 characters of any kind; not a common one.", "three plain words"),
    "SignUp.password": ("With an invitation; without one it is chosen later.", "three plain words"),
    "NewContact.password": _PROOF,
    "NewPasskey.password": _PROOF,
    "NewAccessKey.password": _PROOF,
    "present": ("The present password; empty where there is none yet.", ""),
    "SessionShape.present": ("Whether it is the browser that asks.", True),
    "SignUp.invitation": ("What an operator gave out; null: as a driver, by e-mail.", None),
    "CodeTyped.code": ("As it came by e-mail.", "abcd-efgh-jkmn"),
    "ResetTyped.code": ("As it came by e-mail.", "abcd-efgh-jkmn"),
    "InvitationMade.code": ("The invitation; null: it was told already.", "9f" * 32),
    "InvitationMade.ends_at": ("It opens no account from then on.", AT),
    "InvitationMade.role": ("The role of the account that it opens.", "owner"),
    "NewInvitation.role": ("The role of the account that it is to open.", "owner"),
    "ticket": ("Names what was asked; good for one answer, for five minutes.", "9f" * 32),
    "credential": ("The browser's answer, as `toJSON()` writes it.", {"id": "Zm9v"}),
    "options": ("For `navigator.credentials`, as `parse...OptionsFromJSON` reads them.", None),
    "session_id": ("Id of the session.", "ses-3n5p7q9r1s2t4v6w8x0y"),
    "passkey_id": ("Id of the passkey.", "pk-3n5p7q9r1s2t4v6w8x0y"),
    "key_id": ("Id of the key; `first-` and the account's number: its first one.", "first-7"),
    "SessionShape.id": ("Id of it; it lets nobody in.", "ses-3n5p7q9r1s2t4v6w8x0y"),
    "SessionShape.ends_at": ("It ends then, unless it is used before.", AT),
    "PasskeyShape.id": ("Id of it, to name it by.", "pk-3n5p7q9r1s2t4v6w8x0y"),
    "AccessKeyShape.id": _KEPT,
    "AccessKeyMade.id": _KEPT,
    "AccessKeyMade.key": ("The key, told once; null: it was told already.", "9f" * 32),
    "NewPasskey.name": ("What its person calls it.", "my phone"),
    "PasskeyShape.name": ("What its person calls it.", "my phone"),
    "NewAccessKey.name": ("What it is for.", "bookkeeping"),
    "AccessKeyShape.name": (
        "What it is for; first: the account was opened with it.",
        "bookkeeping",
    ),
    "AccessKeyMade.name": ("What it is for.", "bookkeeping"),
    "SignedIn.name": ("Name of the account.", "Wang Wei"),
    "AccountListed.name": ("Name of the account.", "Wang Wei"),
    "scope": ("all, or read: it changes nothing.", "read"),
    "taken": ("It was taken; whether anything follows is not told.", True),
    "how": ("How it was signed in: password, passkey or code.", "password"),
    "browser": ("The browser, as it names itself.", "Firefox · Linux"),
    "began_at": ("When it was signed in.", AT),
    "PasskeyShape.used_at": ("When it was last used; null: never.", AT),
    "SessionShape.used_at": ("When it was last used, to the minute.", AT),
    "PasskeyShape.made_at": ("When it was made.", AT),
    "AccessKeyShape.made_at": ("When it was made.", AT),
    "AccountListed.opened_at": ("When the account was opened.", AT),
}
_CHOSEN = ("password_short", "password_long", "password_common")
_PASSKEY = ("passkey_refused",)
_KEY = ("key_reused",)
PROOF = ("prove_yourself", "key_not_enough", "wrong_password", "sign_in_wait")
CODES_ACCOUNTS: dict[tuple[str, str], tuple[str, ...]] = {
    ("POST", f"{V1}/accounts"): (*_KEY, "role_not_yours"),
    ("POST", f"{V1}/sign-in"): ("wrong_sign_in", "sign_in_wait"),
    ("POST", f"{V1}/sign-in/passkey"): _PASSKEY,
    ("POST", f"{V1}/sign-in/passkey/options"): _PASSKEY,
    ("POST", f"{V1}/sign-up"): (
        *("name_bad", "name_taken", "invitation_wrong", "sign_up_closed", "too_many_codes"),
        *_CHOSEN,
    ),
    ("POST", f"{V1}/sign-up/confirmation"): ("code_wrong", "name_bad", "name_taken", *_CHOSEN),
    ("POST", f"{V1}/password-reset"): ("too_many_codes",),
    ("POST", f"{V1}/password-reset/confirmation"): ("code_wrong", *_CHOSEN),
    ("POST", f"{V1}/account/password"): (
        *("wrong_password", "sign_in_wait", "name_bad", "name_taken"),
        *_CHOSEN,
    ),
    ("POST", f"{V1}/passkeys"): (*_PASSKEY, "too_many_passkeys", *PROOF),
    ("POST", f"{V1}/passkeys/options"): _PASSKEY,
    ("POST", f"{V1}/keys"): (*_KEY, "too_many_keys", *PROOF),
    ("POST", f"{V1}/invitations"): (*_KEY, "role_not_yours"),
}
