"""Measured markers: read from files, identified by label, and fitted with a body in SMPL-X's schema."""
