"""What a city's files call columns and values, beside our own words for them: data."""

COLUMNS = (
    "space",
    "number",
    "lot",
    "holder",
    "right",
    "valid_until",
    "encumbrance",
    "use",
    "lat",
    "lon",
)

# By the word without blanks and in small letters; ours stand for themselves.
ALSO_COLUMNS: dict[str, tuple[str, ...]] = {
    "space": ("车位编号", "车位号", "泊位编号", "泊位号", "space_id"),
    "number": ("序号", "车位序号", "登记序号", "space_number"),
    "lot": ("停车场", "停车场编号", "车库编号", "小区编号", "lot_id"),
    "holder": ("权利人", "产权人", "权利人姓名", "产权人姓名", "业主", "业主姓名"),
    "right": ("权利类型", "产权类型", "权利性质"),
    "valid_until": ("有效期至", "权利终止日期", "使用期限至", "到期日", "终止日期"),
    "encumbrance": ("权利限制", "限制状态", "抵押查封", "他项权利"),
    "use": ("用途", "车位用途", "使用性质"),
    "lat": ("纬度", "latitude", "y"),
    "lon": ("经度", "longitude", "lng", "x"),
}

ALSO_VALUES: dict[str, dict[str, str]] = {
    "right": {
        "所有权": "ownership",
        "产权": "ownership",
        "长期租赁": "long_lease",
        "长租": "long_lease",
        "人防": "civil_air",
        "人防车位": "civil_air",
        "使用权": "use_right",
        "公共": "public",
    },
    "encumbrance": {
        "无": "none",
        "抵押": "mortgage",
        "查封": "seized",
        "争议": "disputed",
        "异议": "disputed",
    },
    "use": {
        "私人": "private",
        "私有": "private",
        "自用": "private",
        "公共": "public",
        "公用": "public",
        "消防通道": "fire_lane",
        "无障碍": "accessible",
        "无障碍车位": "accessible",
    },
}
_KNOWN = {name: name for name in COLUMNS} | {
    also: name for name, others in ALSO_COLUMNS.items() for also in others
}


def column_of(head: str) -> str | None:
    """Our name of a column, whatever the file calls it; None if it is none of ours."""
    return _KNOWN.get("".join(head.split()).casefold())


def value_of(name: str, text: str) -> str:
    return ALSO_VALUES[name].get(text, text)


def masked(name: str) -> str:
    """A person's name as it may stand in a report: its first sign, and how long it is."""
    return name[:1] + "*" * min(len(name) - 1, 7)
