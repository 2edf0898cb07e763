"""A refusal that a person may see: a value with a code, a sentence and a remedy, twice."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    code: str
    sentence_en: str
    sentence_zh: str
    remedy_en: str
    remedy_zh: str

    def plain(self) -> dict[str, str]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Refusal:
    """At least one reason why a request was not done; nothing of it was done."""

    reasons: tuple[Reason, ...]

    def plain(self) -> dict[str, object]:
        return {"refused": True, "reasons": [reason.plain() for reason in self.reasons]}


def refuse(code: str) -> Refusal:
    return Refusal((REASONS[code],))


def _table(*rows: tuple[str, str, str, str, str]) -> dict[str, Reason]:
    return {row[0]: Reason(*row) for row in rows}


REASONS = _table(
    (
        "unknown_space",
        "This space is not in the title library.",
        "产权库中没有这个车位。",
        "Check the number on the ground, or ask the operator to import the title.",
        "请核对地面编号，或请运营方导入产权记录。",
    ),
    (
        "already_shared",
        "This space is shared already.",
        "这个车位已经共享。",
        "Nothing needs doing: offer it. If another account registered it, ask the operator.",
        "无需再次登记，可直接发布。若由其他账户登记，请联系运营方。",
    ),
    (
        "not_shared",
        "This space is not marked as shared.",
        "这个车位没有共享标记。",
        "Register it and wait until the mark is on the chain.",
        "请先登记，并等待链上标记完成。",
    ),
    (
        "not_owner",
        "Another account registered this space.",
        "这个车位由另一个账户登记。",
        "Sign in with the account that registered it.",
        "请用登记该车位的账户操作。",
    ),
    (
        "no_offer",
        "Nobody offers this space for that time.",
        "该时段没有人提供这个车位。",
        "Choose a time inside the offered window, or another space.",
        "请选择开放时段内的时间，或另选车位。",
    ),
    (
        "bad_window",
        "The end must come after the start, and both after now.",
        "结束时间必须晚于开始时间，且不早于现在。",
        "Correct the times.",
        "请更正时间。",
    ),
    (
        "overlap",
        "The space is booked for part of that time.",
        "该时段内车位已被预订。",
        "Ask for recommendations again; another space may be free.",
        "请重新获取推荐，可能有其他空位。",
    ),
    (
        "price_changed",
        "The price is no longer the one you were shown.",
        "价格已变动。",
        "Look at the new price and confirm again.",
        "请查看新价格后再次确认。",
    ),
    (
        "balance",
        "The balance does not cover the quoted price.",
        "余额不足以支付报价。",
        "Top up and confirm again.",
        "请充值后再次确认。",
    ),
    (
        "too_high",
        "The vehicle is higher than this space allows.",
        "车辆高度超过车位限制。",
        "Choose a space with more height.",
        "请选择限高更高的车位。",
    ),
    (
        "space_unknown",
        "The sensors cannot tell whether this space is free.",
        "传感器无法确认车位是否空闲。",
        "Choose another space; the operator has been told.",
        "请另选车位，运营方已收到通知。",
    ),
    (
        "space_occupied",
        "A car is standing there now.",
        "车位当前有车。",
        "Choose another space or a later start.",
        "请另选车位或推迟开始时间。",
    ),
    (
        "gateway_offline",
        "The gateway of this space is not connected.",
        "该车位的网关未连接。",
        "Choose another space; the operator has been told.",
        "请另选车位，运营方已收到通知。",
    ),
    (
        "key_reused",
        "This idempotency key was used for another request.",
        "该幂等键已用于另一请求。",
        "Send a new key with a new wish; repeat a key only with the same request.",
        "新请求请使用新的键；只有重发同一请求时才可重复使用。",
    ),
    (
        "top_up_refused",
        "The chain refused this top-up; its credit was taken back.",
        "链上拒绝了这笔充值，已入账的金额已撤回。",
        "Ask the operator why (GET /api/v1/chain), then top up with a new key.",
        "请向运营方查询原因（GET /api/v1/chain），再用新的键充值。",
    ),
    (
        "bad_plate",
        "This is not a licence plate.",
        "这不是有效的车牌号。",
        "Write the plate as it stands on the vehicle: 4 to 10 letters and digits.",
        "请按车辆上的号牌填写：4至10位字母、数字或汉字。",
    ),
    (
        "unknown_lot",
        "These spaces are not all of that lot.",
        "这些车位不全属于该停车场。",
        "Check the lot's name and the spaces' numbers in the title library.",
        "请在产权库中核对停车场名称和车位编号。",
    ),
    (
        "other_key",
        "This gateway is enrolled with another key.",
        "该网关已用另一密钥登记。",
        'If its key was really replaced, say so: "replace_key": true.',
        '如确已更换密钥，请注明 "replace_key": true。',
    ),
    (
        "nothing_near",
        "No shared space is within a walk of that place.",
        "步行范围内没有共享车位。",
        "Choose another place; 800 m are searched.",
        "请另选地点；搜索范围为800米。",
    ),
    (
        "past_window",
        "Every offered window is over already.",
        "提供的时段均已过去。",
        "Offer a window that ends in the future.",
        "请提供尚未结束的时段。",
    ),
    (
        "too_late",
        "The booking can no longer be changed.",
        "预订已不能更改。",
        "Leave when you are done; you are billed for the time you stand there.",
        "离开即可，只按实际停放时间计费。",
    ),
    (
        "unknown_stay",
        "There is no stay of this number.",
        "没有这个编号的停放。",
        "Take the number from the receipt (record.stay) or from the lot's list of stays.",
        "请使用收据（record.stay）或车场停放列表中的编号。",
    ),
    (
        "not_settled",
        "This stay is not settled on the chain yet.",
        "这次停放尚未在链上结算。",
        "Wait until its booking shows the block; then credit it.",
        "请等预订页面显示区块后再退款。",
    ),
    (
        "credit_of_credit",
        "This number is a credit's own.",
        "这个编号属于一笔退款。",
        "Name the stay that was paid too much; its credits stand beside it.",
        "请填写多付的那次停放的编号，其退款记录列在旁边。",
    ),
    (
        "credit_nothing",
        "A credit pays back at least one minor unit.",
        "退款金额至少为一个最小货币单位。",
        "Give the amount in minor units (fen), above zero.",
        "请以最小货币单位（分）填写大于零的金额。",
    ),
    (
        "credit_too_much",
        "Of what was paid for this stay, {left_minor} minor units can still go back.",
        "这次停放的已付金额中，还可退 {left_minor} 个最小货币单位。",
        "Give that much or less.",
        "请填写不超过该数的金额。",
    ),
    (
        "credit_reason",
        "The reason is missing, longer than 400 characters, or not plain text.",
        "缺少理由，或理由超过400字，或含有无法显示的字符。",
        "Write in a sentence why the money goes back; driver and owner read it.",
        "请用一句话写明退款理由，车主和业主都会看到。",
    ),
)
