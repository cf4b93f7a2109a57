"""The fair value of a market at any time, and how lively it is then, as functions of the seed.

A day is anchored by a mean-reverting walk over days; between two anchors the minutes are a
Brownian bridge whose volatility is the product of noise on scales from minutes to weeks (a
multifractal random walk; Bacry, Delour, Muzy: "Multifractal random walk", Phys. Rev. E 64,
2001), which clusters on every scale as real volatility does. Time of day shapes both volatility
and the rate of trades, and that rate follows volatility.

Nothing here depends on what was asked for before, so any day can be made on its own, the
past again after a restart, and the present goes on where the past ends.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from brokers.sim.instruments import Day, Listing
from brokers.sim.noise import Floats, Ints, key_of, normal, smooth, uniform

MINUTES_A_DAY: Final = 1440

_SCALES: Final = (3, 11, 45, 180, 720, 2880, 10080)
"""Minutes on which volatility changes; each carries an equal part of its variance."""
_MEMORY_DAYS: Final = 365
_PULL: Final = 0.9885
"""What is left of a deviation from the base price after a day: half is gone after 60."""
_NEWS_RATE: Final = 1 / 1500
"""Chance that a minute brings news, and what that does to its volatility."""
_NEWS: Final = math.log(2.5)


class Minutes(NamedTuple):
    """Consecutive whole days, one entry per minute."""

    first: int
    """Minutes since 1970 of the first entry."""
    open: Floats
    """Fair value at its start and its end, in ticks."""
    close: Floats
    sigma: Floats
    """Standard deviation of the fair value's change within it, in ticks."""
    rate: Floats
    """Expected number of trades."""
    half_spread: Floats
    """In ticks."""

    def part(self, start: int, stop: int) -> Minutes:
        """Entries of the minutes from `start` up to, not including, `stop`."""
        cut = slice(start - self.first, stop - self.first)
        return Minutes(start, *(column[cut] for column in self[1:]))


def join_minutes(parts: Sequence[Minutes]) -> Minutes:
    """Minutes of several spans that follow each other."""
    columns = zip(*(part[1:] for part in parts), strict=True)
    return Minutes(parts[0].first, *map(np.concatenate, columns))


