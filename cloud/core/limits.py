"""What fits into a space: the owner's limits against the driver's vehicle. Whole cm and kg."""

from dataclasses import dataclass
from typing import Literal, get_args

Plug = Literal[
    "", "schuko", "type1", "type2", "ccs1", "ccs2", "chademo", "nacs", "gbt_ac", "gbt_dc"
]
PLUGS: tuple[str, ...] = get_args(Plug)
"""Kinds of charging plugs; the empty one is none."""


@dataclass(frozen=True, slots=True)
class Limits:
    """None is no limit. `plug`: what the space has; `charging_only`: kept for those who charge."""

    max_height_cm: int | None = None
    max_width_cm: int | None = None
    max_length_cm: int | None = None
    max_weight_kg: int | None = None
    plug: str = ""
    charging_only: bool = False


@dataclass(frozen=True, slots=True)
class Vehicle:
    """None is not told: it is then the driver's own look-out. `plug`: needed; empty is none."""

    height_cm: int | None = None
    width_cm: int | None = None
    length_cm: int | None = None
    weight_kg: int | None = None
    plug: str = ""


NO_LIMITS = Limits()
ANY_VEHICLE = Vehicle()


def objections(limits: Limits, vehicle: Vehicle) -> tuple[str, ...]:
    """Codes of all that is against it; none: it fits."""
    measured = (
        ("too_high", vehicle.height_cm, limits.max_height_cm),
        ("too_wide", vehicle.width_cm, limits.max_width_cm),
        ("too_long_vehicle", vehicle.length_cm, limits.max_length_cm),
        ("too_heavy", vehicle.weight_kg, limits.max_weight_kg),
    )
    found = [code for code, is_, most in measured if is_ and most is not None and is_ > most]
    if vehicle.plug and vehicle.plug != limits.plug:
        found.append("no_plug")
    if limits.charging_only and not vehicle.plug:
        found.append("charging_only")
    return tuple(found)


def objection_of(limits: Limits, vehicle: Vehicle) -> str | None:
    return next(iter(objections(limits, vehicle)), None)
