"""Price and terms of a booking in words, in both languages; before it is made, and on its page."""

RULE_WORDS: dict[str, tuple[str, str]] = {
    "rules": ("The price, in words", "价格说明"),
    "rules.hour": (
        "{price} an hour, counted in steps of {step}.",
        "每小时 {price}，按{step}递增计时。",
    ),
    "rules.free": ("The first {free} are free.", "前{free}免费。"),
    "rules.cap": ("Never more than {cap} for the booked time.", "预订时段内最多 {cap}（封顶）。"),
    "rules.grace": (
        "{grace} of grace after the end cost nothing.",
        "结束后{grace}宽限期内免费。",
    ),
    "rules.overstay": (
        "After the grace: {percent}% of the price, {price} an hour.",
        "宽限期后按{percent}%计费，每小时 {price}。",
    ),
    "rules.cancel.free": (
        "Cancelling costs nothing until your car is there.",
        "停入之前取消免费。",
    ),
    "rules.cancel.until": (
        "Cancelling costs nothing until {at}.",
        "{at} 之前取消免费。",
    ),
    "rules.owed": (
        "Taken away from you {before} or more before the start: you are owed {percent}% of the "
        "quote, at least {least}.",
        "车位方在开始前{before}以上取消：补偿报价的{percent}%，至少 {least}。",
    ),
    "rules.owed.less": (
        "Taken away from you less than {before} before the start: you are owed {percent}% of the "
        "quote, at least {least}.",
        "车位方在开始前不足{before}取消：补偿报价的{percent}%，至少 {least}。",
    ),
    "rules.owed.standing": (
        "Asked to leave while your car is there: you are owed {percent}% of the quote, at least "
        "{least}.",
        "停放期间被要求驶离：补偿报价的{percent}%，至少 {least}。",
    ),
    "rules.early": ("You may come up to {early} early.", "最多可提前{early}到达。"),
    "rules.noshow": (
        "No car {wait} after the start: the space is released and the hold goes back.",
        "开始后{wait}仍未到达：车位释放，冻结金额退回。",
    ),
}
