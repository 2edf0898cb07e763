"""More examples of one request, each whole: name -> what it shows (en, zh), and the body.

All of them are sent to the API by a test.
"""

from typing import Any

from cloud.entrypoints.http.api_paths import V1

Named = dict[str, tuple[str, str, Any]]
ONE = ("the shortest", "最简单的请求")
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri"]
_WEEK = {
    "space": "S1",
    "schedule": {
        "weekly": [
            {"days": WEEKDAYS, "from_min": 480, "to_min": 1140, "holidays": "closed"},
            {"days": ["sat", "sun"], "from_min": 0, "to_min": 1440},
            {"days": [*WEEKDAYS, "sat", "sun"], "from_min": 0, "to_min": 1440, "holidays": "only"},
        ],
        "exceptions": [
            {"first": "2026-12-24", "last": "2026-12-26"},
            {
                "first": "2026-12-31",
                "last": "2026-12-31",
                "hours": [{"from_min": 480, "to_min": 720}],
            },
        ],
        "valid_until": "2027-12-31",
    },
    "price": {"per_hour_minor": 600, "cap_minor": 3000},
}
_RATES = {
    "space": "S1",
    "schedule": {"weekly": [{"days": WEEKDAYS, "from_min": 0, "to_min": 1440}]},
    "price": {
        "per_hour_minor": 600,
        "elements": [
            {"per_hour_minor": 200, "from_min": 1320, "to_min": 360},
            {"per_hour_minor": 400, "day_type": "holiday"},
            {"per_hour_minor": 800, "days": ["fri"], "from_min": 1020, "to_min": 1200},
            {"per_hour_minor": 300, "after_s": 14400},
        ],
        "holidays": ["2026-10-01"],
        "workdays": ["2026-10-10"],
        "free_s": 900,
        "day_cap_minor": 5000,
        "overstay_tiers": [
            {"from_s": 0, "per_hour_minor": 900},
            {"from_s": 3600, "per_hour_minor": 1800},
        ],
    },
    "terms": {"no_show_fee_minor": 500, "cancel_until_s": 3600, "cancel_fee_minor": 300},
    "limits": {"max_height_cm": 200, "plug": "type2"},
    "compensation": {
        "notices": [{"from_s": 0, "percent": 50}, {"from_s": 86400, "percent": 10}],
        "minimum_minor": 500,
    },
}
_RULE = {
    "space": "S1",
    "schedule": {
        "rules": [
            {
                "rrule": "FREQ=MONTHLY;BYDAY=1SA",
                "since": "2026-05-02",
                "from_min": 1320,
                "to_min": 360,
            }
        ],
        "one_off": [
            {"starts_at": "2026-06-01T00:00:00.000Z", "ends_at": "2026-06-01T04:00:00.000Z"}
        ],
    },
    "price": {"per_hour_minor": 600},
}
_OFFERS: Named = {
    "week": (
        "hours of the week; closed on three dates, short on one, other hours on holidays",
        "按周开放；三天关闭，一天缩短，节假日另定",
        _WEEK,
    ),
    "rates": (
        "prices by hour, day, holiday and length of stay; terms, limits and compensation",
        "按时刻、星期、节假日和时长定价；并含条款、限制和补偿",
        _RATES,
    ),
    "rule": (
        "a night on the first Saturday of each month, and one morning",
        "每月第一个周六的夜间，另加一个上午",
        _RULE,
    ),
}
NAMED: dict[tuple[str, str], Named] = {
    ("POST", f"{V1}/offers"): _OFFERS,
    ("POST", f"{V1}/requests"): {
        "vehicle": (
            "a vehicle, and the entrance that the driver walks to",
            "注明车辆和要步行前往的入口",
            {
                "lat": 31.2304,
                "lon": 121.4737,
                "starts_at": "2026-05-01T08:01:00+08:00",
                "ends_at": "2026-05-01T09:01:00+08:00",
                "vehicle": {"height_cm": 160, "width_cm": 185, "plug": "type2"},
                "entrance": {"lat": 31.2306, "lon": 121.4741},
            },
        ),
    },
    ("POST", f"{V1}/bookings/{{booking_id}}/space-taken"): {
        "money": ("the money back", "要求退款", {"wants": "refund"}),
    },
    ("POST", f"{V1}/lots/{{lot}}/calendar"): {
        "own": (
            "no country's holidays, but dates of the lot's own",
            "不用法定节假日，只用车场自定日期",
            {"extra": ["2026-06-01"], "workdays": ["2026-06-06"]},
        ),
    },
    ("POST", f"{V1}/notices/contact"): {
        "webhook": (
            "a webhook, signed with a secret of your own",
            "用自定密钥签名的 webhook",
            {"channel": "webhook", "address": "https://example.org/told", "secret": "s" * 20},
        ),
    },
    ("POST", f"{V1}/disputes/{{dispute}}/decision"): {
        "rejected": (
            "nothing is owed",
            "驳回",
            {"verdict": "rejected", "reason": "The events show the car until 09:00."},
        ),
        "correction": (
            "more is due, by a replay",
            "按重算补收",
            {
                "verdict": "correction",
                "assumption": "left_at",
                "at": "2026-05-01T09:31:00+08:00",
                "reason": "The camera's picture shows it.",
            },
        ),
    },
    ("POST", f"{V1}/stays/{{number}}/replay"): {
        "left_at": (
            "as if the car had left at that moment",
            "假设车辆在该时刻驶离",
            {"assumption": "left_at", "at": "2026-05-01T08:20:00+08:00"},
        ),
    },
}
