"""The API in words: what each operation does (en, zh, its group), and an example that runs."""

from typing import Any

from cloud.entrypoints.http.api_paths import FEED, V1
from cloud.entrypoints.http.docs_identity import (
    EXAMPLES_IDENTITY,
    SUMMARIES_IDENTITY,
    TAGS_IDENTITY,
)
from cloud.entrypoints.http.docs_privacy import EXAMPLES_PRIVACY, SUMMARIES_PRIVACY
from cloud.entrypoints.http.docs_words_accounts import (
    EXAMPLES_ACCOUNTS,
    SUMMARIES_ACCOUNTS,
    TAGS_ACCOUNTS,
)
from cloud.entrypoints.http.docs_words_market import EXAMPLES_MARKET, SUMMARIES_MARKET

ABOUT = """Shared parking with a receipt that anyone can check.

Times are text with a zone (`2026-05-01T08:00:00+08:00`); answers are UTC to the millisecond. Money
is whole minor units (fen). Lists come in pages: follow `Link: <...>; rel="next"`. Answers carry an
`ETag`: send it as `If-None-Match` and an unchanged one costs nothing. Work that may be sent twice
carries an `Idempotency-Key`; the same key with the same request is done once. Whatever is not done
says why in one shape (`Problem`), in English and Chinese; all codes are listed at `/docs/problems`.
"""
TAGS = {
    "driver": ("Find a space, book it, follow it.", "找车位、预订、查看进度"),
    "owner": ("Register a space and offer it.", "登记与发布车位"),
    "operator": ("Accounts, gateways, credits.", "账户、网关、退款"),
    "account": ("One's own account and money.", "自己的账户与资金"),
    "open": ("What anyone may read.", "公开信息"),
    "feed": ("Places, occupancies and rates in APDS terms.", "APDS 数据"),
}
HOURS = {"starts_at": "2026-05-01T00:00:00Z", "ends_at": "2026-05-01T04:00:00Z"}
WINDOW = {"starts_at": "2026-05-01T08:01:00+08:00", "ends_at": "2026-05-01T09:01:00+08:00"}
# Each runs in a test, in this order, against the lot that its rig opens.
EXAMPLES: dict[tuple[str, str], Any] = {
    ("POST", f"{V1}/accounts"): {"name": "Wang Wei", "role": "driver"},
    ("POST", f"{V1}/accounts/{{number}}/top-up"): {"amount_minor": 5000},
    ("POST", f"{V1}/gateways"): {
        "id": "gw-1",
        "signer": "0x281AAdF1D9d82B9fbdA26fd9dD0B1e5a2a3c3a12",
        "lot": "lot-1",
        "spaces": ["S1", "S2", "S3"],
        "replace_key": True,
    },
    ("POST", f"{V1}/registrations"): {
        "space": "S2",
        "holder": "王伟",
        "management_consent": True,
        "co_owner_consent": True,
    },
    ("POST", f"{V1}/offers"): {
        "space": "S1",
        "windows": [HOURS],
        "price": {"per_hour_minor": 600, "cap_minor": 3000},
    },
    ("POST", f"{V1}/requests"): {"lat": 31.2304, "lon": 121.4737, **WINDOW},
    ("POST", f"{V1}/bookings"): {
        "space": "S1",
        "plate": "沪A12345",
        "quoted_minor": 600,
        **WINDOW,
    },
    ("POST", f"{V1}/bookings/{{booking_id}}/quote"): WINDOW,
    ("POST", f"{V1}/bookings/{{booking_id}}/extend"): {
        "ends_at": "2026-05-01T09:31:00+08:00",
        "quoted_minor": 900,
    },
    ("POST", f"{V1}/bookings/{{booking_id}}/window"): {**WINDOW, "quoted_minor": 600},
    ("POST", f"{V1}/bookings/{{booking_id}}/plate"): {"plate": "沪B67890"},
    ("POST", f"{V1}/bookings/{{booking_id}}/space-taken"): {"wants": "space"},
    ("POST", f"{V1}/offers/{{offer_id}}/withdrawal"): {"token": None},
    ("POST", f"{V1}/reviews/{{number}}/decision"): {
        "accepted": True,
        "reason": "The contract names the holder.",
    },
    ("POST", f"{V1}/settlements/{{stay}}/credits"): {
        "amount_minor": 100,
        "reason": "The gate stood closed for ten minutes.",
    },
}
SUMMARIES: dict[tuple[str, str], tuple[str, str, str]] = {
    ("POST", f"{V1}/accounts"): ("Open an account", "开户", "operator"),
    ("POST", f"{V1}/accounts/{{number}}/top-up"): ("Top an account up", "账户充值", "operator"),
    ("POST", f"{V1}/gateways"): ("Enrol a gateway", "登记网关", "operator"),
    ("GET", f"{V1}/chain"): ("Calls to the chain", "链上调用", "operator"),
    ("GET", f"{V1}/lots/{{lot}}/stays"): ("Stays of a lot", "车场停放记录", "operator"),
    ("GET", f"{V1}/lots/{{lot}}/alarms"): ("Alarms of a lot", "车场告警", "operator"),
    ("POST", f"{V1}/settlements/{{stay}}/credits"): ("Credit a stay", "退款", "operator"),
    ("GET", f"{V1}/credits"): ("Credits", "退款列表", "account"),
    ("GET", f"{V1}/charges"): ("Charges", "收费列表", "account"),
    ("GET", f"{V1}/account"): ("Whose key this is", "当前账户", "account"),
    ("GET", f"{V1}/balance"): ("Balance", "余额", "account"),
    ("GET", f"{V1}/exports/postings.csv"): ("Postings as CSV", "导出账目（CSV）", "account"),
    ("GET", f"{V1}/exports/stays.csv"): ("Stays as CSV", "导出停放（CSV）", "owner"),
    ("GET", f"{V1}/exports/settlements.csv"): ("Settlements as CSV", "导出结算（CSV）", "owner"),
    ("GET", f"{V1}/registrations"): ("Registrations", "登记列表", "owner"),
    ("POST", f"{V1}/registrations"): ("Register a space", "登记车位", "owner"),
    ("GET", f"{V1}/registrations/{{registration_id}}"): ("A registration", "查看登记", "owner"),
    ("GET", f"{V1}/offers"): ("Offers", "发布列表", "owner"),
    ("POST", f"{V1}/offers"): ("Offer a space", "发布车位", "owner"),
    ("GET", f"{V1}/offers/{{offer_id}}"): ("An offer", "查看发布", "owner"),
    ("GET", f"{V1}/offers/{{offer_id}}/withdrawal"): ("What it would cost", "撤回代价", "owner"),
    ("POST", f"{V1}/offers/{{offer_id}}/withdrawal"): ("Withdraw an offer", "撤回发布", "owner"),
    ("GET", f"{V1}/reviews"): ("The desk", "待审登记", "operator"),
    ("POST", f"{V1}/reviews/{{number}}/decision"): ("Decide a review", "审核", "operator"),
    ("POST", f"{V1}/bookings/{{booking_id}}/quote"): ("Quote a change", "变更报价", "driver"),
    ("POST", f"{V1}/bookings/{{booking_id}}/extend"): ("Extend a booking", "延长预订", "driver"),
    ("POST", f"{V1}/bookings/{{booking_id}}/window"): ("Change its window", "变更时段", "driver"),
    ("POST", f"{V1}/bookings/{{booking_id}}/plate"): ("Change its plate", "变更车牌", "driver"),
    ("POST", f"{V1}/bookings/{{booking_id}}/space-taken"): (
        "Someone is in my space",
        "车位被占",
        "driver",
    ),
    ("POST", f"{V1}/requests"): ("Ask for spaces", "查找车位", "driver"),
    ("GET", f"{V1}/bookings"): ("Bookings", "预订列表", "driver"),
    ("POST", f"{V1}/bookings"): ("Book a space", "预订车位", "driver"),
    ("POST", f"{V1}/bookings/{{booking_id}}/cancel"): ("Cancel a booking", "取消预订", "driver"),
    ("GET", f"{V1}/bookings/{{booking_id}}"): ("A booking", "查看预订", "open"),
    ("GET", f"{V1}/bookings/{{booking_id}}/stream"): ("A booking, live", "预订实时推送", "open"),
    ("GET", f"{V1}/bookings/{{booking_id}}/receipt"): ("Its receipt", "收据", "open"),
    ("GET", f"{V1}/bookings/{{booking_id}}/credits"): ("Its credits", "预订的退款", "open"),
    ("GET", f"{V1}/bookings/{{booking_id}}/credits/{{number}}"): ("A credit", "退款凭证", "open"),
    ("GET", f"{V1}/bookings/{{booking_id}}/charges"): ("Its charges", "预订的收费", "open"),
    ("GET", f"{V1}/bookings/{{booking_id}}/charges/{{number}}"): ("A charge", "收费凭证", "open"),
    ("GET", f"{V1}/lots"): ("Lots", "车场列表", "open"),
    ("GET", f"{V1}/lots/{{lot}}"): ("A lot", "查看车场", "open"),
    ("GET", f"{V1}/lots/{{lot}}/spaces.geojson"): ("Its spaces on a map", "车位地图", "open"),
    ("GET", f"{V1}/lots/{{lot}}/stream"): ("A lot, live", "车场实时推送", "open"),
    ("GET", f"{V1}/titles/{{space}}/proof"): ("A title's proof", "产权证明", "open"),
    ("GET", f"{FEED}/places"): ("Places", "停车场", "feed"),
    ("GET", f"{FEED}/occupancies"): ("Occupancies", "占用情况", "feed"),
    ("GET", f"{FEED}/rates"): ("Rates", "费率", "feed"),
}
EXAMPLES |= EXAMPLES_MARKET | EXAMPLES_IDENTITY | EXAMPLES_ACCOUNTS | EXAMPLES_PRIVACY
SUMMARIES |= SUMMARIES_MARKET | SUMMARIES_IDENTITY | SUMMARIES_ACCOUNTS | SUMMARIES_PRIVACY
TAGS |= TAGS_IDENTITY | TAGS_ACCOUNTS
# What the two pages of the description say around it: (en, zh).
PAGE: dict[str, tuple[str, str]] = {
    "title": ("The API", "接口说明"),
    "problems": ("Every refusal and error", "全部拒绝与错误代码"),
    "groups": ("Groups", "分组"),
    "who": ("Who", "角色"),
    "anyone": ("anyone", "任何人"),
    "parameters": ("Parameters", "参数"),
    "needed": ("required", "必填"),
    "body": ("Request", "请求"),
    "example": ("Example", "示例"),
    "answers": ("Answers", "响应"),
    "like": ("such as", "例如"),
    "types": ("Types", "类型"),
    "shape": (
        "All of them come in one shape (RFC 9457): code, sentence and remedy, in two languages.",
        "格式统一（RFC 9457）：代码、说明和处理办法，中英双语。",
    ),
}
ABOUT_ZH = """共享停车，收据人人可验。

时间为带时区的文本（`2026-05-01T08:00:00+08:00`）；响应为 UTC，精确到毫秒。
金额为最小货币单位（分）的整数。列表分页：按 `Link: <...>; rel="next"` 翻页。
响应带 `ETag`：以 `If-None-Match` 发送，内容未变则不再传输。
可能重发的请求带 `Idempotency-Key`：相同的键和请求只执行一次。
未执行的请求一律说明原因（`Problem`），中英双语；全部代码见 `/docs/problems`。
"""
