"""Rotations, rigid fits and triangle meshes: what every part of the package may build on."""
