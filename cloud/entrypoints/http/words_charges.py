"""What the pages say about charges, on a booking's page and on the proof page; see words.py."""

CHARGE_WORDS: dict[str, tuple[str, str]] = {
    "charge.title": ("Charged without a stay", "未停放而收取"),
    "charge.lead": (
        "Each is a settlement of its own, from the one account to the other, filed on the chain.",
        "每笔都是一次独立结算，由一方账户付给另一方，并记入链上。",
    ),
    "charge.no_show": ("Nobody came", "未到场"),
    "charge.cancellation": ("Cancelled late", "临近取消"),
    "charge.compensation": ("Compensation: the booking was taken away", "补偿：预订被取消"),
    "charge.reassignment": ("The booking had to be moved", "预订被迫改到别处"),
    "charge.correction": ("Correction of a settled stay", "对已结算停放的补收"),
    "charge.short": (
        "Only {paid} of it could be collected; the operator has been told.",
        "其中仅收取 {paid}，运营方已收到通知。",
    ),
    "charge.file": ("Charge file (JSON)", "收费文件（JSON）"),
    "waits.charge": (
        "PENDING: the charge with number {stay} is not on the chain yet. This file carries nothing "
        "that could be checked already. Ask again later.",
        "待上链：编号 {stay} 的收费还没有上链。这份文件暂无可核验的内容。请稍后再查。",
    ),
    "proof.due": ("Due without a stay", "未停放而应付"),
    "proof.due.for": ("For what", "事由"),
    "proof.due.accounts": ("From and to", "付款与收款"),
    "proof.due.at": ("Since", "发生时间"),
    "proof.due.to": ("Adds to stay", "补收的停放"),
    "proof.due.lead": (
        "Reckoned from the terms that were agreed when booking, where they say the amount; else "
        "a person decided it, for the reason above.",
        "预订时约定的条款写明金额的，按条款计算；其余由人员按上述理由决定。",
    ),
    "proof.due.operator": (
        "When it was cancelled, that nobody came, and any reason that a person gave, are the "
        "operator's word.",
        "何时取消、车辆未到，以及人员所给的理由，以运营方所言为准。",
    ),
    "link.agreed": ("Of this booking, as agreed", "属于这次预订的约定"),
    "link.due": ("It is due by what was agreed", "依约定应付"),
    "link.charge": ("The charge is what was filed", "收费与登记的一致"),
    "link.charge proof": ("The charge leads to its batch's root", "收费记录可推导至批次根"),
}

# Of a charge's links, English and Chinese: (holds, does not hold).
CHARGE_LINKS: tuple[dict[str, tuple[str, str]], dict[str, tuple[str, str]]] = (
    {
        "agreed": (
            "Booking, price and space are those that the charge names, and the grant is made of.",
            "Booking, price or space are not those that the charge names and the grant is made of.",
        ),
        "due": (
            "Amount, time and parties are what the agreed terms give, or a person decided it.",
            "Amount, time or parties are not what the agreed terms give.",
        ),
        "charge": (
            "The chain's word and the reason are those of this charge.",
            "The chain's word or the reason is not that of this charge.",
        ),
        "charge proof": (
            "From the charge its batch's root can be computed.",
            "The charge does not lead to its batch's root.",
        ),
    },
    {
        "agreed": (
            "预订、价格和车位都是收费所指的，通行授权也由它们得出。",
            "预订、价格或车位与收费所指的、与通行授权的不符。",
        ),
        "due": ("金额、时间和双方符合约定条款，或由人员决定。", "金额、时间或双方不符合约定条款。"),
        "charge": ("链上的字和理由都属于这笔收费。", "链上的字或理由不属于这笔收费。"),
        "charge proof": ("由收费记录可以算出所在批次的根。", "由收费记录算不出所在批次的根。"),
    },
)
