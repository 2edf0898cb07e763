"""Alarms in both languages: what it is, and what to do."""

ALARM_WORDS: dict[str, tuple[str, str]] = {
    "alarm.unbooked": ("A car without a booking", "未预订车辆"),
    "alarm.unbooked.do": (
        "Look at the plate evidence, then ask the driver to book or to leave.",
        "查看车牌证据，请车主预订或驶离。",
    ),
    "alarm.ambiguous_plate": ("A plate nearly fits a booking", "车牌与预订接近"),
    "alarm.ambiguous_plate.do": (
        "Compare the picture with the booking and decide.",
        "对照图片与预订后判断。",
    ),
    "alarm.broken_evidence": ("The evidence of a stay has a gap", "停放证据有缺口"),
    "alarm.broken_evidence.do": (
        "Replay the events and decide the price; nothing is charged until then.",
        "回放事件后定价；在此之前不扣费。",
    ),
    "alarm.foreign_space": ("A gateway reports on a foreign space", "网关上报了别处的车位"),
    "alarm.foreign_space.do": (
        "Compare the gateway's configuration with its enrolment.",
        "核对网关配置与登记。",
    ),
    "alarm.unpaid": ("A stay was not paid in full", "停放未付清"),
    "alarm.unpaid.do": (
        "Settle the rest with the driver: a later top-up does not pay it.",
        "请与车主另行结清余款：之后充值不会补付。",
    ),
    "alarm.credit_unpaid": ("A credit was not paid back in full", "退款未能全额退回"),
    "alarm.credit_unpaid.do": (
        "Ask the owner to top up, then credit the rest: it is still left to credit.",
        "请业主充值后，再退其余部分：未退金额仍可再次退款。",
    ),
    "alarm.charge_unpaid": ("A charge was not paid in full", "收费未能全额收取"),
    "alarm.charge_unpaid.do": (
        "Settle the rest with whoever owes it: a later top-up does not pay it.",
        "请与欠款方另行结清余款：之后充值不会补付。",
    ),
    "alarm.unknown_gateway": ("Events of an unknown gateway", "来自未知网关的事件"),
    "alarm.unknown_gateway.do": (
        "Enrol it if it is yours; else look for the sender.",
        "如属于你，请登记；否则查找来源。",
    ),
    "alarm.wrong_key": ("An event was signed by a wrong key", "事件签名不符"),
    "alarm.wrong_key.do": (
        "Treat it as tampering until shown otherwise: check the gateway on site.",
        "先按篡改处理：到现场检查网关。",
    ),
    "alarm.gateway_revoked": ("A gateway's key is revoked", "网关密钥已吊销"),
    "alarm.gateway_revoked.do": (
        "Its spaces are unknown until another gateway, or this one with a new key, watches them.",
        "其车位状态未知，直至由其他网关或换用新密钥的该网关接管。",
    ),
    "alarm.revoked_key": ("An event was signed by a revoked key", "事件由已吊销的密钥签名"),
    "alarm.revoked_key.do": (
        "Find the device: whoever has it still sends in its name.",
        "找到该设备：持有者仍在以其名义发送。",
    ),
    "alarm.not_then": (
        "A gateway tells of a time when a space was not its own",
        "网关上报了车位不归其管的时段",
    ),
    "alarm.not_then.do": (
        "Compare its clock and its spaces with its enrolment; nothing was changed by it.",
        "核对其时钟、车位与登记信息；该上报未产生任何影响。",
    ),
    "alarm.absurd_time": ("A gateway tells of a time that cannot be", "网关上报了不可能的时间"),
    "alarm.absurd_time.do": (
        "Set its clock; then look at its events and decide about the stay.",
        "校正其时钟，然后查看事件并处理该次停放。",
    ),
    "alarm.told_late": (
        "A gateway tells late of a space that it watched before",
        "网关迟报了其此前看管的车位",
    ),
    "alarm.told_late.do": (
        "Another stay goes on there: put the earlier one together from its events.",
        "该处已有另一次停放：请根据事件整理较早的一次。",
    ),
    "alarm.number_reused": ("A gateway used a number twice", "网关重复使用编号"),
    "alarm.number_reused.do": (
        "Its store was restored or copied: enrol it again with a new epoch.",
        "其存储被恢复或复制过：请以新纪元重新登记。",
    ),
    "alarm.command_refused": ("A gateway refused a command", "网关拒绝了指令"),
    "alarm.command_refused.do": (
        "Read its reason, mend it, and send the command again.",
        "查看原因，修正后重新发送。",
    ),
    "alarm.call_failed": ("The chain refused a call", "链拒绝了调用"),
    "alarm.call_failed.do": ("Look at the call and its arguments.", "查看调用及其参数。"),
    "alarm.call_blocked": ("The chain refuses a call for now", "链暂时拒绝调用"),
    "alarm.call_blocked.do": (
        "Mend what it names; the call is tried again by itself.",
        "请排除所述原因；系统会自动重试。",
    ),
    "alarm.withdrew_held": ("A driver withdrew what bookings need", "车主提走了预订所需的款项"),
    "alarm.withdrew_held.do": (
        "Ask the driver to top up, or cancel the bookings.",
        "请车主充值，或取消相关预订。",
    ),
    "alarm.wrong_vehicle": ("Another car stands in a booked space", "已预订车位停有其他车辆"),
    "alarm.wrong_vehicle.do": (
        "Look at the plate evidence; the booked driver was told where else to go.",
        "请查看车牌证据；已告知预订者可改停的车位。",
    ),
    "alarm.parked_elsewhere": ("A booked car stands in another space", "预订车辆停在其他车位"),
    "alarm.parked_elsewhere.do": (
        "Move the booking there, or ask the driver to move the car.",
        "请将预订移到该车位，或请驾驶人移车。",
    ),
    "alarm.came_early": ("A car came before its booking allows", "车辆早于预订允许的时间到达"),
    "alarm.came_early.do": (
        "Ask the driver to wait, or assign the stay if the space is free.",
        "请驾驶人稍候；若车位空闲，可人工关联停车。",
    ),
    "alarm.dispute": ("A stay is in dispute", "停车存在争议"),
    "alarm.dispute.do": (
        "Replay its evidence and decide; the payout is held meanwhile.",
        "请回放证据并裁定；其间暂缓付款。",
    ),
    "alarm.low_trust": ("Somebody's record has become poor", "某账户信用偏低"),
    "alarm.low_trust.do": (
        "Read the reasons and speak with the person; nothing happens by itself.",
        "请查看原因并联系本人；系统不会自动处理。",
    ),
    "alarm.overstay_unconfirmed": ("An overstay was not confirmed", "逾期停车未经确认"),
    "alarm.overstay_unconfirmed.do": (
        "Nothing was charged. Look at the evidence and decide the price.",
        "尚未收费。请查看证据并裁定价格。",
    ),
    "alarm.overstay_met_next": (
        "A car still stands where the next booking begins",
        "下一预订已开始而车辆未离开",
    ),
    "alarm.overstay_met_next.do": (
        "Find the next driver another space, or refund; the cost is on the car that stays.",
        "请为下一位驾驶人另寻车位或退款；费用由逾期车辆承担。",
    ),
    "alarm.notice_given_up": ("A notice could not be delivered", "通知未能送达"),
    "alarm.notice_given_up.do": (
        "Put the person's contact right, or tell them yourself.",
        "请更正联系方式，或人工通知。",
    ),
    "alarm.account_not_open": ("An account is not open on the ledger", "账户未在账本上开立"),
    "alarm.account_not_open.do": (
        "Put its address right: berth-cloud reopen-account, or give the person another account.",
        "请用 berth-cloud reopen-account 更正地址，或另开账户。",
    ),
    "alarm.ledger_closed": ("The ledger was closed", "账本已关闭"),
    "alarm.ledger_closed.do": (
        "Move to a new deployment (docs/operate.md).",
        "请迁移到新的部署（见 docs/operate.md）。",
    ),
    "alarm.books_behind": ("Our books are older than the chain", "账目落后于链"),
    "alarm.books_behind.do": (
        "Stop the cloud and put the newest data back.",
        "请停止服务并恢复最新数据。",
    ),
    "alarm.books_differ": ("Books and chain differ", "账目与链上不一致"),
    "alarm.books_differ.do": (
        "Compare the account's entries with the ledger's log before paying out.",
        "付款前请核对账户分录与链上日志。",
    ),
    "alarm.gateway_silent": ("A gateway is silent", "网关失联"),
    "alarm.gateway_silent.do": (
        "Check its power and network; its spaces are unknown until it is back.",
        "请检查供电和网络；恢复前其车位状态为未知。",
    ),
    "alarm.grant_without_booking": ("A car came by an old grant", "车辆凭已结束的授权停入"),
    "alarm.grant_without_booking.do": (
        "Its booking was over, cancelled or expired: look at the events and decide.",
        "其预订已结束、取消或过期：请查看事件后处理。",
    ),
    "alarm.settling_stopped": ("Settling has stopped", "结算已停止"),
    "alarm.settling_stopped.do": (
        "Compare the accounts named with the ledger's log; settling goes on once they are equal "
        "or you acknowledge the difference.",
        "请核对所列账户与链上日志；两者一致或由你确认差额后继续结算。",
    ),
    "alarm.node_lies": ("The chain's node contradicts itself", "链节点的回答自相矛盾"),
    "alarm.node_lies.do": (
        "Ask another node (BERTH_CHAIN); what it said was not believed and nothing is lost.",
        "请改用其他节点（BERTH_CHAIN）；其回答未被采信，数据没有丢失。",
    ),
    "alarm.wrong_chain": ("This is not our chain or contract", "链或合约不符"),
    "alarm.wrong_chain.do": (
        "Point BERTH_CHAIN at the chain of this data folder; sending goes on by itself.",
        "请将 BERTH_CHAIN 指向此数据目录所属的链；之后会自动继续发送。",
    ),
    "alarm.wrong_role": ("A key of ours has not its role", "我们的密钥与合约角色不符"),
    "alarm.wrong_role.do": (
        "Put the key of that address into BERTH_KEYS; sending goes on by itself.",
        "请将该地址的密钥放入 BERTH_KEYS；之后会自动继续发送。",
    ),
    "alarm.chain_silent": ("The chain's node does not answer", "链节点没有响应"),
    "alarm.chain_silent.do": (
        "Start the node (BERTH_CHAIN). Stays are priced and wait; they are settled by themselves.",
        "请启动节点（BERTH_CHAIN）。停放已计价并等待，之后会自动结算。",
    ),
    "alarm.nonce_taken": ("Another program uses our key", "其他程序使用了我们的密钥"),
    "alarm.nonce_taken.do": (
        "Stop it: a key serves one sender. If you know of none, replace the key.",
        "请停用该程序：一把密钥只供一个发送方。若并无此程序，请更换密钥。",
    ),
    "alarm.call_stuck": (
        "A transaction is in no block at the highest fee",
        "交易已达最高费用仍未上链",
    ),
    "alarm.call_stuck.do": (
        "Look at the chain's fees; the transaction stays valid and is still looked for.",
        "请查看链上费用；该交易仍然有效，系统会继续查询。",
    ),
}
