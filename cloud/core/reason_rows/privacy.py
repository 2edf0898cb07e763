"""Why a person cannot be erased yet."""

ROWS = (
    (
        "erasure_bookings",
        "A booking of this account, or of a space of its, is ahead or under way.",
        "此账户或其车位有尚未结束的预订。",
        "Cancel it, or wait until it is over, and ask again.",
        "请取消或等其结束后再试。",
    ),
    (
        "erasure_stays",
        "A stay of this account is not over, or a person has not decided what it costs.",
        "此账户有尚未结束或尚待人工裁定的停车。",
        "Wait until it is decided, and ask again.",
        "请等裁定后再试。",
    ),
    (
        "erasure_disputes",
        "A dispute or an appeal of this account is open.",
        "此账户有尚未了结的争议或申诉。",
        "Withdraw it, or wait for its decision, and ask again.",
        "请撤回或等待裁定后再试。",
    ),
    (
        "erasure_unfiled",
        "A bill of this account is not filed on the chain for good.",
        "此账户有账单尚未在链上最终确认。",
        "Wait some minutes, until its receipt is there, and ask again.",
        "请等几分钟，待凭证生成后再试。",
    ),
    (
        "erasure_debt",
        "This account owes money.",
        "此账户有欠款。",
        "Pay what is due, and ask again.",
        "请付清欠款后再试。",
    ),
    (
        "erasure_money",
        "This account still has money.",
        "此账户仍有余额。",
        "Withdraw it from the ledger, and ask again.",
        "请先从账本提取余额后再试。",
    ),
    (
        "erasure_spaces",
        "This account shares a space, or has asked to.",
        "此账户正在共享车位或已提出申请。",
        "Withdraw the registrations, and ask again.",
        "请撤回登记后再试。",
    ),
    (
        "erasure_last",
        "This is the only account of its role in the installation.",
        "这是本系统该角色的唯一账户。",
        "Give another account the role first.",
        "请先将该角色授予另一个账户。",
    ),
    (
        "erased_already",
        "This account's data were erased before.",
        "此账户的数据已被清除。",
        "Nothing is left to be done.",
        "无需再做任何事。",
    ),
    (
        "erasure_unconfirmed",
        "Erasing cannot be undone, and was not confirmed.",
        "清除无法撤销，且未经确认。",
        'Send the account\'s number as "confirm".',
        "请在 confirm 中填写账户编号。",
    ),
)
