"""Read windows of the sample that ships with the package: python examples/read.py [SHARDS].

SHARDS is a run's results folder, a folder of shards, or one shard. Needs `pip install kinesynth` and torch.
"""

import sys

from torch.utils.data import DataLoader

from kinesynth.dataset import ShardDataset, sample

path = sys.argv[1] if len(sys.argv) > 1 else sample()
dataset = ShardDataset(path, split="train", window=16, views=["frontal", "sagittal"])
print(f"{len(dataset.clips)} clips of the training split:")
for clip in dataset.clips:
    valid = clip.quality["activation_valid"]
    print(f"  {clip.clip_id}: {clip.frames} frames at {clip.fps:g} fps, activations valid in {valid:.0%}")

batch = next(iter(DataLoader(dataset, batch_size=2, shuffle=True)))
knee = dataset.names.coordinates.index("knee_angle_r")
valid = batch["quality"]["angle_valid"][..., knee]
print("frames", tuple(batch["views"]["frontal"]["frames"].shape))
print("angles", tuple(batch["angles"].shape), f"right knee up to {batch['angles'][..., knee][valid].max():.2f} rad")
print("forces", tuple(batch["grf"]["force"].shape), f"up to {batch['grf']['force'][..., 1].max():.0f} N upward")
print("activations", tuple(batch["activations"].shape), f"of {', '.join(dataset.names.muscles[:3])}, ...")
