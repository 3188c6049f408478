"""Motion capture of every kind in, SMPL-X motion out."""
