"""One snapshot as a page. Every text that is not ours is escaped, once, where it is put in."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from contracts.wire.types import format_instant
from edge.core.health import ChannelState, advice
from edge.core.live import SpaceView
from edge.page.drawing import trail
from edge.page.snapshot import Snapshot
from edge.page.words import OTHER, Lang, word

REFRESH_S = 3
TOP_M, TOP_UT = 4.0, 30.0
NS = 1_000_000_000
AGO = ((3600, "h"), (60, "min"), (1, "s"))


def page(snapshot: Snapshot | None, lang: Lang, stale: bool) -> str:
    """`snapshot` None: the gateway has not finished its first turn."""
    if snapshot is None:
        return _frame("Berth", lang, f"<p>{word('starting', lang)}</p>")
    parts = [
        *_warnings(snapshot, lang, stale),
        _faults(snapshot, lang),
        f"<h2>{word('spaces', lang)}</h2>",
        *(_space(view, snapshot, lang) for view in snapshot.spaces),
        _gateway(snapshot, lang),
        _sensors(snapshot, lang),
    ]
    return _frame(snapshot.gateway, lang, "\n".join(parts))


def _frame(name: str, lang: Lang, body: str) -> str:
    other, other_name = OTHER[lang]
    title = f"{word('title', lang)} {escape(name)}"
    return f"""<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<noscript><meta http-equiv="refresh" content="{REFRESH_S}"></noscript>
<link rel="stylesheet" href="style.css"><script src="refresh.js" defer></script></head>
<body><header><h1>{title}</h1><a href="?lang={other}" lang="{other}">{other_name}</a></header>
<main>
{body}
</main></body></html>
"""


def _warnings(snapshot: Snapshot, lang: Lang, stale: bool) -> Iterator[str]:
    for shown, key in ((stale, "stale"), (snapshot.safe_mode, "safe_mode")):
        if shown:
            yield f'<p class="alarm" role="alert">{escape(word(key, lang))}</p>'


def _faults(snapshot: Snapshot, lang: Lang) -> str:
    bad = [state for state in snapshot.channels if state.fault is not None]
    if not bad and any(state.good_ns is None for state in snapshot.channels):
        return f'<p class="well">… {word("first_reading", lang)}</p>'
    if not bad:
        return f'<p class="well">✓ {word("no_faults", lang)}</p>'
    rows = "".join(f"<li>{_fault(state, lang)}</li>" for state in bad)
    return f"<h2>{word('faults', lang)} ({len(bad)})</h2><ul class='faults'>{rows}</ul>"


def _fault(state: ChannelState, lang: Lang) -> str:
    text = advice(state.fault or "", state.wired)
    said, remedy = (text.zh, text.remedy_zh) if lang == "zh" else (text.en, text.remedy_en)
    where = f" · {word('space', lang)} {escape(state.space)}" if state.space else ""
    return (
        f"<strong>{escape(state.name)}{where}</strong> {escape(said)}"
        f"<br>{word('do', lang)}: {escape(remedy)}"
    )


def _space(view: SpaceView, snapshot: Snapshot, lang: Lang) -> str:
    state = view.occupancy
    since = ""
    if view.told is not None:
        since = f"<small>{word('since', lang)} {format_instant(view.told.at)[11:19]} UTC</small>"
    rows = "".join(_measured(view, lang))
    passes = snapshot.passes.get(view.space)
    if passes:
        rows += _row(word("passes", lang), str(passes))
    made = snapshot.promises.get(view.space, ())
    promises = "".join(f"<li>{escape(it.zh if lang == 'zh' else it.en)}</li>" for it in made)
    if promises:
        rows += f"<details><summary>{word('promises', lang)}</summary><ul>{promises}</ul></details>"
    return (
        f'<section class="space {state}"><h3><b class="mark" aria-hidden="true">'
        f"{word(f'{state}.letter', lang)}</b>{escape(view.space)}"
        f" <span>{word(state, lang)}</span> {since}</h3>{rows}</section>"
    )


def _measured(view: SpaceView, lang: Lang) -> Iterator[str]:
    if view.echo_heard or any(metres is not None for metres in view.trail_m):
        said = word("nothing_near" if view.echo_heard else "no_reading", lang)
        if view.distance_m is not None:
            said = f"{view.distance_m:.2f} m"
        yield _row(word("distance", lang), said)
        label = f"{word('distance', lang)}, {word('last_minutes', lang)}"
        yield trail(view.trail_m, TOP_M, label)
    if view.field_ut is not None:
        said = f"{view.field_ut:.1f} µT"
        if view.change_ut is not None:
            said += f" · {word('change', lang)} {view.change_ut:.1f} µT"
        yield _row(word("field", lang), said)
        yield trail(view.trail_ut, TOP_UT, f"{word('field', lang)}, {word('last_minutes', lang)}")


def _gateway(snapshot: Snapshot, lang: Lang) -> str:
    machine = snapshot.machine
    rows = [
        _row(word("time", lang), format_instant(snapshot.at)[:19].replace("T", " ")),
        _row(word("clock", lang), word(snapshot.clock, lang)),
        _row(word("broker", lang), word("connected" if snapshot.connected else "away", lang)),
        _row(word("cloud", lang), _acked(snapshot, lang)),
        _row(word("waiting", lang), str(snapshot.waiting)),
    ]
    if snapshot.clock != "synced":
        rows.insert(2, f'<p class="remedy">{word("do", lang)}: {word("clock.do", lang)}</p>')
    if machine.disk_free_mb is not None:
        rows.append(_row(word("disk", lang), f"{machine.disk_free_mb / 1000:.1f} GB"))
    if machine.temperature_c is not None:
        rows.append(_row(word("heat", lang), f"{machine.temperature_c:.0f} °C"))
    if machine.written_mb_a_day is not None:
        said = f"{machine.written_mb_a_day:.1f} MB {word('a_day', lang)}"
        rows.append(_row(word("written", lang), said))
    rows.append(_row(word("version", lang), escape(snapshot.version)))
    return f"<section><h2>{word('gateway', lang)}</h2>{''.join(rows)}</section>"


def _acked(snapshot: Snapshot, lang: Lang) -> str:
    if snapshot.acked_s is None:
        return word("never_acked", lang)
    passed_s = max(0.0, snapshot.real_s - snapshot.acked_s)
    size, unit = next(it for it in AGO if passed_s >= 2 * it[0] or it[0] == 1)
    return word("acked", lang).format(f"{passed_s // size:.0f} {word(unit, lang)}")


def _sensors(snapshot: Snapshot, lang: Lang) -> str:
    rows = "".join(
        _row(
            f"{escape(state.name)}" + (f" · {escape(state.space)}" if state.space else ""),
            _rate(state, lang),
        )
        for state in snapshot.channels
    )
    return f"<section><h2>{word('sensors', lang)}</h2>{rows}</section>"


def _rate(state: ChannelState, lang: Lang) -> str:
    if state.fault is None and state.good_ns is None:
        return f"… {word('first_reading', lang)}"
    mark = "✗" if state.fault else "✓"
    return f"{mark} {state.per_minute} {word('per_minute', lang)}"


def _row(name: str, value: str) -> str:
    """Both are escaped already."""
    return f'<p class="row"><span>{name}</span> <span>{value}</span></p>'
