"""Predict angles from markers: python examples/predict_markers.py [CHECKPOINT] [FOLDER].

The markers are those of the sample's test person, written as a marker laboratory would (.trc); what comes out is held
against the sample's own angles. CHECKPOINT is what examples/train_neurik.py wrote; without it the skeleton is fitted to
the markers. Needs `pip install 'kinesynth[train]'`. The same from a terminal:
`kinesynth-train predict --markers walk.trc --checkpoint runs/neurik/checkpoint.pt --output results`.
"""

import sys
from pathlib import Path

import numpy as np

from kinesynth.dataset import ShardDataset, sample
from kinesynth.opensim_files import write_trc
from kinesynth_train.predict.predict import predict
from kinesynth_train.predict.request import Request

JOINTS = ("hip_flexion_r", "knee_angle_r", "ankle_angle_r", "arm_flex_r", "elbow_flex_r")


def main() -> None:
    """Write the markers, predict, compare."""
    checkpoint = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path("predicted")
    dataset = ShardDataset(sample(), window=60, views=(), keep=lambda clip: clip.clip_id == "p02_walking")
    walk = dataset[0]
    folder.mkdir(parents=True, exist_ok=True)
    write_trc(folder / "walk.trc", dataset.names.markers, walk["markers"].astype(float), walk["fps"])

    predict(Request(cameras=None, markers=folder / "walk.trc", checkpoint=checkpoint, output=folder, name="walk"))

    found = ShardDataset(folder / "walk.h5", window=60, views=())[0]
    error = np.degrees(np.abs(found["angles"] - walk["angles"]))
    for joint in JOINTS:
        column = dataset.names.coordinates.index(joint)
        print(f"{joint:14} off by {error[:, column].mean():4.1f} degrees on average")
    print(f"OpenSim's motion: {folder / 'kinematics/walk.mot'}")


if __name__ == "__main__":  # OpenSim, where it is installed, runs in processes of its own, which read this file again
    main()
