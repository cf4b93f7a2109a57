"""The one seam between engine and deck: only `messages` cross it."""