class Path:
    """The reference path of one market."""

    def __init__(self, listing: Listing, seed: int) -> None:
        self.listing = listing
        self._tick = float(listing.instrument.price_tick)
        key = key_of("path", seed, listing.fqme)
        self._keys = {name: key_of(key, name) for name in ("day", "minute", "second", "news")}
        self._pace_key = key_of(key, "pace")
        self._scale_keys = [key_of(key, "scale", scale) for scale in _SCALES]
        self._weight = listing.burstiness / math.sqrt(len(_SCALES))
        self._shape = _day_shape(listing.day)

    def days(self, first_day: int, count: int) -> Minutes:
        """`count` days from `first_day`, a number of days since 1970, on."""
        first = first_day * MINUTES_A_DAY
        minutes = np.arange(first, first + count * MINUTES_A_DAY)
        mood = self._mood(minutes)
        sigma = self._sigma(mood, count)
        walk = self._walk(first_day, count, minutes, sigma)
        value = np.exp(walk) / self._tick
        return Minutes(
            first,
            value[:, :-1].ravel(),
            value[:, 1:].ravel(),
            sigma * value[:, :-1].ravel(),
            self._rate(minutes, mood, count),
            self.listing.half_spread * np.clip(np.exp(0.5 * mood), 0.7, 3.0),
        )

    def seconds(self, minutes: Minutes) -> Floats:
        """Fair value in ticks at each full second: one row of 61 for each minute."""
        count = len(minutes.open)
        at = np.arange(minutes.first * 60, (minutes.first + count) * 60)
        steps = normal(self._keys["second"], at).reshape(count, 60)
        walk = np.cumsum(steps * (minutes.sigma / math.sqrt(60.0))[:, None], axis=1)
        share = np.arange(1, 61) / 60.0
        change = minutes.close - minutes.open
        path = np.empty((count, 61))
        path[:, 0] = minutes.open
        path[:, 1:] = minutes.open[:, None] + walk + (change - walk[:, -1])[:, None] * share
        return path

    def _mood(self, minutes: Ints) -> Floats:
        """Log of volatility against its usual level; the mean of exp(2 mood) is about 1."""
        mood = np.full(len(minutes), -(self.listing.burstiness**2))
        for key, scale in zip(self._scale_keys, _SCALES, strict=True):
            mood += self._weight * smooth(key, minutes, scale)
        mood[uniform(self._keys["news"], minutes) < _NEWS_RATE] += _NEWS
        return mood

    def _sigma(self, mood: Floats, count: int) -> Floats:
        """Standard deviation of each minute's log return."""
        usual = self.listing.daily_volatility / math.sqrt(MINUTES_A_DAY)
        return usual * np.tile(self._shape, count) * np.exp(mood)

    def _rate(self, minutes: Ints, mood: Floats, count: int) -> Floats:
        """Expected trades: they follow volatility, and have a pace of their own."""
        spread = self.listing.burstiness**2
        own = 0.3 * smooth(self._pace_key, minutes, 7) - 0.045
        busy = self._shape**1.5 / np.mean(self._shape**1.5)
        level = np.exp(0.9 * mood + 0.9 * spread - 0.405 * spread + own)
        # A market that is looked at should not fall silent.
        least = np.maximum(np.tile(busy, count) * level, 0.3)
        return np.asarray(self.listing.trades_per_minute * least)

    def _walk(self, first_day: int, count: int, minutes: Ints, sigma: Floats) -> Floats:
        """Log price at the 1441 minute edges of each day, one row per day."""
        anchors = self._anchors(first_day, count + 1)
        shocks = (sigma * normal(self._keys["minute"], minutes)).reshape(count, MINUTES_A_DAY)
        walk = np.cumsum(shocks, axis=1)
        clock = np.cumsum((sigma**2).reshape(count, MINUTES_A_DAY), axis=1)
        missing = anchors[1:] - anchors[:-1] - walk[:, -1]
        edges = np.empty((count, MINUTES_A_DAY + 1))
        edges[:, 0] = anchors[:-1]
        edges[:, 1:] = anchors[:-1, None] + walk + missing[:, None] * (clock / clock[:, -1:])
        edges[:, -1] = anchors[1:]
        return edges

    def _anchors(self, first_day: int, count: int) -> Floats:
        """Log price at the start of each day: an Ornstein-Uhlenbeck walk over days."""
        days = np.arange(first_day - _MEMORY_DAYS + 1, first_day + count)
        slow = smooth(self._scale_keys[-1], days * MINUTES_A_DAY, _SCALES[-1])
        wild = np.exp(self._weight * slow - self._weight**2)
        shocks = self.listing.daily_volatility * wild * normal(self._keys["day"], days)
        weights = _PULL ** np.arange(_MEMORY_DAYS - 1, -1, -1)
        base = math.log(self.listing.base_price)
        # fsum is exact, so that an anchor does not depend on how many are made at once.
        sums = [
            math.fsum((weights * shocks[at : at + _MEMORY_DAYS]).tolist()) for at in range(count)
        ]
        return base + np.array(sums)


def _day_shape(day: Day) -> Floats:
    """Volatility by minute of the UTC day; its mean square is 1.

    Markets never close here, for a deck is opened at any hour: a stock is merely calm when
    its home exchange would be closed.
    """
    minute = np.arange(MINUTES_A_DAY)
    # hour of the peak, width in hours, height over a floor of 1
    peaks: dict[Day, tuple[tuple[float, float, float], ...]] = {
        "crypto": ((14.5, 3.5, 0.45), (1.0, 2.0, 0.2)),
        "forex": ((7.8, 1.8, 0.9), (13.8, 2.2, 1.3), (0.3, 1.5, 0.3)),
        "stock": ((13.9, 0.8, 1.8), (16.5, 4.0, 0.5), (19.7, 0.7, 1.1)),
        "future": ((8.0, 1.2, 0.5), (13.9, 0.9, 1.6), (16.5, 4.0, 0.5), (19.7, 0.7, 1.0)),
    }
    shape = np.ones(MINUTES_A_DAY)
    for hour, width, height in peaks[day]:
        away = (minute - hour * 60 + 720) % MINUTES_A_DAY - 720  # around the clock
        shape += height * np.exp(-0.5 * (away / (width * 60)) ** 2)
    return np.asarray(shape / np.sqrt(np.mean(shape**2)))
