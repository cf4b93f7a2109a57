"""Colours by meaning, one TOML file a theme."""
