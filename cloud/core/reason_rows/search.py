"""Refusals of requests and their recommendations. Code, sentence (en, zh), remedy (en, zh)."""

ROWS: tuple[tuple[str, str, str, str, str], ...] = (
    (
        "too_far",
        "This space is further than people walk.",
        "该车位超出步行范围。",
        "Look for a space nearer to where you are going.",
        "请选择离目的地更近的车位。",
    ),
    (
        "all_given",
        "Every space near you that fits went to another request of this moment.",
        "附近符合条件的车位均已分配给同一时刻的其他请求。",
        "Ask again in a minute, for another time, or a little further away.",
        "请稍后再试，或更换时间、扩大范围。",
    ),
    (
        "too_many_wishes",
        "So many requests cannot be looked at together.",
        "一次请求数量过多。",
        "Send at most 2,000 at once.",
        "每次最多提交 2000 个请求。",
    ),
)
