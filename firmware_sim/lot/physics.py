"""Dipoles and sound. Metres, seconds, microtesla, ampere square metres, Celsius."""

from __future__ import annotations

import zlib
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]

UT_M3_PER_A_M2 = 0.1  # the magnetic constant over 4 pi
NEAREST_M2 = 0.15**2  # no sensor is inside a dipole
DAY_S = 86_400.0


def dipole_ut(moment: Array, away_m: Array) -> Array:
    """The field at `away_m` from a dipole; both (..., 3), broadcast. Falls with the third power."""
    r2 = np.maximum(np.einsum("...i,...i->...", away_m, away_m), NEAREST_M2)
    r3 = r2 * np.sqrt(r2)
    along = np.einsum("...i,...i->...", moment, away_m)
    part = 3.0 * (along / r2)[..., None] * away_m - moment
    return np.asarray(UT_M3_PER_A_M2 * part / r3[..., None])


def sound_m_s(air_c: Array | float) -> Array | float:
    return 331.3 + 0.606 * air_c


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """A generator of its own for each purpose: what one draws changes nothing for another."""
    words = [name if isinstance(name, int) else zlib.crc32(name.encode()) for name in names]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *words])))


def direction(rng: np.random.Generator) -> Array:
    vector = rng.standard_normal(3)
    return np.asarray(vector / np.linalg.norm(vector))


def rotation(rng: np.random.Generator) -> Array:
    """Any way a box can hang; a rotation matrix, uniformly drawn."""
    q, r = np.linalg.qr(rng.standard_normal((3, 3)))
    q = q * np.sign(np.diag(r))
    return np.asarray(q if np.linalg.det(q) > 0 else -q)


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def now_and_then(rng: np.random.Generator, per_day: float, lasts_s: float) -> list[float]:
    """Times of a Poisson process."""
    times: list[float] = []
    if per_day <= 0:
        return times
    at_s = rng.exponential(DAY_S / per_day)
    while at_s < lasts_s:
        times.append(float(at_s))
        at_s += rng.exponential(DAY_S / per_day)
    return times
