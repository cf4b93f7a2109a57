"""Algos on the deck: how they are said, what they draw, and the keys that act on them."""
