"""Makers of the pictures in docs/images."""
