"""Why a field does not read, in English and Chinese: pydantic's kinds of errors, and our own words.

A value that was read and does not fit is told so, with its bound; it is not "cannot be read".
"""

import re
from collections.abc import Mapping
from typing import Any

Both = tuple[str, str]
# Kind of error -> both sentences; places are filled from the error's own values.
KINDS: dict[str, Both] = {
    "missing": ("it is missing", "缺少该字段"),
    "extra_forbidden": ("there is no such field", "没有这个字段"),
    "greater_than": ("it must be more than {gt}", "必须大于 {gt}"),
    "greater_than_equal": ("it must be {ge} or more", "不得小于 {ge}"),
    "less_than": ("it must be less than {lt}", "必须小于 {lt}"),
    "less_than_equal": ("it must be {le} or less", "不得大于 {le}"),
    "string_too_short": (
        "it must have {min_length} characters or more",
        "至少要有 {min_length} 个字符",
    ),
    "string_too_long": (
        "it must have {max_length} characters or fewer",
        "最多 {max_length} 个字符",
    ),
    "too_short": ("it must have {min_length} entries or more", "至少要有 {min_length} 项"),
    "too_long": ("it must have {max_length} entries or fewer", "最多 {max_length} 项"),
    "string_pattern_mismatch": ("it is not written as {pattern} says", "格式应符合 {pattern}"),
    "literal_error": ("it must be {expected}", "只能是 {expected}"),
    "enum": ("it must be {expected}", "只能是 {expected}"),
    "int_type": ("it must be a whole number", "必须是整数"),
    "int_parsing": ("it must be a whole number", "必须是整数"),
    "int_parsing_size": ("it is too large a number", "数值过大"),
    "int_from_float": ("it must be a whole number", "必须是整数"),
    "float_type": ("it must be a number", "必须是数字"),
    "float_parsing": ("it must be a number", "必须是数字"),
    "finite_number": ("it must be a finite number", "必须是有限数"),
    "bool_type": ("it must be true or false", "必须是 true 或 false"),
    "bool_parsing": ("it must be true or false", "必须是 true 或 false"),
    "string_type": ("it must be text", "必须是文本"),
    "string_unicode": ("it must be text in UTF-8", "必须是 UTF-8 文本"),
    "list_type": ("it must be a list", "必须是列表"),
    "tuple_type": ("it must be a list", "必须是列表"),
    "dict_type": ("it must be an object", "必须是对象"),
    "model_type": ("it must be an object", "必须是对象"),
    "model_attributes_type": ("it must be an object", "必须是对象"),
    "date_type": ("it must be a date like 2026-05-01", "必须是日期，如 2026-05-01"),
    "date_parsing": ("it must be a date like 2026-05-01", "必须是日期，如 2026-05-01"),
    "date_from_datetime_parsing": (
        "it must be a date like 2026-05-01",
        "必须是日期，如 2026-05-01",
    ),
}
# Our own validators say why in English: `{}` stands for what they name there.
OURS: dict[str, str] = {
    "it holds characters that nobody can see": "含有不可见字符",
    "nobody holds the zero address": "零地址不属于任何人",
    "a time is text like 2026-05-01T08:00:00+08:00": "时间应写作 2026-05-01T08:00:00+08:00",
    "{} is not a time like 2026-05-01T08:00:00+08:00": (
        "{} 不是时间，应写作 2026-05-01T08:00:00+08:00"
    ),
    "{} names no zone: add Z or an offset like +08:00": "{} 没有时区：请加 Z 或 +08:00 这样的偏移",
    "the year must be {} to {}": "年份须在 {} 至 {} 之间",
    "a window ends after it starts": "时段的结束须晚于开始",
    "give windows or a schedule, one of the two": "windows 与 schedule 须二选一",
    "a date is written like 2026-05-01, of {} to {}": "日期应写作 2026-05-01，年份 {} 至 {}",
    "{} is not a date like 2026-05-01": "{} 不是日期，应写作 2026-05-01",
    "Invalid isoformat string: {}": "{} 不是日期，应写作 2026-05-01",
    "this rule never happens": "该重复规则没有任何日期",
    "an exception's last date is not before its first": "例外的末日不得早于首日",
    "two exceptions have a date in common": "两个例外的日期重叠",
    "the first notice begins at 0 s: something must be agreed for it": "第一档 from_s 须为 0",
    "a longer notice costs no more than a shorter one": "提前越久，补偿比例不得越高",
    "minimum_minor is above {}: nobody could pay either": "minimum_minor 高于 {}",
    "{} stands in holidays and in workdays": "{} 同时出现在 holidays 和 workdays 中",
    "overstay_tiers: from_s begins at 0 and ascends": "overstay_tiers 的 from_s 须从 0 起递增",
    "overstay_tiers: per_hour_minor is at most 1000000": (
        "overstay_tiers 的 per_hour_minor 不得超过 1000000"
    ),
    "an address is 0x and 40 hex digits with their EIP-55 checksum": (
        "地址应为 0x 加 40 位十六进制数，并符合 EIP-55 校验"
    ),
    "a time needs a zone": "时间须带时区",
    "a time is written like 2026-05-01T00:00:00.000Z": "时间应写作 2026-05-01T00:00:00.000Z",
    "seconds are at most {}": "秒数最多 {}",
    "seconds carry at most three decimals": "秒数最多三位小数",
    "not a rule of RFC 5545: {}": "不是 RFC 5545 的规则：{}",
    "a rule has at most {} characters": "规则最多 {} 个字符",
    "a rule is NAME=VALUE;..., each once, of {}": "规则应写作 NAME=VALUE;…，各一次，可用：{}",
    "FREQ is one of {}": "FREQ 只能是 {}",
    "a rule ends by COUNT or by UNTIL, not by both": "规则只能以 COUNT 或 UNTIL 之一结束",
    "{} is 1 to {}": "{} 须在 1 至 {} 之间",
    "UNTIL is a date like 20261231": "UNTIL 应写作 20261231",
}


def _pattern(text: str) -> re.Pattern[str]:
    parts = [re.escape(part) for part in text.split("{}")]
    return re.compile("(.+?)".join(parts), re.DOTALL)


_OURS = tuple((_pattern(text), said) for text, said in OURS.items())


def why(error: Mapping[str, Any]) -> Both:
    """(English, Chinese) of one of pydantic's errors, as a clause without its full stop."""
    kind = str(error["type"])
    if kind in KINDS:
        values = dict(error.get("ctx") or {})
        english, chinese = KINDS[kind]
        return english.format_map(values), chinese.format_map(values)
    said = str(error["msg"]).removeprefix("Value error, ")
    for pattern, chinese in _OURS:
        found = pattern.fullmatch(said)
        if found:
            return said, chinese.format(*found.groups())
    return said, f"不符合要求（{said}）"
