"""Measurements: speed and scale."""
