"""The page's words in both languages."""

from __future__ import annotations

from typing import Literal, TypeAlias

Lang: TypeAlias = Literal["en", "zh"]
OTHER: dict[Lang, tuple[Lang, str]] = {"en": ("zh", "中文"), "zh": ("en", "English")}

WORDS: dict[str, tuple[str, str]] = {
    "title": ("Gateway", "网关"),
    "spaces": ("Spaces", "车位"),
    "space": ("Space", "车位"),
    "free": ("free", "空闲"),
    "occupied": ("occupied", "占用"),
    "unknown": ("unknown", "未知"),
    "free.letter": ("F", "空"),
    "occupied.letter": ("O", "占"),
    "unknown.letter": ("?", "?"),
    "since": ("since", "自"),
    "distance": ("Distance", "距离"),
    "nothing_near": ("nothing in range", "范围内无物体"),
    "no_reading": ("no reading", "无读数"),
    "field": ("Field", "磁场"),
    "change": ("change", "变化"),
    "passes": ("Vehicles that went by", "经过车辆"),
    "faults": ("What is wrong", "故障"),
    "no_faults": ("All sensors measure.", "所有传感器正常。"),
    "first_reading": ("waiting for a first reading", "等待首次读数"),
    "do": ("What to do", "处理方法"),
    "sensors": ("Sensors", "传感器"),
    "per_minute": ("readings a minute", "次/分钟"),
    "gateway": ("This gateway", "本网关"),
    "time": ("Time (UTC)", "时间（UTC）"),
    "clock": ("Clock", "时钟"),
    "synced": ("synchronised", "已同步"),
    "holdover": ("was synchronised, is no more", "曾同步，现已失步"),
    "unsynced": ("not synchronised", "未同步"),
    "broker": ("Broker", "MQTT 代理"),
    "connected": ("connected", "已连接"),
    "away": (
        "not connected: events are kept and sent later",
        "未连接：事件已保存，稍后发送",
    ),
    "cloud": ("Cloud", "云端"),
    "acked": ("last acknowledged {} ago", "上次确认于 {}前"),
    "never_acked": ("has acknowledged nothing since the start", "启动以来尚未确认"),
    "clock.do": (
        "Let the gateway reach a time server: `timedatectl` must say “System clock synchronized: "
        "yes”. Until then its events are marked as of uncertain time.",
        "请让网关能访问时间服务器：`timedatectl` 应显示 “System clock synchronized: yes”。"
        "在此之前，其事件会标记为时间不确定。",
    ),
    "s": ("s", "秒"),
    "min": ("min", "分钟"),
    "h": ("h", "小时"),
    "waiting": ("Events not yet acknowledged", "尚未确认的事件"),
    "disk": ("Disk free", "磁盘剩余"),
    "heat": ("Processor", "处理器温度"),
    "written": ("Written to the card", "写入存储卡"),
    "a_day": ("a day", "每天"),
    "version": ("Version", "版本"),
    "promises": ("What its sensors promise", "传感器的保证与限制"),
    "safe_mode": (
        "The settings file has mistakes: the gateway runs with the last good one. "
        "Run `berth-edge check-config`.",
        "配置文件有错误：网关正使用上一份有效配置。请运行 `berth-edge check-config`。",
    ),
    "stale": (
        "The gateway's loop has not spoken for a while: what stands here is old.",
        "网关主循环已停顿一段时间：以下内容已过时。",
    ),
    "starting": ("The gateway is starting.", "网关正在启动。"),
    "last_minutes": ("the last two minutes", "最近两分钟"),
}


def word(key: str, lang: Lang) -> str:
    return WORDS[key][lang == "zh"]


def language(query: str, accept: str) -> Lang:
    """`?lang=` counts before the browser's first wish."""
    wish = query if query in ("en", "zh") else accept.strip().lower()
    return "zh" if wish.startswith("zh") else "en"
