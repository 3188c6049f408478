"""Measured markers: read from files, identified by label, and held against anatomy."""
