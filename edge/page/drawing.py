"""Two minutes of one sensor as a small line, drawn as SVG."""

from __future__ import annotations

from collections.abc import Sequence

WIDTH, HEIGHT, PAD = 240, 48, 3
POINTS = 120


def trail(values: Sequence[float | None], top: float, label: str) -> str:
    """`top` is the value of the upper edge, zero of the lower one; `label` is already escaped.

    Where nothing was measured, the line has a gap.
    """
    lines = "".join(
        f'<polyline points="{" ".join(points)}"/>' for points in _runs(values, top) if points
    )
    return (
        f'<svg class="trail" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}"'
        f' preserveAspectRatio="none"><path d="M0 {HEIGHT - PAD}H{WIDTH}"/>{lines}</svg>'
    )


def _runs(values: Sequence[float | None], top: float) -> list[list[str]]:
    runs: list[list[str]] = [[]]
    offset = POINTS - len(values)
    for number, value in enumerate(values):
        if value is None:
            runs.append([])
            continue
        share = min(max(value / top, 0.0), 1.0)
        x = (offset + number) * WIDTH / (POINTS - 1)
        y = HEIGHT - PAD - share * (HEIGHT - 2 * PAD)
        runs[-1].append(f"{x:.1f},{y:.1f}")
    # A single point shows as a short dash.
    return [
        [*run, f"{float(run[0].split(',')[0]) + 1:.1f},{run[0].split(',')[1]}"]
        if len(run) == 1
        else run
        for run in runs
    ]
