"""Widgets: hold state and keys; `tui.paint` does the drawing."""
