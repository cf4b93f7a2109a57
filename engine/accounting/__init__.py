"""Positions and profit, as folds over fills."""
