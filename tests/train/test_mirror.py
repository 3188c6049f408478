from pathlib import Path

import pytest
import torch

from kinesynth_train.crops import project
from kinesynth_train.data import KINEMATIC_LABELS, Windows
from kinesynth_train.mirror import Mirror, partners
from kinesynth_train.presets import Augment
from kinesynth_train.skeleton import DatasetSkeleton


def test_partners_by_name() -> None:
    names = (
        "knee_angle_r",
        "knee_angle_r_beta",
        "knee_angle_l",
        "knee_angle_l_beta",
        "pelvis_tx",
        "RASI",
        "LASI",
        "C7",
    )
    assert partners(names).tolist() == [2, 3, 0, 1, 4, 6, 5, 7]


def test_the_skeleton_in_the_mirror_stands_where_the_mirror_shows_it(results: Path, skeleton: DatasetSkeleton) -> None:
    item = Windows(results, "train", 4)[0]
    item["angles"] = item["angles"] + 0.2 * torch.randn(
        item["angles"].shape, generator=torch.Generator().manual_seed(0)
    )
    pose = skeleton(item["angles"][None], item["scales"][None])
    item["keypoints"] = pose.keypoints[0]
    there = Mirror(skeleton.definition)(item)
    found = skeleton(there["angles"][None], there["scales"][None])
    torch.testing.assert_close(found.keypoints[0], there["keypoints"], atol=1e-4, rtol=0)
    assert (found.keypoints[0] - pose.keypoints[0]).abs().max() > 0.1


def test_twice_is_nothing(results: Path, skeleton: DatasetSkeleton) -> None:
    mirror, item = Mirror(skeleton.definition), Windows(results, "train", 4, 32)[0]
    again = mirror(mirror(item))
    assert all(torch.equal(again[name], item[name]) for name in item)


def test_the_mirrored_camera_sees_the_mirrored_person(results: Path, skeleton: DatasetSkeleton) -> None:
    item = Windows(results, "train", 4, 64)[0]
    there = Mirror(skeleton.definition)(item)
    bodies = len(skeleton.definition.body_names)
    swap = partners(skeleton.definition.body_names)
    here, seen = (project(one["keypoints"][:, :bodies], one["projections"]) for one in (item, there))
    torch.testing.assert_close(seen[..., swap, :] * torch.tensor([-1.0, 1.0]), here, atol=1e-4, rtol=0)
    torch.testing.assert_close(torch.linalg.det(there["rotations"]), torch.ones(2, 4))


def test_a_label_that_nobody_mirrors_is_refused(results: Path) -> None:
    labels = ("angles", "scales", "keypoints", "markers", "quality/angle_valid", "smplx/transl")
    Windows(results, "train", 4, labels=labels)
    with pytest.raises(ValueError, match="transl"):
        Windows(results, "train", 4, labels=labels, augment=Augment(flip=0.5))


def test_activations_change_sides(results: Path, skeleton: DatasetSkeleton) -> None:
    labels = (*KINEMATIC_LABELS, "activations")
    item = Windows(results, "train", 4, labels=labels)[0]
    there = Mirror(skeleton.definition)(item)
    right, left = (skeleton.definition.muscle_names.index(f"soleus_{side}") for side in "rl")
    assert torch.equal(there["activations"][:, right], item["activations"][:, left])
    assert not torch.equal(there["activations"], item["activations"])


def test_windows_flip_as_often_as_asked(results: Path) -> None:
    plain, half, all_of_them = (Windows(results, "train", 4, augment=Augment(flip=flip)) for flip in (0.0, 0.5, 1.0))
    indices = range(40)
    flipped = [not torch.equal(half[index]["keypoints"], plain[index]["keypoints"]) for index in indices]
    assert 8 < sum(flipped) < 32
    assert all(not torch.equal(all_of_them[index]["keypoints"], plain[index]["keypoints"]) for index in indices)
