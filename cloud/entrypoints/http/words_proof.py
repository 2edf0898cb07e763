"""What the proof page says, whose own script verifies in the reader's browser; see words.py."""

from cloud.entrypoints.http.words_charges import CHARGE_LINKS

PROOF_WORDS: dict[str, tuple[str, str]] = {
    "proof.title": ("Proof of a receipt", "收据核验"),
    "proof.lead": (
        "A second verifier, apart from the server's: your own browser recomputes every link. "
        "The receipt does not leave this device.",
        "独立于服务器的第二个核验程序：由你的浏览器重新计算每一环。收据不会离开这台设备。",
    ),
    "proof.drop": (
        "Drop a receipt, a credit or a charge here, or choose its file",
        "把收据、退款或收费文件拖到这里，或选择文件",
    ),
    "proof.node": (
        "To ask the chain as well: the address of a node you trust, or this server's (optional)",
        "同时查询链：填写你信任的节点地址，或本服务器的节点（可选）",
    ),
    "proof.node.silent": (
        "This node gave no usable answer, so nothing is known of the chain. Check the address, "
        "and that the node lets web pages ask it.",
        "该节点没有给出可用的答复，链上情况未知。请检查地址，并确认节点允许网页查询。",
    ),
    "verdict.file": (
        "PASS for what the file itself shows; the chain was not asked. Ask it: name a node above. "
        "All {count} links that it shows hold, if ledger {ledger} is your operator's.",
        "文件自身所示各环成立；尚未查询链，请在上方填写节点再查。所示 {count} 环成立，"
        "前提是账本 {ledger} 属于你的运营方。",
    ),
    "verdict.own": (
        "PASS: all {count} links that it shows hold, as this operator's own node says, "
        "if ledger {ledger} is your operator's.",
        "通过：依据本运营方自己的节点，所示 {count} 环全部成立，"
        "前提是账本 {ledger} 属于你的运营方。",
    ),
    "verdict.named": (
        "PASS: all {count} links that it shows hold, as the node you named says, "
        "if ledger {ledger} is your operator's.",
        "通过：依据你指定的节点，所示 {count} 环全部成立，前提是账本 {ledger} 属于你的运营方。",
    ),
    "waits.held": (
        "PENDING: stay {stay} is not on the chain yet. All {count} links that this file can show "
        "already hold. Ask again later.",
        "待上链：停放 {stay} 还没有上链。这份文件现在能证明的 {count} 环全部成立。请稍后再查。",
    ),
    "waits.bare": (
        "PENDING: stay {stay} is not on the chain yet. This file carries nothing that could be "
        "checked already. Ask again later.",
        "待上链：停放 {stay} 还没有上链。这份文件暂无可核验的内容。请稍后再查。",
    ),
    "waits.credit": (
        "PENDING: the credit with number {stay} is not on the chain yet. This file carries nothing "
        "that could be checked already. Ask again later.",
        "待上链：编号 {stay} 的退款还没有上链。这份文件暂无可核验的内容。请稍后再查。",
    ),
    "proof.empty": ("Choose or paste a receipt.", "请选择或粘贴一张收据。"),
    "proof.asking": ("Asking the node …", "正在查询节点……"),
    "proof.print": ("Print", "打印"),
    "proof.script": (
        "This page works with a script of its own. Without it, the server can check a receipt:",
        "本页依靠自带脚本运行。未启用脚本时，可由服务器核验：",
    ),
    "proof.also": ("Verify it in your own browser", "在自己的浏览器中核验"),
    "proof.at": ("The first thing that does not fit: {where}", "第一处不符：{where}"),
    "proof.unpaid": ("Not paid: {missing}.", "未付：{missing}。"),
    "proof.none": ("(the file itself)", "（文件本身）"),
    "proof.what": ("What", "内容"),
    "proof.space": ("Space", "车位"),
    "proof.gateway": ("Measured by gateway", "测量网关"),
    "proof.accounts": ("Paid by account, to account", "付款账户、收款账户"),
    "proof.accounts.of": ("{driver} to {owner}", "{driver} 付给 {owner}"),
    "proof.fee": ("Platform's part of it", "其中平台费"),
    "proof.when": ("When", "时间"),
    "zone.both": ("{local} ({utc} UTC)", "{local}（UTC {utc}）"),
    "zone.lot": (
        "Times in the lot's time zone, {zone}, with UTC in brackets.",
        "时间按车场所在时区（{zone}），括号内为 UTC。",
    ),
    "zone.own": (
        "Times in this device's time zone, {zone}, with UTC in brackets.",
        "时间按本设备的时区（{zone}），括号内为 UTC。",
    ),
    "zone.utc": ("Times in UTC.", "时间为 UTC。"),
    "proof.give": ("give or take {doubt} s", "误差 ±{doubt} 秒"),
    "clock.synced": ("clock in step", "时钟已同步"),
    "clock.holdover": ("clock on its own", "时钟自走"),
    "clock.unsynced": ("clock not set", "时钟未校准"),
    "proof.sure": ("Certainly there", "确定停放"),
    "proof.price": ("How the price came about", "费用如何得出"),
    "proof.agreed": (
        "Agreed: {price} an hour, in whole steps of {step} s (tariff {tariff}, version {version}).",
        "约定：每小时 {price}，每 {step} 秒一计（价格 {tariff}，版本 {version}）。",
    ),
    "sum.parking": ("Parking: {time} at {price} an hour", "停车：{time}，每小时 {price}"),
    "sum.free": ("Free of charge: the first {time}", "免费：前 {time}"),
    "sum.cap": ("No more than the cap of {cap}", "封顶 {cap}"),
    "sum.overstay": (
        "Overstay, past the grace: {time} at {price} an hour",
        "超过宽限后的超时：{time}，每小时 {price}",
    ),
    "sum.parking.timed": (
        "Parking in {span}: {time} at {price} an hour",
        "停车，{span}：{time}，每小时 {price}",
    ),
    "sum.overstay.timed": (
        "Overstay in {span}: {time} at {price} an hour",
        "超时，{span}：{time}，每小时 {price}",
    ),
    "sum.day_cap": ("No more than {cap} for {span}", "{span} 封顶 {cap}"),
    "sum.minimum": ("Up to the minimum of {cap}", "补足最低收费 {cap}"),
    "sum.booking_fee": ("Booking fee", "预订费"),
    "sum.tax": ("Tax, {percent} %", "税，{percent} %"),
    "sum.tax.within": (
        "Tax of {percent} % within the total: {tax}",
        "合计中已含 {percent} % 的税：{tax}",
    ),
    "sum.rounding": ("Rounded to whole {unit}", "取整到 {unit}"),
    "proof.agreed.timed": (
        "Agreed: the rates of the timetable in the file, in whole steps of {step} s "
        "(tariff {tariff}, version {version}).",
        "约定：按文件中时间表的费率，每 {step} 秒一计（价格 {tariff}，版本 {version}）。",
    ),
    "proof.doubt": ("In whose favour doubt went", "存疑部分归谁"),
    "proof.doubt.driver": (
        "In the driver's: of {stayed} between the two times above, {certain} are proven and "
        "{doubt} are not billed. Only whole steps are billed; fractions of a cent are dropped.",
        "归驾驶人：上述两个时间之间共 {stayed}，其中 {certain} 有证明，{doubt} 不计费。"
        "只计满整步的时间，不足一分的金额舍去。",
    ),
    "proof.back": ("Paid back", "退款"),
    "proof.back.amount": ("How much", "金额"),
    "proof.back.of": ("{back} of the {total} of stay {stay}", "停放 {stay} 的 {total} 中退 {back}"),
    "proof.back.reason": ("Reason, as filed", "登记的理由"),
    "proof.back.stay": ("Number of its own", "自己的编号"),
    "proof.back.below": (
        "A credit is a settlement of its own, in the other direction. Below stands the receipt "
        "that it corrects, as it was issued.",
        "退款是一次方向相反的独立结算。下面是它所更正的收据原件。",
    ),
    "proof.back.alone": (
        "The file shows this one credit of stay {stay}, and no others.",
        "这份文件只显示停放 {stay} 的这一笔退款，不显示其他退款。",
    ),
    "proof.once": (
        "It shows this one settlement of stay {stay}: whether the stay was settled again, the "
        "ledger's log tells.",
        "它只显示停放 {stay} 的这一次结算：这次停放是否被重复结算，要看账本的日志。",
    ),
    "proof.registrar": (
        "The gateway's key is the registrar's word: it proves the stay if the registrar named the "
        "real gateway.",
        "网关密钥以登记方所言为准：登记方登记的确是这台网关，才能证明这次停放。",
    ),
    "proof.unlearnt": (
        "Every link that was learnt holds. Not learnt, as the node does not tell it: {names}. "
        "Ask a node that keeps the state of block {block} (an archive node).",
        "已查到的各环成立。该节点没有告知：{names}。"
        "请查询保留区块 {block} 状态的节点（归档节点）。",
    ),
    "proof.untitled": (
        "Not shown: whether the space was rightly shared is not checked here.",
        "未出示：车位是否有权共享，这里没有核验。",
    ),
    "proof.filed": ("Where it is filed", "登记在何处"),
    "proof.chain": ("Chain", "链"),
    "proof.stay": ("Stay number", "停放编号"),
    "proof.root": ("Batch's root", "批次根"),
    "proof.plate": (
        "No licence plate is in a receipt: the events carry only a salted digest of it.",
        "收据不含车牌：事件中只有加盐摘要。",
    ),
    "link.draft": ("It is what will be filed", "与将要登记的一致"),
    "link.credit": ("It pays back this settlement", "退还的是这次结算"),
    "link.credit proof": ("The credit leads to its batch's root", "退款记录可推导至批次根"),
    "link.credit batch root": ("The credit's root is on the chain", "退款的批次根在链上"),
    "link.credit transaction": ("The transaction filed this credit", "交易记入了这笔退款"),
    "link.credit payment": ("It was paid back in full", "已全额退还"),
    "proof.broken": (
        "This receipt does not hold. What it says below is not proven.",
        "这张收据不成立。以下内容未经证明。",
    ),
}

