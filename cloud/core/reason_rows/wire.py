"""Refusals about a gateway's key. Code, sentence (en, zh), remedy (en, zh)."""

ROWS: tuple[tuple[str, str, str, str, str], ...] = (
    (
        "revoked_key",
        "This key was revoked: it never counts again.",
        "该密钥已被吊销，永远不再有效。",
        "Make a new key on the gateway and enrol that.",
        "请在网关上生成新密钥后重新登记。",
    ),
    (
        "key_of_another",
        "Another gateway signs by this key.",
        "该密钥正由另一个网关使用。",
        "Every gateway makes a key of its own; copy none, and look who did.",
        "每个网关应自行生成密钥，切勿复制；请查明原因。",
    ),
    (
        "not_enrolled",
        "There is no gateway of this name.",
        "没有这个名称的网关。",
        "Take its name from the list of gateways.",
        "请使用网关列表中的名称。",
    ),
    (
        "revoked_already",
        "This gateway's key is revoked already.",
        "该网关的密钥已被吊销。",
        "Enrol it with a new key, if it is to come back.",
        "如需恢复，请用新密钥重新登记。",
    ),
)
