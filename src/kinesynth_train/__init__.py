"""The trainer: networks that learn joint angles and body scales from shards. Needs torch, not OpenSim or Blender."""