# The same for the browser's verifier, which speaks no language: (holds, does not hold).
LINKS_EN: dict[str, tuple[str, str]] = {
    "format": (
        "This file reads as what it says it is, and nothing else stands in it.",
        "This file does not read as a receipt, a credit or a charge.",
    ),
    "titles": (
        "The space's title leads to the title library's root.",
        "The space's title does not lead to the root of the title library.",
    ),
    "signatures": (
        "Every event was signed by the gateway's key that the receipt names.",
        "An event was not signed by that gateway's key, or was changed afterwards.",
    ),
    "sequence": (
        "Every event names the one before it: none of this space was left out.",
        "The events do not follow one another: something is left out, moved or of another space.",
    ),
    "clock": (
        "All that is billed begins by a clock that was set.",
        "Something that is billed does not begin by a clock that was set.",
    ),
    "booking": (
        "Events, grant and settlement record all mean this confirmed booking.",
        "Events, grant or settlement record do not mean this booking.",
    ),
    "tariff": (
        "The price is the one that was agreed on when booking.",
        "The price is not the one that was agreed on when booking.",
    ),
    "times": (
        "Arrival, departure and billed time follow from the signed events.",
        "These times do not follow from the signed events.",
    ),
    "arithmetic": (
        "Reckoned again from tariff and times, every line and the total are the same.",
        "Reckoned again from tariff and times, a line or the total differs.",
    ),
    "record": (
        "The settlement record says what this receipt says.",
        "The settlement record says something else than this receipt.",
    ),
    "proof": (
        "From the settlement record the batch's root can be computed.",
        "The settlement record does not lead to the batch's root.",
    ),
    "chain id": ("The node is of the receipt's chain.", "The node is of another chain."),
    "registry": (
        "The ledger belongs to the registry that the receipt names.",
        "The ledger does not belong to the registry that the receipt names.",
    ),
    "gateway key": (
        "The registry knows this key as this gateway's.",
        "The registry does not know this key as this gateway's.",
    ),
    "title root": (
        "The library of titles had this root when the stay was filed.",
        "The library of titles had another root when the stay was filed.",
    ),
    "batch root": (
        "The batch has this root on the chain.",
        "The batch has another root on the chain.",
    ),
    "transaction": (
        "The transaction was mined there and filed this stay.",
        "The chain knows no such transaction that filed this stay.",
    ),
    "payment": ("It was paid in full.", "It was not paid in full."),
}

