"""Refusals of an import of titles. Code, sentence (en, zh), remedy (en, zh)."""

ROWS: tuple[tuple[str, str, str, str, str], ...] = (
    (
        "titles_would_undo",
        "This file was the library before; titles have changed since, and it would undo that.",
        "该文件曾是产权库的旧版本；此后产权已有变更，重新导入将撤销这些变更。",
        "Import the office's newest file, or say --again to go back to this one.",
        "请导入登记机构的最新文件；如确需恢复旧版本，请加 --again。",
    ),
    (
        "titles_taken_over",
        "Another import has begun since; this one has ended, and nothing of it is in the library.",
        "另一个导入已开始；本次导入已终止，未写入产权库。",
        "Wait for the other one to end; then import this file again if it is still wanted.",
        "请等待另一个导入结束后再视需要重新导入。",
    ),
    (
        "title_revoked",
        "The title is no longer in the library.",
        "该产权已从产权库中注销。",
        "Ask the registration office why it was revoked.",
        "请向登记机构询问注销原因。",
    ),
    (
        "same_title",
        "The title says that already; nothing would change.",
        "产权记录已是该内容，无需变更。",
        "Check the space and the new holder's name.",
        "请核对车位和新权利人姓名。",
    ),
    (
        "bad_title",
        "The title cannot be written like that.",
        "产权记录不能这样填写。",
        "Give a holder of 1 to 120 characters, and a last day like 2031-12-31.",
        "请填写1至120个字符的权利人，以及如2031-12-31的终止日期。",
    ),
    (
        "last_title",
        "It is the only title of the library; a library holds at least one.",
        "这是产权库中唯一的产权记录；产权库至少保留一条。",
        "Import a file with the titles that there are.",
        "请导入包含现有产权的文件。",
    ),
    (
        "unknown_version",
        "The library has no such version.",
        "产权库没有该版本。",
        "See: berth-cloud titles versions",
        "请查看：berth-cloud titles versions",
    ),
)
