"""A claim code for people: as a QR code in the terminal, and on a page to print."""

import io
from dataclasses import dataclass
from datetime import datetime
from html import escape

import segno

# A5 in millimetres, upright; the QR code's side.
WIDE_MM, HIGH_MM, SIDE_MM = 148, 210, 90
LINES = ((0, 5), (5, 11))  # the code's groups, line by line


@dataclass(frozen=True, slots=True)
class Card:
    """`command`: what is to be typed on the device; a scanner that is a keyboard types it."""

    gateway: str
    serial: str
    code: str
    command: str
    ends_at: datetime


def command_of(url: str, code: str) -> str:
    return f"berth-edge enrol {url} {code}"


def in_terminal(card: Card) -> str:
    made = io.StringIO()
    segno.make(card.command, error="m", micro=False).terminal(out=made, compact=True)
    return made.getvalue()


def page(card: Card) -> str:
    """SVG, A5: the QR code, the same in letters, what it is good for and until when."""
    qr = segno.make(card.command, error="m", micro=False)
    modules = qr.symbol_size(border=4)[0]
    drawn = qr.svg_inline(border=4, omitsize=True)
    drawn = drawn.replace("<svg", f'<svg x="{(WIDE_MM - SIDE_MM) / 2}" y="26"', 1)
    size = f'width="{SIDE_MM}" height="{SIDE_MM}" viewBox="0 0 {modules} {modules}"'
    drawn = drawn.replace(f'viewBox="0 0 {modules} {modules}"', size, 1)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDE_MM}mm" height="{HIGH_MM}mm" '
        f'viewBox="0 0 {WIDE_MM} {HIGH_MM}" font-family="sans-serif">\n'
        f'<rect width="{WIDE_MM}" height="{HIGH_MM}" fill="#fff"/>\n{drawn}\n'
        + "\n".join(_text(*line) for line in _lines(card))
        + "\n</svg>\n"
    )


def _lines(card: Card) -> list[tuple[float, float, str]]:
    """(y, size in mm, text)"""
    groups = card.code.split("-")
    until = card.ends_at.strftime("%Y-%m-%d %H:%M UTC")
    codes = ["-".join(groups[start:end]) for start, end in LINES]
    return [
        (16, 8, f"{card.gateway} · {card.serial}"),
        *((128 + 9 * at, 6.5, text) for at, text in enumerate(codes)),
        (152, 4.2, "Good once, for this device only, until / 仅限本设备使用一次，有效期至"),
        (160, 6, until),
        (172, 4.2, "On the device, scan it or type / 在设备上扫码或输入："),
        (179, 3.4, card.command.removesuffix(card.code) + "CODE"),
        (192, 4.2, "Whoever has this page can be this gateway: destroy it after use."),
        (198, 4.2, "持有此页者可冒充该网关：用后请销毁。"),
    ]


def _text(y: float, size: float, text: str) -> str:
    return (
        f'<text x="{WIDE_MM / 2}" y="{y}" font-size="{size}" text-anchor="middle">'
        f"{escape(text)}</text>"
    )
