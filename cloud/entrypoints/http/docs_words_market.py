"""The market's operations in words, and an example of each body."""

from typing import Any

from cloud.entrypoints.http.api_paths import V1

LATER = {"starts_at": "2026-05-02T00:00:00Z", "ends_at": "2026-05-02T04:00:00Z"}
WISH = {
    "lat": 31.2304,
    "lon": 121.4737,
    "starts_at": "2026-05-01T08:01:00+08:00",
    "ends_at": "2026-05-01T09:01:00+08:00",
}
SCHEDULE = {
    "weekly": [
        {"days": ["mon", "tue", "wed", "thu", "fri"], "from_min": 480, "to_min": 1140},
        {"days": ["sat", "sun"], "from_min": 0, "to_min": 1440, "holidays": "closed"},
    ],
    "exceptions": [{"first": "2026-12-24", "last": "2026-12-26", "hours": []}],
}
PRICE = {
    "per_hour_minor": 600,
    "day_cap_minor": 3000,
    "elements": [{"per_hour_minor": 200, "from_min": 1320, "to_min": 360}],
}
_S, _R = f"{V1}/spaces/{{space}}", f"{V1}/reviews"
_MY = f"{V1}/spaces/{{space_id}}"
_DOC, _CASE = f"{V1}/documents/{{document_id}}", f"{V1}/disputes/{{dispute_id}}"
SUMMARIES_MARKET: dict[tuple[str, str], tuple[str, str, str]] = {
    ("POST", f"{V1}/assignments"): ("Spaces for many wishes", "批量分配车位", "operator"),
    ("POST", f"{V1}/offers/preview"): ("What an offer would cost", "发布影响预览", "owner"),
    ("POST", f"{V1}/registrations/{{registration_id}}/withdrawal"): (
        "End sharing a space",
        "撤回登记",
        "owner",
    ),
    ("GET", f"{_MY}/offers"): ("Offers of a space", "车位发布历史", "owner"),
    ("GET", f"{_MY}/plates"): ("The owner's plates", "业主车牌", "owner"),
    ("POST", f"{_MY}/plates"): ("Add a plate", "添加业主车牌", "owner"),
    ("POST", f"{_MY}/plates/removal"): ("Remove a plate", "移除业主车牌", "owner"),
    ("POST", f"{_MY}/taking-back/plan"): ("What taking back costs", "收回代价", "owner"),
    ("POST", f"{_MY}/taking-back"): ("Take a space back", "收回车位", "owner"),
    ("POST", f"{V1}/taking-backs/{{taking_back_id}}/end"): ("Give it again", "结束收回", "owner"),
    ("GET", f"{V1}/lots/{{lot}}/calendar"): ("A lot's holidays", "车场节假日", "open"),
    ("POST", f"{V1}/lots/{{lot}}/calendar"): ("Set its holidays", "设置节假日", "operator"),
    ("POST", f"{V1}/lots/{{lot}}/zone"): ("Set its time zone", "设置时区", "operator"),
    ("GET", f"{_S}/closures"): ("Closures of a space", "车位关闭记录", "operator"),
    ("POST", f"{_S}/closures/plan"): ("What a closure costs", "关闭影响预览", "operator"),
    ("POST", f"{_S}/closures"): ("Close a space", "关闭车位", "operator"),
    ("POST", f"{V1}/closures/{{closure}}/lifting"): ("Lift a closure", "解除关闭", "operator"),
    ("POST", f"{_S}/standby"): ("Keep a space in reserve", "设为备用车位", "operator"),
    ("GET", f"{V1}/document-kinds"): ("Kinds of papers", "材料种类", "open"),
    ("POST", f"{V1}/documents"): ("Send a paper", "上传材料", "owner"),
    ("GET", f"{V1}/documents"): ("Papers", "材料列表", "owner"),
    ("GET", _DOC): ("A paper", "查看材料", "owner"),
    ("GET", f"{_DOC}/file"): ("Its file", "下载材料", "owner"),
    ("POST", f"{_DOC}/erasure"): ("Erase it", "删除材料", "owner"),
    ("GET", f"{_R}/{{number}}"): ("A review", "查看审核", "operator"),
    ("GET", f"{V1}/notices"): ("Notices", "通知", "account"),
    ("GET", f"{V1}/notices/contact"): ("Way of contact", "通知方式", "account"),
    ("POST", f"{V1}/notices/contact"): ("Set it", "设置通知方式", "account"),
    ("POST", f"{V1}/disputes"): ("Open a dispute", "提出争议", "account"),
    ("GET", f"{V1}/disputes"): ("Disputes", "争议列表", "account"),
    ("GET", _CASE): ("A dispute", "查看争议", "account"),
    ("POST", f"{_CASE}/withdrawal"): ("Withdraw it", "撤回争议", "account"),
    ("POST", f"{V1}/disputes/{{dispute}}/decision"): ("Decide a dispute", "裁定争议", "operator"),
    ("POST", f"{V1}/stays/{{number}}/assignment"): ("Assign a stay", "指认停放", "operator"),
    ("GET", f"{V1}/stays/{{number}}/evidence"): ("Evidence of a stay", "停放证据", "operator"),
    ("POST", f"{V1}/stays/{{number}}/replay"): ("Replay a stay", "假设重算", "operator"),
    ("GET", f"{V1}/trust"): ("One's trust", "信用分", "account"),
    ("GET", f"{V1}/accounts/{{number}}/trust"): ("An account's trust", "账户信用", "operator"),
    ("POST", f"{V1}/trust/{{event_id}}/appeal"): ("Appeal", "申诉", "account"),
    ("GET", f"{V1}/appeals"): ("Appeals", "待审申诉", "operator"),
    ("POST", f"{V1}/appeals/{{number}}/decision"): ("Decide an appeal", "裁定申诉", "operator"),
    ("GET", f"{V1}/titles/versions"): ("Versions of the titles", "产权库版本", "operator"),
    ("GET", f"{V1}/titles/versions/{{earlier}}/differences/{{later}}"): (
        "What differs",
        "版本差异",
        "operator",
    ),
    ("POST", f"{V1}/titles/{{space}}/transfer"): ("Transfer a title", "产权转移", "operator"),
    ("POST", f"{V1}/titles/{{space}}/revocation"): ("Revoke a title", "注销产权", "operator"),
    ("GET", f"{V1}/audit"): ("The audit log", "审计日志", "operator"),
    ("POST", f"{V1}/alarms/acknowledgement"): ("Acknowledge an alarm", "确认告警", "operator"),
}
EXAMPLES_MARKET: dict[tuple[str, str], Any] = {
    ("POST", f"{V1}/assignments"): {"wishes": [WISH, {**WISH, "vehicle": {"height_cm": 190}}]},
    ("POST", f"{V1}/offers/preview"): {"space": "S1", "schedule": SCHEDULE, "price": PRICE},
    ("POST", f"{_MY}/plates"): {"plate": "沪C24680"},
    ("POST", f"{_MY}/plates/removal"): {"plate": "沪C24680"},
    ("POST", f"{_MY}/taking-back/plan"): LATER,
    ("POST", f"{_MY}/taking-back"): {**LATER, "token": "3f9a"},
    ("POST", f"{V1}/lots/{{lot}}/calendar"): {"country": "CN", "extra": ["2026-06-01"]},
    ("POST", f"{V1}/lots/{{lot}}/zone"): {"tz": "Asia/Shanghai"},
    ("POST", f"{_S}/closures/plan"): {**LATER, "why": "maintenance"},
    ("POST", f"{_S}/closures"): {**LATER, "why": "maintenance", "token": "3f9a"},
    ("POST", f"{_S}/standby"): {"on": False},
    ("POST", f"{V1}/notices/contact"): {
        "channel": "email",
        "address": "wang.wei@example.org",
        "language": "zh",
    },
    ("POST", f"{V1}/disputes"): {"stay": 1, "about": "left_earlier", "text": "I left at 08:20."},
    ("POST", f"{V1}/disputes/{{dispute}}/decision"): {
        "verdict": "credit",
        "amount_minor": 100,
        "reason": "The gate stood closed for ten minutes.",
    },
    ("POST", f"{V1}/stays/{{number}}/assignment"): {
        "booking": "b-4k7m2p9q3r5s8t1v6w0x",
        "reason": "The plates were compared by eye.",
    },
    ("POST", f"{V1}/stays/{{number}}/replay"): {"assumption": "departure_earliest"},
    ("POST", f"{V1}/trust/{{event_id}}/appeal"): {"text": "The gate did not open."},
    ("POST", f"{V1}/appeals/{{number}}/decision"): {
        "upheld": True,
        "reason": "The gate's log shows it.",
    },
    ("POST", f"{V1}/titles/{{space}}/transfer"): {"holder": "李娜", "reason": "sold"},
    ("POST", f"{V1}/titles/{{space}}/revocation"): {"reason": "merged with S2"},
    ("POST", f"{V1}/alarms/acknowledgement"): {
        "alarm": "unbooked:7",
        "note": "The driver was asked to leave.",
    },
}
