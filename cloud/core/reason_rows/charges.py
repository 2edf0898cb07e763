"""Why a charge, or a correction of a settled stay, is refused."""

ROWS = (
    (
        "charge_number",
        "This number is a charge's own: it was due without a stay.",
        "这个编号属于一笔收费，没有对应的停放。",
        "Name the stay that was paid too much. A wrong charge is settled by hand.",
        "请填写多付的那次停放的编号；收费有误的，请另行退还。",
    ),
    (
        "correction_assumption",
        "It was not said what is assumed, or another booking's terms were.",
        "没有说明按什么情形计算，或按的是另一预订的条款。",
        "Ask for the replays of this stay, and name the one that you decide by.",
        "请先查看这次停放的重算结果，并写明依据哪一种情形。",
    ),
    (
        "correction_amount",
        "By this replay {difference_minor} minor units more are due, and not what was given.",
        "按这次重算应补收 {difference_minor} 个最小货币单位，与所填金额不符。",
        "Give that amount if it is above zero; else credit the stay, or leave it as it is.",
        "该数大于零时请填写该数；否则请退款，或维持原样。",
    ),
)
