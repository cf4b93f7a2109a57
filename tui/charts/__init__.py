"""The charts of the deck: which there are, what each shows, and how it is looked at.

`panes` is the model of the grid, `pane_scenes` what each pane shows; `chart_view`, `price_view` and
`crosshair` are the arithmetic of looking; `layouts` are kept by name.
"""
