"""The deck: draws and takes keys. Knows of the engine only its messages and its link.

`app` runs it, `state` folds what the engine says, `markets` asks for what is to be shown;
`actions` and `keymap` say what keys do, `language` what typed lines do, `screens` and `widgets`
show it. `orders` is order mode, `charts` which charts there are and how they are looked at,
`paint` draws them, numpy in and cells out; `render` turns cells into the fewest bytes, and
`terminal` is the link that takes them. `commands` are those of the shell.
"""
