"""Where labels stand that must not cover each other."""

from __future__ import annotations

from collections.abc import Sequence


def spread_out(wanted: Sequence[int], weights: Sequence[float], rows: int) -> list[int]:
    """Rows for labels that are wanted at `wanted`, which rises: none twice, all in `rows`,
    moved as little as can be (least squares, by pooling adjacent violators).

    A heavier label moves less. There must not be more labels than rows.
    """
    # With label i at i + z[i] the z must not fall, and that is isotonic regression.
    blocks: list[tuple[float, float, int]] = []
    for index, (row, weight) in enumerate(zip(wanted, weights, strict=True)):
        mean, total, count = float(row - index), weight, 1
        while blocks and blocks[-1][0] >= mean:
            earlier, heavier, more = blocks.pop()
            mean = (mean * total + earlier * heavier) / (total + heavier)
            total, count = total + heavier, count + more
        blocks.append((mean, total, count))
    room = rows - len(wanted)
    means = [min(max(round(mean), 0), room) for mean, _, count in blocks for _ in range(count)]
    return [index + mean for index, mean in enumerate(means)]
