"""Time zones by the names that people write."""

from __future__ import annotations

from datetime import UTC, tzinfo
from difflib import get_close_matches
from functools import lru_cache

from engine.errors import ConfigError
from engine.text import safe

OWN_NAMES = ("utc", "local")


def zone_of(name: str) -> tzinfo | None:
    """The zone of that name; None is the machine's own.

    Args:
        name: `utc`, `local`, or one of the IANA's, such as `America/New_York`.

    Raises:
        ConfigError: there is no such zone, or the machine has no data of it.
    """
    if name.lower() in OWN_NAMES:
        return UTC if name.lower() == "utc" else None
    from zoneinfo import ZoneInfo  # most decks show UTC and do without

    known = {zone.lower(): zone for zone in zone_names()}
    try:
        return ZoneInfo(known.get(name.lower(), name))
    except (KeyError, ValueError, OSError) as error:
        near = get_close_matches(name, (*OWN_NAMES, *known.values()), n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else "utc, local, or as in America/New_York"
        raise ConfigError(f"no time zone named {safe(name, 60)!r}", hint=hint) from error


@lru_cache(maxsize=1)
def zone_names() -> tuple[str, ...]:
    """All names of the IANA that the machine knows, sorted."""
    from zoneinfo import available_timezones

    return tuple(sorted(available_timezones()))
