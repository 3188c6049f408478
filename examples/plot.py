"""Plot a clip of the sample, pictures above its labels: python examples/plot.py [clip.png].

Needs `pip install 'kinesynth[view]'`. The whole clip as a video with its labels:
`kinesynth sample && kinesynth view sample/p02_000.h5 p02_kicking --output kick.html`.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

from kinesynth.dataset import ShardDataset, sample

CLIP = "p02_kicking"
GRAVITY = 9.81  # N per kg
RIGHT, LEFT = "tab:orange", "tab:blue"

dataset = ShardDataset(sample(), window=60, keep=lambda clip: clip.clip_id == CLIP)
item, names = dataset[0], dataset.names
seconds = np.arange(dataset.window) / item["fps"]
figure = plt.figure(figsize=(11, 7), layout="constrained")
above, below = figure.subfigures(2, 1)

for axes, frame in zip(above.subplots(2, 4).T, np.linspace(0, 59, 4).astype(int), strict=True):
    for place, view in zip(axes, item["views"].values(), strict=True):
        seen = view["visibility"][frame] == 2
        place.imshow(view["frames"][frame])
        place.scatter(*view["keypoints_2d"][frame, seen].T, s=4, color="tab:orange")
        place.set_axis_off()
    axes[0].set_title(f"{seconds[frame]:.1f} s")

angles, forces, muscles = below.subplots(1, 3)
for side, colour in (("r", RIGHT), ("l", LEFT)):
    for joint, line in (("hip_flexion", "-"), ("knee_angle", "--")):
        curve = item["angles"][:, names.coordinates.index(f"{joint}_{side}")]
        angles.plot(seconds, np.degrees(curve), line, color=colour, label=f"{joint}_{side}")
angles.set(title="angles, degrees", xlabel="s")
angles.legend()

weight = item["mass_kg"] * GRAVITY
upward = np.where(item["quality"]["force_valid"][:, None], item["grf"]["force"][..., 1] / weight, np.nan)
for foot, (name, colour) in enumerate((("right foot", RIGHT), ("left foot", LEFT))):
    forces.plot(seconds, upward[:, foot], color=colour, label=name)
forces.set(title="vertical force, body weights (where valid)", xlabel="s")
forces.legend()

trusted = np.where(item["quality"]["activation_valid"][:, None], item["activations"], np.nan)
muscles.imshow(trusted.T, aspect="auto", extent=(0, seconds[-1], len(names.muscles), 0), vmax=1.0)
muscles.set(title=f"activations of {len(names.muscles)} muscles", xlabel="s")

output = sys.argv[1] if len(sys.argv) > 1 else "clip.png"
figure.savefig(output, dpi=120)
print(output)
