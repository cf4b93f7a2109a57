"""Screens: the deck, and what opens above it."""
