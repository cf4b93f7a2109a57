"""From the cells of a screen to the bytes that a terminal is sent.

`pens` inks, `grid` cells, `moves` of the cursor, `shift` of blocks, `spans` of changes; `cells`
puts them together. None of these knows Textual: its updates are read, and sent, by `display`.
"""

from tui.render.cells import CellRenderer
from tui.render.display import CellDisplay
from tui.render.grid import CellGrid, Clusters
from tui.render.pens import Pen, PenBook

__all__ = ["CellDisplay", "CellGrid", "CellRenderer", "Clusters", "Pen", "PenBook"]
