"""JUnit XML of a replay: a test case a space, so that any CI shows where it failed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from firmware_sim.report.clock import offset
from firmware_sim.report.failures import Failure
from firmware_sim.scoring.stays import Watch
from firmware_sim.trace import NS

# What XML 1.0 cannot hold at all, escaped or not.
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(trace: str, watch: Mapping[str, Watch], failed: Iterable[Failure], took_s: float) -> str:
    """`took_s`: what the replay took; how long the trace lasts is a property of its case.

    A truth outside the uncertainty is told, and is no failure of the stay.
    """
    told: dict[str, list[Failure]] = {space: [] for space in watch}
    for one in failed:
        told.setdefault(one.space, []).append(one)
    wrong = {space: [one for one in all_ if one.fails] for space, all_ in told.items()}
    suite = Element(
        "testsuite",
        name=_clean(trace),
        tests=str(len(told)),
        failures=str(sum(map(bool, wrong.values()))),
        errors="0",
        skipped="0",
        time=f"{took_s:.3f}",
    )
    for space in sorted(told):
        case = _case(suite, space, told[space], wrong[space])
        # All spaces run in one pass: each has its part, so that the cases add up to the suite.
        case.set("time", f"{took_s / len(told):.3f}")
        _properties(case, watch.get(space))
    root = Element("testsuites")
    root.append(suite)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, "unicode") + "\n"


def _case(suite: Element, space: str, told: list[Failure], wrong: list[Failure]) -> Element:
    case = SubElement(suite, "testcase", classname="replay", name=_clean(space))
    if wrong:
        counts = [(kind, sum(one.kind == kind for one in wrong)) for kind in ("missed", "false")]
        message = ", ".join(f"{count} {kind}" for kind, count in counts if count)
        failure = SubElement(case, "failure", type="stay", message=message)
        failure.text = _clean("\n".join(map(sentence, wrong)))
    doubts = [one for one in told if not one.fails]
    if doubts:
        SubElement(case, "system-out").text = _clean("\n".join(map(sentence, doubts)))
    return case


def _properties(case: Element, watch: Watch | None) -> None:
    lasts_s = (watch[1] - watch[0]) / NS if watch else 0.0
    properties = Element("properties")
    SubElement(properties, "property", name="trace_s", value=f"{lasts_s:.3f}")
    case.insert(0, properties)


def sentence(one: Failure) -> str:
    at = offset(one.at_ns)
    said = f"{at} {one.space}: {one.kind} {one.event}"
    if one.error_s is not None:
        said += f", {one.error_s:+.1f} s off with ±{one.uncertainty_s:g} s admitted"
    if one.tags:
        said += f" [{', '.join(one.tags)}]"
    return f"{said} ({one.detail})" if one.detail else said


def _clean(text: str) -> str:
    return NOT_XML.sub("\ufffd", text)
