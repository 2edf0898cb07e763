"""Refusals of booking, changing and cancelling. Code, sentence (en, zh), remedy (en, zh)."""

ROWS: tuple[tuple[str, str, str, str, str], ...] = (
    (
        "window_short",
        "The owner does not offer the space for so short a time.",
        "车位主人不接受这么短的时段。",
        "Ask for a longer time; the terms of the offer tell the shortest.",
        "请选择更长的时段，最短时长见车位条款。",
    ),
    (
        "window_long",
        "The owner does not offer the space for so long a time.",
        "车位主人不接受这么长的时段。",
        "Ask for a shorter time; the terms of the offer tell the longest.",
        "请选择更短的时段，最长时长见车位条款。",
    ),
    (
        "change_late",
        "It is too late to change this booking.",
        "已超过可更改的期限。",
        "Extend it, or cancel it; the booking's terms tell until when what is free.",
        "可延长或取消预订；免费期限见预订条款。",
    ),
    (
        "parked_already",
        "The car stands there: the gateway has signed its arrival under what was agreed.",
        "车辆已停入：网关已按原约定签署到达记录。",
        "A later end may be agreed until the booked time is over; after the grace the overstay "
        "price counts. Or leave and book again.",
        "预订时段结束前可延长；宽限期后按约定的超时价格计费。也可离开后重新预订。",
    ),
    (
        "booking_over",
        "This booking is over.",
        "预订已结束。",
        "Make a new booking.",
        "请重新预订。",
    ),
    (
        "not_longer",
        "The new end is not later than the agreed one.",
        "新的结束时间不晚于原定时间。",
        "Give a later end; to shorten, change the window.",
        "请填写更晚的结束时间；如需缩短，请更改时段。",
    ),
    (
        "too_early",
        "The space is not yours yet.",
        "车位尚未轮到您使用。",
        "Wait until the earliest time that is told with the booking, or find a free space now.",
        "请等到预订所示的最早入场时间，或另找空闲车位。",
    ),
    (
        "early_not_free",
        "Another booking or car holds the space until you begin.",
        "您的时段开始前，车位仍被他人占用。",
        "Come at the agreed start, or ask for another space.",
        "请按约定时间到达，或另选车位。",
    ),
    (
        "not_no_show",
        "Only a booking that was released because nobody came can be taken up again.",
        "只有因未到场而释放的预订才能重新入场。",
        "Make a new booking.",
        "请重新预订。",
    ),
)