# Of drafts, credits and charges, English and Chinese: (holds, does not hold).
LINKS_MORE: tuple[dict[str, tuple[str, str]], dict[str, tuple[str, str]]] = (
    {
        "draft": (
            "What will be filed is what this draft shows.",
            "What is said to be filed is not what this draft shows.",
        ),
        "credit": (
            "It pays back a part of this very settlement, to the one who paid, for this reason.",
            "It does not pay back a part of this settlement to the one who paid, for this reason.",
        ),
        "credit proof": (
            "From the counter-record its batch's root can be computed, in the same ledger.",
            "The counter-record does not lead to its batch's root, or stands in another ledger.",
        ),
        "credit batch root": (
            "The credit's batch has this root on the chain.",
            "The credit's batch has another root on the chain.",
        ),
        "credit transaction": (
            "The transaction was mined there and filed this credit.",
            "The chain knows no such transaction that filed this credit.",
        ),
        "credit payment": ("It was paid back in full.", "It was not paid back in full."),
        **CHARGE_LINKS[0],
    },
    {
        "draft": ("将要登记的内容与这份草稿相同。", "将要登记的内容与这份草稿不同。"),
        "credit": (
            "按所列理由，把这次结算的一部分退还给付款人。",
            "并非按所列理由把这次结算的一部分退还给付款人。",
        ),
        "credit proof": (
            "由退款记录可以逐级算出所在批次的根，且属于同一账本。",
            "由退款记录算不出所在批次的根，或属于另一账本。",
        ),
        "credit batch root": ("链上的退款批次根相同。", "链上的退款批次根不同。"),
        "credit transaction": (
            "所列交易已成功上链，并记入了这笔退款。",
            "链上没有这样一笔记入了这笔退款的成功交易。",
        ),
        "credit payment": ("退款已全额付清。", "退款没有全额付清。"),
        **CHARGE_LINKS[1],
    },
)
