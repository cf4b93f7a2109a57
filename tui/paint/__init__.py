"""Drawing without an app: numpy in, strips out."""
