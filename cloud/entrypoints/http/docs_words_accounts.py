"""Signing in and managing accounts in words, and an example of each body."""

from typing import Any

from cloud.entrypoints.http.api_paths import V1

TAGS_ACCOUNTS = {
    "people": (
        "Sign in, and look after one's sessions, passkeys and keys.",
        "登录，以及管理会话、通行密钥和访问密钥",
    ),
}
_CREDENTIAL = {"id": "Zm9v", "type": "public-key", "rawId": "Zm9v", "response": {}}
EXAMPLES_ACCOUNTS: dict[tuple[str, str], Any] = {
    ("POST", f"{V1}/sign-in"): {"name": "li@example.org", "password": "three plain words"},
    ("POST", f"{V1}/sign-in/passkey"): {"ticket": "9f" * 32, "credential": _CREDENTIAL},
    ("POST", f"{V1}/sign-up"): {"name": "li@example.org"},
    ("POST", f"{V1}/sign-up/confirmation"): {
        "code": "abcd-efgh-jkmn",
        "password": "three plain words",
    },
    ("POST", f"{V1}/password-reset"): {"name": "li@example.org"},
    ("POST", f"{V1}/password-reset/confirmation"): {
        "code": "abcd-efgh-jkmn",
        "password": "three other words",
    },
    ("POST", f"{V1}/account/password"): {"password": "three plain words", "name": "wang.wei"},
    ("POST", f"{V1}/passkeys"): {
        "ticket": "9f" * 32,
        "credential": _CREDENTIAL,
        "name": "my phone",
    },
    ("POST", f"{V1}/keys"): {"name": "bookkeeping", "scope": "read"},
    ("POST", f"{V1}/accounts/{{number}}/role"): {"role": "auditor"},
    ("POST", f"{V1}/invitations"): {"role": "owner"},
}
SUMMARIES_ACCOUNTS: dict[tuple[str, str], tuple[str, str, str]] = {
    ("POST", f"{V1}/sign-in"): ("Sign in", "登录", "people"),
    ("POST", f"{V1}/sign-in/passkey/options"): ("Ask for a passkey", "通行密钥选项", "people"),
    ("POST", f"{V1}/sign-in/passkey"): ("Sign in by passkey", "通行密钥登录", "people"),
    ("POST", f"{V1}/sign-up"): ("Sign up", "注册", "people"),
    ("POST", f"{V1}/sign-up/confirmation"): ("Confirm the address", "确认注册", "people"),
    ("POST", f"{V1}/password-reset"): ("Ask for a code", "获取验证码", "people"),
    ("POST", f"{V1}/password-reset/confirmation"): ("Choose a new password", "重设密码", "people"),
    ("POST", f"{V1}/sign-out"): ("Sign out", "退出登录", "people"),
    ("GET", f"{V1}/sessions"): ("Own sessions", "登录会话", "people"),
    ("POST", f"{V1}/sessions/{{session_id}}/end"): ("End a session", "结束会话", "people"),
    ("POST", f"{V1}/account/password"): ("Change the password", "更改密码", "people"),
    ("GET", f"{V1}/passkeys"): ("Own passkeys", "通行密钥列表", "people"),
    ("POST", f"{V1}/passkeys/options"): ("Begin a passkey", "新增通行密钥选项", "people"),
    ("POST", f"{V1}/passkeys"): ("Add a passkey", "新增通行密钥", "people"),
    ("POST", f"{V1}/passkeys/{{passkey_id}}/removal"): ("Remove it", "移除通行密钥", "people"),
    ("GET", f"{V1}/keys"): ("Own access keys", "访问密钥列表", "people"),
    ("POST", f"{V1}/keys"): ("Make an access key", "新增访问密钥", "people"),
    ("POST", f"{V1}/keys/{{key_id}}/revocation"): ("Revoke a key", "撤销访问密钥", "people"),
    ("GET", f"{V1}/accounts"): ("Accounts", "账户列表", "operator"),
    ("POST", f"{V1}/accounts/{{number}}/role"): ("Give a role", "授予角色", "operator"),
    ("POST", f"{V1}/invitations"): ("Invite somebody", "发出邀请", "operator"),
}
