"""How often elbows and knees are beyond their limits, joint by joint, by hand."""

import numpy as np
import pytest
import torch

from kinesynth_train.joint_limits import JointLimits, limit_lines
from kinesynth_train.skeleton import DatasetSkeleton


def test_frames_beyond_by_joint(skeleton: DatasetSkeleton) -> None:
    definition = skeleton.definition
    column = {name: index for index, name in enumerate(definition.coordinate_names)}
    high = {name: float(definition.coordinate_ranges[index, 1]) for name, index in column.items()}
    angles = torch.zeros(10, len(column))
    angles[:4, column["knee_angle_l"]] = high["knee_angle_l"] + np.radians(14.0)
    angles[:2, column["elbow_flex_r"]] = float(definition.coordinate_ranges[column["elbow_flex_r"], 0]) - np.radians(21)
    angles[1:3, column["pro_sup_r"]] = high["pro_sup_r"] + np.radians(12.0)  # of the elbow, too
    counted = torch.arange(10) < 8
    limits = JointLimits(definition, "cpu")
    limits.add(angles[:5], counted[:5])
    limits.add(angles[5:], counted[5:])
    fractions = limits.percent()
    own = fractions["beyond_limits_by_joint_percent"]
    assert own["knee_l"] == pytest.approx({"10": 50.0, "20": 0.0, "30": 0.0})
    assert own["elbow_r"] == pytest.approx({"10": 37.5, "20": 25.0, "30": 0.0})
    assert own["elbow_l"] == own["knee_r"] == {"10": 0.0, "20": 0.0, "30": 0.0}
    # The skeleton's knee bends to 140 degrees and its elbow stretches by 5, HSMR's to 135 and not at all.
    published = fractions["beyond_published_limits_by_joint_percent"]
    assert published["knee_l"] == pytest.approx({"10": 50.0, "20": 0.0, "30": 0.0})
    assert published["elbow_r"] == pytest.approx({"10": 25.0, "20": 25.0, "30": 0.0})
    lines = limit_lines([fractions, fractions])
    assert lines[0] == ["  elbow_l beyond own limits by 10, 20, 30 deg, %", "0 / 0 / 0", "0 / 0 / 0"]
    assert len(lines) == 8


def test_angles_are_taken_the_short_way_round(skeleton: DatasetSkeleton) -> None:
    angles = torch.full((3, len(skeleton.definition.coordinate_names)), 2.0 * torch.pi + 0.1)
    limits = JointLimits(skeleton.definition, "cpu")
    limits.add(angles, torch.ones(3, dtype=torch.bool))
    assert limits.percent()["beyond_limits_by_joint_percent"]["knee_r"]["10"] == 0.0
