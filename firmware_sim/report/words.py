"""What the lot's truth and the detector name, in the words of both languages."""

from __future__ import annotations

import re

from firmware_sim.scoring.matching import UNTAGGED

Both = tuple[str, str]
TAGS: dict[str, Both] = {
    "blocked": ("something blocks it", "有物遮挡"),
    "brief": ("a brief stay", "短暂停留"),
    "car": ("car", "小汽车"),
    "creep": ("creeps in", "缓慢驶入"),
    "dropout:mag": ("magnetometer silent", "磁力计无数据"),
    "dropout:us": ("ultrasonic silent", "超声波无数据"),
    "gap": ("gateway silent", "网关无数据"),
    "laid": ("laid there", "放下"),
    "late": ("sensor begins late", "传感器启动较晚"),
    "loads": ("person loads", "有人装卸"),
    "lorry": ("lorry", "货车"),
    "maintenance": ("maintenance", "维护"),
    "motorbike": ("motorbike", "摩托车"),
    "neighbour": ("a neighbour drives", "邻位车辆移动"),
    "noisy:mag": ("magnetometer noisy", "磁力计噪声大"),
    "noisy:us": ("ultrasonic noisy", "超声波噪声大"),
    UNTAGGED: (UNTAGGED, "没有记录"),
    "pass": ("a vehicle passes", "车辆驶过"),
    "pause": ("pauses on the way in", "驶入途中停顿"),
    "pause-out": ("pauses on the way out", "驶出途中停顿"),
    "pedestrian": ("a person", "行人"),
    "plate": ("metal plate", "金属板"),
    "rain": ("rain", "下雨"),
    "repark": ("parks once more", "重新停正"),
    "slanted": ("slanted roof", "车顶倾斜"),
    "snow": ("snow", "积雪"),
    "stands": ("person stands there", "有人站立"),
    "stops": ("stops in front", "在车位前停留"),
    "stuck:mag": ("magnetometer stuck", "磁力计读数卡住"),
    "stuck:us": ("ultrasonic stuck", "超声波读数卡住"),
    "swap": ("one car after another", "前车刚走后车即来"),
    "taken": ("taken away", "移走"),
    "tram": ("tram", "有轨电车"),
    "trolley": ("trolley", "手推车"),
    "turn": ("turns there", "掉头"),
    "walks": ("person walks past", "有人走过"),
    "weak": ("weak in the field", "磁信号弱"),
}
STANDING: dict[str, str] = {
    "free": "空闲",
    "occupied": "占用",
    "unknown": "未知",
    "unknown_was_free": "未知（此前空闲）",
    "unknown_was_occupied": "未知（此前占用）",
}
CAUSES: dict[str, str] = {
    "echo": "回波",
    "field": "磁场",
    "echo and field": "回波与磁场",
    "the sensors disagree": "传感器结论不一致",
    "no sensor speaks": "没有传感器数据",
}
SWAPPED = ", another car"
_MOVE = re.compile(r"(\w+) to (\w+): (.*)", re.DOTALL)


def tag(name: str) -> Both:
    """A name that a tester made up is its own word."""
    return TAGS.get(name, (name, name))


def cause_zh(why: str) -> str | None:
    """The detector's words (edge.core.fusion) in Chinese; None where they are not its words."""
    move = _MOVE.fullmatch(why)
    if move is None:
        return None
    other = "，换了一辆车" if move[3].endswith(SWAPPED) else ""
    was, now = STANDING.get(move[1]), STANDING.get(move[2])
    cause = CAUSES.get(move[3].removesuffix(SWAPPED))
    return f"{was} → {now}：{cause}{other}" if was and now and cause else None


def cause(why: str) -> Both:
    """`occupied to unknown_was_occupied: ...` says what it was in both languages."""
    plain = why.replace("unknown_was_", "unknown, was ")
    return plain, cause_zh(why) or plain
