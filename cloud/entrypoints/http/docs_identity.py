"""Claim codes, certificates and enrolment in words: operations, examples, refusals, fields."""

from typing import Any

from cloud.entrypoints.http.api_paths import V1

Where = tuple[str, str]
SIGNED = "0x" + "5e" * 64 + "1b"
ADDRESS = "0x281AAdF1D9d82B9fbdA26fd9dD0B1e5a2a3c3a12"
ROOT = "3f9a5c7e1b2d4f60718"
SERIAL = "10000000f00dcafe"
PEM = "-----BEGIN CERTIFICATE-----\n...\n-----END CERTIFICATE-----\n"
CSR = "-----BEGIN CERTIFICATE REQUEST-----\n...\n-----END CERTIFICATE REQUEST-----\n"
AT = "2026-05-01T00:01:00.000Z"
_CLAIM, _GATE = f"{V1}/claims/{{claim_id}}/voiding", f"{V1}/gateways/{{gateway_id}}/revocation"
_CERT = f"{V1}/certificates/{{certificate}}/revocation"
SUMMARIES_IDENTITY: dict[Where, tuple[str, str, str]] = {
    ("GET", f"{V1}/claims"): ("Claim codes", "认领码列表", "operator"),
    ("POST", f"{V1}/claims"): ("Make a claim code", "生成认领码", "operator"),
    ("POST", _CLAIM): ("Void a claim code", "作废认领码", "operator"),
    ("GET", f"{V1}/certificates"): ("Certificates", "证书列表", "operator"),
    ("POST", _CERT): ("Revoke a certificate", "吊销证书", "operator"),
    ("POST", _GATE): ("Revoke a gateway", "停用网关", "operator"),
    ("POST", f"{V1}/enrolments"): ("Redeem a claim code", "使用认领码", "gateway"),
    ("POST", f"{V1}/enrolments/renewals"): ("Renew a certificate", "更新证书", "gateway"),
    ("POST", f"{V1}/enrolments/keys"): ("Change the signing key", "更换签名密钥", "gateway"),
    ("GET", f"{V1}/authority/root.pem"): ("The authority", "根证书", "gateway"),
    ("GET", f"{V1}/authority/crl.pem"): ("Revoked certificates", "吊销列表", "gateway"),
}
TAGS_IDENTITY = {"gateway": ("What gateways ask, signed by their keys.", "网关接口（密钥签名）")}
EXAMPLES_IDENTITY: dict[Where, Any] = {
    ("POST", f"{V1}/claims"): {
        "gateway": "gw-1",
        "serial": SERIAL,
        "lot": "lot-1",
        "spaces": ["S1", "S2", "S3"],
        "replace_key": True,
    },
    ("POST", _CERT): {"why": "stolen from the lot"},
    ("POST", _GATE): {"why": "stolen from the lot"},
    ("POST", f"{V1}/enrolments"): {
        "body": {"root": ROOT, "serial": SERIAL, "csr": CSR, "signer": ADDRESS},
        "by_code": SIGNED,
        "by_signer": SIGNED,
    },
    ("POST", f"{V1}/enrolments/renewals"): {
        "body": {"root": ROOT, "gateway": "gw-1", "csr": CSR, "signed_at": AT},
        "by_signer": SIGNED,
    },
    ("POST", f"{V1}/enrolments/keys"): {
        "body": {
            "root": ROOT,
            "gateway": "gw-1",
            "before": ADDRESS,
            "signer": ADDRESS,
            "signed_at": AT,
        },
        "by_before": SIGNED,
        "by_signer": SIGNED,
    },
}
_BOTH = ("other_authority", "signer_not_proven", "not_deployed")
REFUSALS_IDENTITY: dict[Where, tuple[str, ...]] = {
    ("POST", f"{V1}/claims"): (
        *("key_reused", "reserved_name", "claim_place", "claim_key_there"),
        *("unknown_space", "unknown_lot"),
    ),
    ("POST", _CLAIM): ("claim_not_open",),
    ("POST", _CERT): ("certificate_over",),
    ("POST", f"{V1}/enrolments"): (
        *("claim_unknown", "claim_spent", "claim_voided", "claim_expired", "claim_spoiled"),
        *("claim_other_serial", "claim_other_gateway", "other_key", "unknown_space"),
        *("unknown_lot", "bad_csr", "certificate_revoked", "revoked_key", "key_of_another"),
        *("key_superseded", *_BOTH),
    ),
    ("POST", f"{V1}/enrolments/renewals"): (
        *("bad_csr", "certificate_revoked", "key_superseded", "renewed_often"),
        *("reserved_name", "signed_late", *_BOTH),
    ),
    ("POST", f"{V1}/enrolments/keys"): (
        *("certificate_revoked", "rekey_stays_open", "revoked_key", "key_of_another"),
        *("reserved_name", "signed_late", *_BOTH),
    ),
}
_BODY = ("What is signed.", None)
IDENTITY: dict[str, tuple[str, Any]] = {
    "authority": ("Certificate of the authority, in PEM.", PEM),
    "Rekey.before": ("Address of the signing key that goes.", ADDRESS),
    "broker": ("Where the gateway finds its broker.", "mqtts://broker.example.org:8883"),
    "signed_at": ("When it was signed, by the gateway's clock; a day later it is late.", AT),
    "by_before": ("`body` signed by the key that goes.", SIGNED),
    "by_code": ("`body` signed by the key that the claim code is.", SIGNED),
    "by_signer": ("`body` signed by the gateway's signing key.", SIGNED),
    "certificate": ("The certificate, in PEM; in a path its serial.", PEM),
    "gateway_id": ("Name of the gateway.", "gw-1"),
    "chain_id": ("Chain that signatures count on.", 31337),
    "claim_id": ("Id of the claim code.", "c-3n5p7q9r1s2t4v6w8x0y"),
    "ClaimText.command": ("To be typed on the device.", "berth-edge enrol URL CODE"),
    "ClaimText.page": ("A page to print, SVG of A5 with the QR code.", "<svg>...</svg>"),
    "ClaimText.text": ("The code in eleven groups of four.", "KR78-FY2A-..."),
    "ClaimMade.code": ("The code itself, in the first answer only; null: told before.", None),
    "commands": ("Address that signs the cloud's commands; null: they are not signed.", None),
    "csr": ("Request for a certificate (PKCS 10) in PEM, of an EC P-256 key.", CSR),
    "Redeem.gateway": ("What its settings call it; null: they do not.", "gw-1"),
    "ledger": ("Address of the ledger that signatures count for.", ADDRESS),
    "made_at": ("When it was made.", AT),
    "misses": ("How often it was tried with another device.", 0),
    "request": ("Digest of the request that is answered.", "0x" + "5e" * 32),
    "revoked": ("Whether it is revoked.", True),
    "revoked_at": ("When it was revoked; null: it was not.", None),
    "serial": ("Serial of the device, as `berth-edge serial` shows it.", SERIAL),
    "CertificateShape.serial": ("Its number, in hexadecimal.", "5e" * 16),
    "CertificateShape.ends_at": ("When it ends.", AT),
    "CertificateShape.starts_at": ("From when on it is good.", AT),
    "CertificateShape.state": ("Whether it is good.", "valid"),
    "CertificateShape.why": ("Why it was revoked; empty: it was not.", ""),
    "ClaimShape.ends_at": ("Until when it is good.", AT),
    "ClaimMade.ends_at": ("Until when it is good.", AT),
    "ClaimShape.spaces": ("The spaces that the gateway will watch.", ["S1"]),
    "ClaimMade.spaces": ("The spaces that the gateway will watch.", ["S1"]),
    "ClaimShape.state": ("Whether it is good.", "open"),
    "ClaimMade.state": ("Whether it is good.", "open"),
    "Identity.ends_at": ("When the certificate ends.", AT),
    "Identity.signer": ("Address that its events count under.", ADDRESS),
    "Identity.spaces": ("The spaces that the gateway watches.", ["S1"]),
    "NewClaim.lot": ("Id of the lot; empty: that of its spaces.", "lot-1"),
    "NewClaim.replace_key": ("The gateway is there: another device takes its place.", False),
    "NewClaim.spaces": ("The spaces to watch; none: as the gateway has them.", ["S1"]),
    "Redeem.root": ("Of the authority that the code names: 19 digits of its SHA-256.", ROOT),
    "Renew.root": ("Of the authority that it knows: 19 digits of its SHA-256.", ROOT),
    "Rekey.root": ("Of the authority that it knows: 19 digits of its SHA-256.", ROOT),
    "Redeem.signer": ("Address of its signing key.", ADDRESS),
    "Rekey.signer": ("Address of the signing key that comes.", ADDRESS),
    "Revocation.why": ("Why, in a sentence; it is on record, so no names.", "stolen"),
    "signature": ("`body` signed by the authority: ECDSA P-256, DER, in hexadecimal.", "30" * 16),
    "spent_at": ("When it was redeemed; null: it was not.", None),
    "SignedIdentity.body": _BODY,
    "Redemption.body": _BODY,
    "Renewal.body": _BODY,
    "Rekeying.body": _BODY,
}
