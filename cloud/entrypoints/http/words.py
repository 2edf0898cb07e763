"""Every sentence that the pages say, in both languages. A test finds missing and unused keys."""

from cloud.entrypoints.http.words_accounts import ACCOUNT_WORDS
from cloud.entrypoints.http.words_alarms import ALARM_WORDS
from cloud.entrypoints.http.words_charges import CHARGE_WORDS
from cloud.entrypoints.http.words_credits import CREDIT_WORDS
from cloud.entrypoints.http.words_proof import PROOF_WORDS
from cloud.entrypoints.http.words_receipt import RECEIPT_WORDS
from cloud.entrypoints.http.words_rules import RULE_WORDS
from cloud.entrypoints.http.words_sensors import SENSOR_WORDS

LANGUAGES = ("en", "zh")
STATES = ("free", "held", "occupied", "unknown", "unwatched")

# key: (en, zh). {names} are filled in; both languages must use the same ones.
WORDS: dict[str, tuple[str, str]] = {
    # every page
    "brand.tag": ("Shared parking with a receipt anyone can check", "共享停车，收据人人可验"),
    "skip": ("Skip to content", "跳到正文"),
    "language": ("Language", "语言"),
    "home": ("Home", "首页"),
    "live.on": ("Live", "实时"),
    "live.off": ("Not connected, trying again", "连接已断开，正在重试"),
    "live.none": (
        "Without JavaScript this page reloads every 15 seconds.",
        "未启用 JavaScript，本页每 15 秒自动刷新。",
    ),
    "clock": ("Lot time", "车场时间"),
    # home
    "home.lead": (
        "Berth shares private parking spaces; sensors see you come and go, you never press stop, "
        "and every bill comes with a receipt that anyone can check.",
        "泊位共享私家车位：传感器看见你来与走，无需按停止，每张账单都附人人可验的收据。",
    ),
    "home.lots": ("Lots that are live", "在线车场"),
    "home.none": ("No lot is live yet.", "还没有在线的车场。"),
    "home.none.do": (
        "An installer connects a gateway; then its lot appears here.",
        "安装人员接入网关后，车场会显示在这里。",
    ),
    "check.title": ("Check a receipt", "核验收据"),
    "check.how": (
        "Drop a receipt file here or paste it. Each link of the chain, from the sensor to the "
        "ledger, is checked by itself. Nothing is stored.",
        "把收据文件拖到这里，或粘贴内容。从传感器到账本，每一环单独核验，不保存任何内容。",
    ),
    "check.file": ("Receipt file (.json, at most 256 KiB)", "收据文件（.json，不超过 256 KiB）"),
    "check.paste": ("or paste it", "或粘贴内容"),
    "check.go": ("Check", "核验"),
    "check.again": ("Check another", "再核验一张"),
    "check.offline": (
        "This needs no chain. To ask the chain as well, on your own machine: "
        "berth-verify receipt.json --rpc URL",
        "以上核验无需连接链。在自己的电脑上同时查询链：berth-verify receipt.json --rpc URL",
    ),
    "check.empty": (
        "Nothing was sent. Choose a file or paste the receipt.",
        "没有收到内容。请选择文件或粘贴收据。",
    ),
    "check.large": (
        "This is larger than 256 KiB. A receipt is smaller; check that it is the right file.",
        "内容超过 256 KiB。收据没有这么大，请确认文件。",
    ),
    "check.odd": (
        "Not a receipt: its numbers or times are out of range.",
        "不是收据：其中的数字或时间超出范围。",
    ),
    # states of a space
    "state.free": ("Free", "空闲"),
    "state.held": ("Held", "已留"),
    "state.occupied": ("Occupied", "有车"),
    "state.unknown": ("Unknown", "未知"),
    "state.unwatched": ("Not watched", "无监测"),
    "sign.free": ("P", "空"),
    "sign.held": ("H", "留"),
    "sign.occupied": ("■", "■"),
    "sign.unknown": ("?", "?"),
    "sign.unwatched": ("–", "–"),
    "means.free": ("No car, and no booking holds it now.", "无车，目前未被预订占用。"),
    "means.held": ("Kept for a booking, whose car may come now.", "为预订保留，随时可能驶入。"),
    "means.occupied": ("A car is standing there.", "车位上有车。"),
    "means.unknown": (
        "The sensors cannot tell. Never offered, never billed.",
        "传感器无法确认。不出租，不计费。",
    ),
    "means.unwatched": ("No gateway looks at it.", "没有网关监测。"),
    # lot
    "lot.map": ("Map of the lot", "车场平面图"),
    "lot.spaces": ("Spaces", "车位"),
    "lot.space": ("Space", "车位"),
    "lot.state": ("State", "状态"),
    "lot.since": ("Since", "自"),
    "lot.say": (
        "{free} free, {held} held, {occupied} occupied, {unknown} unknown",
        "空闲 {free}，已留 {held}，有车 {occupied}，未知 {unknown}",
    ),
    "lot.empty": ("This lot has no spaces yet.", "车场还没有车位。"),
    "gateways": ("Gateways", "网关"),
    "gateways.none": ("No gateway is enrolled.", "还没有登记网关。"),
    "gateway.online": ("Connected", "已连接"),
    "gateway.silent": ("Connected, but late", "已连接，但迟迟没有消息"),
    "gateway.offline": ("Not connected", "未连接"),
    "gateway.seen": ("last heard at {at}", "最近一次消息 {at}"),
    "gateway.events": ("up to event {seq}", "最新为事件 {seq}"),
    "gateway.never": ("never heard of", "从未收到消息"),
    "gateway.do": (
        "Check its power and network; its spaces are unknown until it is back.",
        "请检查供电和网络；恢复前其车位状态为未知。",
    ),
    "sensors.out": ("Sensors", "传感器"),
    "sensors.well": ("No sensor is out of order.", "没有传感器故障。"),
    "sensors.out.at": (
        "A sensor at {space} is out of order. The operator knows.",
        "车位 {space} 的传感器有故障，运营方已知悉。",
    ),
    **ALARM_WORDS,
    **SENSOR_WORDS,
    "alarm.other": ("Something needs a look", "需要查看"),
    "alarm.other.do": ("Read the sentence below.", "请阅读下面的说明。"),
    # booking
    "pass.title": ("Your booking", "你的预订"),
    "pass.space": ("Your space", "你的车位"),
    "pass.plate": ("Plate", "车牌"),
    "pass.quoted": ("Quoted", "报价"),
    "pass.window": ("Booked", "预订时段"),
    "pass.stop": (
        "You never press stop. The sensors see you leave, and the bill ends there.",
        "无需按停止。传感器看见你离开，计费随即结束。",
    ),
    "pass.map": ("Where it is", "位置"),
    "pass.marked": ("Your space {space} is marked.", "已标出你的车位 {space}。"),
    "pass.place": ("Navigate: {lat}, {lon}", "导航：{lat}, {lon}"),
    "pass.was": ("You had booked", "曾预订车位"),
    "pass.lot": ("See the whole lot", "查看整个车场"),
    "booking.confirmed": (
        "Booked. The gateway at the lot is being told.",
        "已预订，正在通知车场网关。",
    ),
    "booking.granted": (
        "Ready. Drive in: the gateway knows your plate.",
        "已就绪，直接驶入：网关认识你的车牌。",
    ),
    "booking.active": (
        "Parked. Just leave when you are done.",
        "已停好。用完直接离开即可。",
    ),
    "booking.completed": (
        "You have left. The stay is priced and is being filed on the chain.",
        "你已离开。账单已算出，正在上链。",
    ),
    "booking.settled": (
        "Settled. Your receipt is ready, and anyone can check it.",
        "已结算。收据已就绪，人人可验。",
    ),
    "booking.cancelled": (
        "Cancelled. The whole hold went back to your balance.",
        "已取消。冻结金额已全部退回。",
    ),
    "booking.no_show": (
        "Released, because no car came in time. The whole hold went back to your balance.",
        "因未按时到达，车位已释放。冻结金额已全部退回。",
    ),
    "booking.other": ("Ask the operator about this booking.", "请向运营方询问此预订。"),
    "booking.late": (
        "Your time ended at {end}. Free until {grace}, then {percent}% of the price.",
        "预订于 {end} 结束。{grace} 前免费，之后按价格的{percent}%计费。",
    ),
    "grant.refused": (
        "The gateway refused the grant. Do not drive in; the operator has been told.",
        "网关拒绝了授权。请勿驶入，运营方已收到通知。",
    ),
    "steps": ("Progress", "进度"),
    "step.confirmed": ("Booked", "已预订"),
    "step.granted": ("Sent to the gateway and acknowledged", "已发送网关并获确认"),
    "step.active": ("Arrived", "已到达"),
    "step.completed": ("Left", "已离开"),
    "step.settled": ("Settled on the chain", "已上链结算"),
    "step.extended": ("Extended", "已延长"),
    "step.changed": ("Changed", "已更改"),
    "step.moved": ("Moved to another space", "已更换车位"),
    "step.moved.from": ("Moved from {space}", "由车位 {space} 更换"),
    "step.cancelled": ("Cancelled", "已取消"),
    "step.no_show": ("Released", "已释放"),
    "ahead.confirmed": ("Book", "预订"),
    "ahead.granted": ("Send to the gateway", "通知网关"),
    "ahead.active": ("Arrive", "到达"),
    "ahead.completed": ("Leave", "离开"),
    "ahead.settled": ("Settle on the chain", "上链结算"),
    "step.done": ("done", "完成"),
    "step.next": ("next", "下一步"),
    "step.later": ("later", "稍后"),
    "stay.now": ("Standing for", "已停放"),
    "stay.from": ("since {at}", "自 {at}"),
    "stay.sofar": ("So far about", "目前约"),
    "stay.estimate": (
        "Doubt about the minutes is decided in your favour.",
        "时间有疑问时，按对你有利的方式计算。",
    ),
    "bill": ("Bill", "账单"),
    "bill.line": ("Line", "项目"),
    "bill.time": ("Time", "时长"),
    "bill.amount": ("Amount", "金额"),
    "bill.total": ("Total", "合计"),
    "bill.certain": (
        "Of {stayed}, {certain} are beyond doubt: only these are billed, in whole steps of {step}.",
        "停放 {stayed}，其中 {certain} 确凿无疑：只计这部分，每 {step} 一计，不足不计。",
    ),
    "bill.ends": (
        "Not billed: ±{first} s on arrival and ±{last} s on leaving.",
        "到达 ±{first} 秒、离开 ±{last} 秒的误差不计费。",
    ),
    "bill.gap": (
        "Not billed: {gap} in which the sensors or the clock could not tell.",
        "传感器或时钟无法确认的 {gap} 不计费。",
    ),
    "bill.grace": (
        "Not billed: up to {grace} of grace after the booked time.",
        "预订时段结束后最多 {grace} 的宽限期不计费。",
    ),
    "bill.fee": (
        "Of it the owner gives {percent} % ({fee}) to the platform.",
        "其中 {percent} %（{fee}）为平台费，由车位业主的收入承担。",
    ),
    "bill.unpaid": (
        "The balance did not cover it. Top up, and it is paid.",
        "余额不足。充值后即可付清。",
    ),
    "bill.back": ("Paid back", "已退款"),
    "bill.net": ("Total after that", "退款后合计"),
    "line.parking": ("Parking", "停车"),
    "line.free": ("Free time", "免费时长"),
    "line.cap": ("Cap reached", "已达封顶"),
    "line.overstay": ("Overstay", "超时"),
    "chain.waiting": ("Waits for the next batch", "等待下一批次"),
    "chain.queued": ("Batch {batch} is queued for the chain", "批次 {batch} 等待上链"),
    "chain.signed": ("Batch {batch} is signed", "批次 {batch} 已签名"),
    "chain.sent": ("Batch {batch} is sent", "批次 {batch} 已发送"),
    "chain.mined": ("Batch {batch} is in block {block}", "批次 {batch} 已进入区块 {block}"),
    "chain.final": (
        "Batch {batch} is final in block {block}",
        "批次 {batch} 在区块 {block} 已终结",
    ),
    "chain.failed": (
        "The chain refused batch {batch}; the operator has been told",
        "链拒绝了批次 {batch}，运营方已收到通知",
    ),
    # missing
    "missing.title": ("Not found", "未找到"),
    "missing.page": ("There is no page at this address.", "这个网址没有页面。"),
    "missing.page.do": (
        "Check the address, or start at the home page.",
        "请核对网址，或从首页开始。",
    ),
    "missing.busy": ("Too many tries in a short time.", "短时间内尝试次数过多。"),
    "missing.busy.do": ("Wait {wait_s} s, then try again.", "请等待 {wait_s} 秒后重试。"),
    "missing.lot": ("There is no lot {name} here.", "这里没有车场 {name}。"),
    "missing.lot.do": (
        "Check the address, or choose one of the live lots on the home page.",
        "请核对网址，或在首页选择在线车场。",
    ),
    "missing.booking": ("There is no booking with this key.", "没有对应的预订。"),
    "missing.booking.do": (
        "Open the link from your confirmation again; the address must be complete.",
        "请重新打开确认信息中的链接，网址必须完整。",
    ),
    "busy": (
        "Too many people are watching at once. This page tries again by itself.",
        "同时查看的人太多，本页会自动重试。",
    ),
    # durations
    "minutes": ("{m} min", "{m} 分钟"),
    "hours": ("{h} h", "{h} 小时"),
    "hours.minutes": ("{h} h {m} min", "{h} 小时 {m} 分钟"),
    "seconds": ("{s} s", "{s} 秒"),
    **PROOF_WORDS,
    **RULE_WORDS,
    **CREDIT_WORDS,
    **CHARGE_WORDS,
    **ACCOUNT_WORDS,
} | RECEIPT_WORDS
