"""The deck: draws and takes keys. Knows of the engine only its messages and its link."""
