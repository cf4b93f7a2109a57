"""The scripted venue as a process: JSON lines over TCP on this machine.

`python -m tests.venues.scripted.server` prints its port. Clients are engines, and the test that
turns the switches and reads the truth. Whatever happens to the engine, the truth stays here.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from functools import partial

import trio

from tests.venues.scripted.venue import Message, Venue


class Server:
    def __init__(self) -> None:
        self.venue = Venue()
        self._readers: list[trio.SocketStream] = []
        self._sending = trio.Lock()

    async def serve(self, stream: trio.SocketStream) -> None:
        pending = b""
        try:
            async with trio.open_nursery() as nursery:
                async for chunk in stream:
                    *lines, pending = (pending + chunk).split(b"\n")
                    for line in lines:
                        await self._answer(stream, json.loads(line), nursery)
                nursery.cancel_scope.cancel()
        except* (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            if stream in self._readers:
                self._readers.remove(stream)
            await trio.aclose_forcefully(stream)

    async def _answer(
        self, stream: trio.SocketStream, asked: Message, nursery: trio.Nursery
    ) -> None:
        venue, now_ns, switches = self.venue, time.time_ns(), self.venue.switches
        said: list[Message] = []
        answer: object = None
        match asked["do"]:
            case "listen":
                self._readers.append(stream)
            case "submit" if switches.drop_before_ack:
                await trio.aclose_forcefully(stream)
                return
            case "submit":
                said = venue.submit(asked["order"], now_ns)
                if switches.drop_after_ack:
                    await trio.aclose_forcefully(stream)
                    return
            case "cancel":
                said = venue.cancel(asked["order_id"], now_ns)
            case "amend":
                said = venue.amend(asked["order_id"], asked["price"], asked["size"], now_ns)
            case "order":
                answer = venue.order(asked["order_id"])
            case "open_orders":
                answer = venue.open_orders()
            case "fills":
                answer = [one for one in venue.fills if one["venue_ns"] >= asked["since_ns"]]
            case "positions":
                answer = venue.positions()
            case "switch":
                for name, value in asked["switches"].items():
                    setattr(switches, name, value)
            case "trade":
                said = [venue.trade(asked["order_id"], asked["size"], now_ns)]
            case "place":  # an order from elsewhere
                venue.submit(asked["order"], now_ns)
            case "tick":
                said = [{"tick": asked["price"]}]
            case "truth":
                answer = {**asdict(venue), "positions": venue.positions()}
        await self._send(stream, {"id": asked["id"], "answer": answer})
        for message in venue.said(said):
            if switches.delay_s:
                nursery.start_soon(partial(self._tell, message, switches.delay_s))
            else:
                await self._tell(message)

    async def _tell(self, message: Message, delay_s: float = 0.0) -> None:
        await trio.sleep(delay_s)
        for reader in tuple(self._readers):
            try:
                await self._send(reader, {"said": message})
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                if reader in self._readers:
                    self._readers.remove(reader)

    async def _send(self, stream: trio.SocketStream, message: Message) -> None:
        async with self._sending:  # what is said later is said between answers, not inside them
            await stream.send_all(json.dumps(message).encode() + b"\n")


async def main() -> None:
    server = Server()
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    sys.stdout.write(f"{listener.socket.getsockname()[1]}\n")
    sys.stdout.flush()
    await trio.serve_listeners(server.serve, [listener])


if __name__ == "__main__":
    trio.run(main)
