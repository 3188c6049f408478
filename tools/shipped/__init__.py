"""Makers of the tables that ship with the package. Run one whenever what it is made from changes."""
