"""One package per venue, each behind the port in `engine.broker`.

A package has `wire` (the venue's structs and units), `session` (sans-I/O: bytes in, events
and bytes out), `broker` (the thin shell) and `NOTES.md` (quirks).
"""
