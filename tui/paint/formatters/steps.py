"""Steps: level at each close, upright from one to the next."""

from __future__ import annotations

import numpy as np

from tui.paint.formatters.curve import Course, LineFormatter


class StepFormatter(LineFormatter):
    """Level at the close; a column of one dot shows all that the price did in it."""

    def course(self, at: np.ndarray, rose: np.ndarray, dots: int) -> Course:
        opens, highs, lows, closes = at
        if dots == 1:
            return Course(*(rows[:, None] for rows in (opens, highs, lows, closes)))
        level = np.repeat(closes[:, None], dots, axis=1)
        return Course(level, level, level, level)
