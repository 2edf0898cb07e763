"""Plates' texts as each kind of plate has them, drawn by chance."""

from __future__ import annotations

from random import Random

PROVINCES = "京沪津渝冀晋蒙辽吉黑苏浙皖闽赣鲁豫鄂湘粤桂琼川贵云藏陕甘青宁新"
DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CN_LETTERS = LETTERS.replace("I", "").replace("O", "")
# What is written for a kind: one letter stands for a set, everything else for itself.
SETS = {
    "p": PROVINCES,
    "c": CN_LETTERS,
    "m": DIGITS * 2 + CN_LETTERS,
    "n": "ABCDEFGHJK",
    "l": LETTERS,
    "d": DIGITS,
    "x": DIGITS + LETTERS,
}
PATTERNS: dict[str, tuple[str, ...]] = {
    "cn_blue": ("pcmmmmm", "pcddddd", "pcmdddd", "pcmdddm"),
    "cn_yellow": ("pcddddd", "pcmdddd", "pcdddd学", "pcmmmmm"),
    "cn_white": ("pcdddd警", "pcmddd警"),
    "cn_black": ("粤cdddd港", "粤cdddd澳", "pcdddd使", "pcdddd领"),
    "cn_green": ("pcnddddd", "pcncdddd", "pcdddddn"),
    "cn_rear": ("pcddddd", "pcmdddd", "pcdddd挂"),
    "eu": ("llddddd", "lldddll", "lddddl", "llddll", "dlddddd", "ddlddd", "lldddd", "llldddd",
           "lldldddd", "lldlldd", "dllddd", "xxxxxxx", "lllddd", "ldddlll", "llldll", "ddddlll"),
    "eu_two": ("llddddd", "lldddll", "llddlll", "dlddddd"),
    "br": ("lllddddd"[:7],),
    "br_new": ("llldldd",),
    "br_two": ("llldddd", "llldldd"),
    "us": ("lllddd", "llldddd", "dlllddd", "dddlll", "xxxxxx", "xxxxxxx", "ddddlll", "lldddd",
           "llddddd", "lddldl", "ddlddl", "dddddd", "xxxxx", "ddldddd"),
}  # fmt: skip
KINDS = tuple(PATTERNS)


def text_of(kind: str, rng: Random) -> str:
    pattern = rng.choice(PATTERNS[kind])
    return "".join(rng.choice(SETS[it]) if it in SETS else it for it in pattern)
