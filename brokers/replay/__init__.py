"""Recordings, played through the same path as live data."""
