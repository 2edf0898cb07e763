"""Lots, spaces, gateways and the installation: nothing here is a person's."""

from typing import Any

Row = tuple[str, str, dict[str, Any]]

ROWS: tuple[Row, ...] = (
    ("lot", "Lots.", {"other": "id name tz"}),
    ("lotcalendar", "Holidays of a lot.",
     {"other": "lot country subdivision extra workdays"}),
    ("space", "Spaces.", {"other": "id number lot lat lon gateway occupancy occupancy_ms"}),
    ("gateway", "Gateways.",
     {"other": "id signer lot online seen_ms status epoch seq kept_seq"}),
    ("alarm", "What a person should look at.",
     {"other": "id code space sentence at_ms acknowledged_ms"}),
    ("setting", "Facts of the installation.", {"other": "key value"}),
    ("searchchange", "Spaces that may be other than they were.", {"other": "id space"}),
    ("ruleset", "Rules, and who adopted them.",
     {"other": "version text digest valid_ms adopted_ms adopted_by"}),
    ("claim", "Codes by which gateways are claimed.",
     {"other": "id mark address gateway serial lot spaces replace_key state misses made_by made_ms "
      "ends_ms spent_ms keys"}),
    ("certificate", "Certificates of gateways.",
     {"other": "serial gateway signer key pem state starts_ms ends_ms revoked_ms why"}),
    ("assignment", "Which gateway watched which space when.",
     {"other": "number space gateway from_ms until_ms"}),
    ("gatewaykey", "By which key a gateway signed.",
     {"other": "number gateway signer from_ms until_ms until_epoch until_seq revoked why"}),
)  # fmt: skip
