"""Rotations, rigid fits, triangle meshes, projection, bounded least squares: what every part may build on."""
