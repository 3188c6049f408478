"""Rotations, rigid fits, triangle meshes and projection: what every part of the package may build on."""
