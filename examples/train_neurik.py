"""Train a small NeurIK on the sample for about a minute: python examples/train_neurik.py [FOLDER] [STEPS].

NeurIK learns to tell joint angles and body proportions from markers. Needs `pip install 'kinesynth[train]'`. The same
from a terminal: `kinesynth-train fit --shards SHARDS --output FOLDER --network neurik_ours_tiny --steps 400`.
"""

import sys
from pathlib import Path

import torch

from kinesynth.dataset import sample
from kinesynth_train.settings import Settings
from kinesynth_train.train import fit

folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("runs/neurik")
steps = int(sys.argv[2]) if len(sys.argv) > 2 else 400
torch.set_num_threads(1)  # so small a network is slowed by more
metrics = fit(Settings(shards=sample(), output=folder, network="neurik_ours_tiny", steps=steps))
print(f"{folder / 'checkpoint.pt'}: {steps} steps; on the person who was kept for the test, angles are off by")
print(f"{metrics['mae_angle_deg']:.1f} degrees, where always telling the mean pose errs by", end=" ")
print(f"{metrics['baseline_mae_angle_deg']:.1f}")
