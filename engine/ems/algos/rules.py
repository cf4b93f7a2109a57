"""`advance`: what has to be done for an algo as it stands."""

from __future__ import annotations

from engine.ems.algos.api import Hand, Step, View
from engine.ems.algos.entries import chase, iceberg, oto, scale, twap
from engine.ems.algos.exits import bracket, oco
from engine.messages import (
    Algo,
    BracketTerms,
    ChaseTerms,
    IcebergTerms,
    OcoTerms,
    OtoTerms,
    ScaleTerms,
    TwapTerms,
)


def advance(algo: Algo, view: View) -> Step:
    """What has to be done now, and the algo after it.

    Asked again with what its orders then are, it asks for nothing more; whatever of it works
    once it has ended (an order that the venue brought back) is canceled.
    """
    hand = Hand(algo, view)
    if algo.is_ended or algo.status == "canceling":
        hand.stop()
        if algo.status == "canceling" and not hand.working():
            hand.change(status=algo.will_be)
        return hand.step()
    match algo.terms:
        case BracketTerms() as terms:
            bracket(hand, terms)
        case OcoTerms() as terms:
            oco(hand, terms)
        case OtoTerms() as terms:
            oto(hand, terms)
        case IcebergTerms() as terms:
            iceberg(hand, terms)
        case ScaleTerms() as terms:
            scale(hand, terms)
        case TwapTerms() as terms:
            twap(hand, terms)
        case ChaseTerms() as terms:
            chase(hand, terms)
    return hand.step()
