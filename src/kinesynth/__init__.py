"""Kinesynth: from body motion to training data with anatomically true labels."""

__version__ = "0.1.0"
