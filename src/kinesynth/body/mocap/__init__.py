"""Measured markers: read from files, told apart by their labels, and met by a body in SMPL-X's schema."""
