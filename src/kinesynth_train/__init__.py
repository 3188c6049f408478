"""Networks trained on Kinesynth's shards."""
