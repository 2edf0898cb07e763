"""What the proof page says, whose own script verifies in the reader's browser; see words.py."""

PROOF_WORDS: dict[str, tuple[str, str]] = {
    "proof.title": ("Proof of a receipt", "收据核验"),
    "proof.lead": (
        "A second verifier, apart from the server's: your own browser recomputes every link. "
        "The receipt does not leave this device.",
        "独立于服务器的第二个核验程序：由你的浏览器重新计算每一环。收据不会离开这台设备。",
    ),
    "proof.drop": ("Drop a receipt here, or choose its file", "把收据拖到这里，或选择文件"),
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
        "PASS for what the file itself can show; the chain was not asked. All {count} links hold, "
        "if ledger {ledger} is your operator's.",
        "文件自身各环成立；尚未查询链。共 {count} 环成立，前提是账本 {ledger} 属于你的运营方。",
    ),
    "verdict.own": (
        "PASS: all {count} links hold, as this operator's own node says, "
        "if ledger {ledger} is your operator's.",
        "通过：依据本运营方自己的节点，{count} 环全部成立，前提是账本 {ledger} 属于你的运营方。",
    ),
    "verdict.named": (
        "PASS: all {count} links hold, as the node you named says, "
        "if ledger {ledger} is your operator's.",
        "通过：依据你指定的节点，{count} 环全部成立，前提是账本 {ledger} 属于你的运营方。",
    ),
    "proof.pending": (
        "This receipt is pending: stay {stay} is not filed yet. Fetch it again later.",
        "这张收据尚待登记：停放 {stay} 还没有上链。请稍后重新获取。",
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
    "proof.when": ("When (UTC)", "时间（UTC）"),
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
    "proof.doubt": ("In whose favour doubt went", "存疑部分归谁"),
    "proof.doubt.driver": (
        "In the driver's: of {stayed} between the two times above, {certain} are proven and "
        "{doubt} are not billed. Only whole steps are billed; fractions of a cent are dropped.",
        "归驾驶人：上述两个时间之间共 {stayed}，其中 {certain} 有证明，{doubt} 不计费。"
        "只计满整步的时间，不足一分的金额舍去。",
    ),
    "proof.filed": ("Where it is filed", "登记在何处"),
    "proof.chain": ("Chain", "链"),
    "proof.stay": ("Stay number", "停放编号"),
    "proof.root": ("Batch's root", "批次根"),
    "proof.plate": (
        "No licence plate is in a receipt: the events carry only a salted digest of it.",
        "收据不含车牌：事件中只有加盐摘要。",
    ),
    "proof.broken": (
        "This receipt does not hold. What it says below is not proven.",
        "这张收据不成立。以下内容未经证明。",
    ),
}

# The same for the browser's verifier, which speaks no language: (holds, does not hold).
LINKS_EN: dict[str, tuple[str, str]] = {
    "format": (
        "This file reads as a receipt, and nothing else stands in it.",
        "This file does not read as a receipt.",
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
