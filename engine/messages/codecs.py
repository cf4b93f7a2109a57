"""Codecs of the unions, built once."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from engine.messages.commands import Command
from engine.messages.events import Event


def _encode_array(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return (value.dtype.str, value.tobytes())
    raise NotImplementedError(f"{type(value).__name__} is not part of any message")


def _decode_array(wanted: type, value: Any) -> Any:
    if wanted is np.ndarray:
        dtype, data = value
        return np.frombuffer(data, dtype=np.dtype(dtype))
    raise NotImplementedError(f"{wanted.__name__} is not part of any message")


encoder = msgspec.msgpack.Encoder(enc_hook=_encode_array)
command_decoder = msgspec.msgpack.Decoder(Command, dec_hook=_decode_array)
event_decoder = msgspec.msgpack.Decoder(Event, dec_hook=_decode_array)
