"""Randomness that is a function: the same key and counter give the same number, always.

History is made on demand, in any order and any page size, so its random numbers cannot come
from a stream that is read in turn. Here every number is the hash of a key and a counter
(splitmix64; Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_BELOW_1 = 1.0 - 2.0**-53


def key_of(*parts: object) -> int:
    """A 64-bit key for a named stream of numbers."""
    text = "/".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


def bits(key: int, counters: Ints) -> NDArray[np.uint64]:
    """64 random bits for each counter."""
    mixed = counters.astype(np.uint64) * _STEP
    mixed += np.uint64(key)
    mixed ^= mixed >> np.uint64(30)
    mixed *= _MIX_1
    mixed ^= mixed >> np.uint64(27)
    mixed *= _MIX_2
    mixed ^= mixed >> np.uint64(31)
    return mixed


def uniform(key: int, counters: Ints) -> Floats:
    """Uniform in the open interval (0, 1)."""
    middles = ((bits(key, counters) >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    return np.minimum(middles, _BELOW_1)  # the last one is rounded up to 1


def normal(key: int, counters: Ints) -> Floats:
    """Standard normal (Box and Muller)."""
    radius = np.sqrt(-2.0 * np.log(uniform(key, counters)))
    return radius * np.cos(2.0 * np.pi * uniform(key ^ 0x5DEECE66D, counters))


def smooth(key: int, times: Ints, spacing: int) -> Floats:
    """Standard normal noise that is linear between independent values `spacing` apart.

    `times` must be consecutive. Variance is 1 everywhere, also between the values.
    """
    first = int(times[0]) // spacing
    knots = np.arange(first, int(times[-1]) // spacing + 2)
    values = normal(key, knots)
    at = times // spacing - first
    share = (times - (at + first) * spacing) / spacing
    blend = values[at] * (1.0 - share) + values[at + 1] * share
    return np.asarray(blend / np.sqrt((1.0 - share) ** 2 + share**2))
