"""One package per venue, each behind the port in `engine.broker`; beside them, what they share.

A package has `wire` (the venue's structs and units), `session` (sans-I/O: bytes in, events
and bytes out), `broker` (the thin shell) and `NOTES.md` (quirks). None knows another, but that
`replay` reads recordings with the sessions of the venues that they are of. What is shared knows no
venue, but that `registry` has the names of all:

- `registry`: finds the package of a broker by its name; `options`: reads what is set for it.
- `live`: what brokers of live venues do alike; `access`: what clients of accounts have of theirs.
- `listings`: markets by any name, and the search among them; `asset_names`: what people call
  assets.
- `runner`: keeps one session connected; `pool`: opens and closes sockets of market data; `watches`:
  who reads the markets that a socket carries.
- `levels`: one side of a book; `averages`: the price of a market's last minutes; `statistics`: what
  sessions count of themselves.
- `net`: what is spoken over a network, and how much: REST, sockets, addresses, budgets, bans, the
  venue's clock.
"""
