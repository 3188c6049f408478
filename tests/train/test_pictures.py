from pathlib import Path

import numpy as np
import torch

from kinesynth_train.crops import TURNED, crop_projections, project, turned_in_plane
from kinesynth_train.data import Windows
from kinesynth_train.networks.hull import depths, hull_middle, sample_hull, triangulate, unproject
from kinesynth_train.presets import Augment
from kinesynth_train.recolour import recolour


def test_crops_show_the_person(results: Path) -> None:
    item = Windows(results, "train", window=4, crop=32)[0]
    assert item["crops"].shape == (2, 4, 4, 32, 32)
    mask = item["crops"][:, :, 3] > 128
    touched = mask.any(dim=2).sum(dim=2), mask.any(dim=3).sum(dim=2)
    assert (torch.maximum(*touched) >= 25).all()
    assert item["crops"][:, :, :3].float().mean(dim=2)[mask].mean() > 0.6 * 255


def test_jitter_moves_crops_and_their_cameras_alike(results: Path) -> None:
    still, moved = (
        Windows(results, "train", 2, 32, stride=2, augment=augment)[0] for augment in (None, Augment(0.05, 0.1, 30.0))
    )
    assert not torch.equal(still["crops"], moved["crops"])
    for item in (still, moved):
        pelvis = item["keypoints"][:, :1]
        positions = project(pelvis, item["projections"])  # (V, T, 1, 2)
        masks = item["crops"][:, :, 3].flatten(0, 1)[:, None].float()
        on = torch.nn.functional.grid_sample(masks, positions.flatten(0, 1)[:, None], align_corners=False)
        assert (on > 128).all()


def test_a_view_is_recoloured_alike_in_all_frames_and_by_the_seed_alone() -> None:
    pictures = torch.randint(0, 256, (2, 1, 3, 8, 8), dtype=torch.uint8).expand(2, 3, 3, 8, 8)
    state = torch.random.get_rng_state()
    changed, again, other = (recolour(pictures, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.equal(changed, again)
    assert not torch.equal(changed, other)
    assert changed.dtype == torch.uint8
    assert torch.equal(changed[:, 0], changed[:, 2])
    shift = (changed.float() - pictures.float()).mean(dim=(1, 2, 3, 4))
    assert shift[0] != shift[1]


def test_crop_projection_by_hand() -> None:
    view = {
        "frames": np.zeros((1, 40, 40, 3)),
        "K": np.array([[[100.0, 0, 19.5], [0, 100, 19.5], [0, 0, 1]]]),
        "world_to_camera": np.eye(4),
    }
    # A point on the axis is seen in the middle; at 2 m, 0.4 m to the side are 20 px, which is the edge.
    points = torch.tensor([[[0.0, 0.0, 2.0], [0.4, 0.0, 2.0]]])
    torch.testing.assert_close(project(points, crop_projections(view)), torch.tensor([[[0.0, 0], [1, 0]]]))


def test_the_turned_camera_looks_at_the_middle_of_the_crop(results: Path) -> None:
    item = Windows(results, "train", window=3, crop=32)[0]
    depth = torch.tensor([0.0, 0.0, 1.0])
    axes = item["rotations"].mT @ depth  # of the turned cameras, in the world
    for view in range(2):
        camera = item["projections"][view]
        centre = -torch.linalg.solve(camera[:, :, :3], camera[:, :, 3:])[..., 0]
        middles = project((centre + 3.0 * axes[view])[:, None], camera)[:, 0]
        torch.testing.assert_close(middles, torch.zeros_like(middles), atol=1e-4, rtol=0)
    torch.testing.assert_close(torch.linalg.det(item["rotations"]), torch.ones(2, 3))


def test_a_crop_that_is_turned_shows_points_where_its_cameras_say(results: Path) -> None:
    item = Windows(results, "train", window=2, crop=64)[0]
    view = turned_in_plane({name: item[name][0] for name in TURNED}, angle=0.5)
    crops, projections, rotations = view["crops"], view["projections"], view["rotations"]
    pelvis = item["keypoints"][:, :1]
    positions, there = project(pelvis, item["projections"][0]), project(pelvis, projections)
    turn = torch.tensor([[np.cos(0.5), -np.sin(0.5)], [np.sin(0.5), np.cos(0.5)]]).float()
    torch.testing.assert_close(there, positions @ turn.mT, atol=1e-5, rtol=0)
    on = torch.nn.functional.grid_sample(crops[:, 3:].float(), there[:, None], align_corners=False)
    assert (on > 128).all()
    torch.testing.assert_close(
        rotations @ item["rotations"][0].mT,
        torch.eye(3)
        .index_put((torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 0, 1])), turn.flatten())
        .expand(2, 3, 3),
        atol=1e-5,
        rtol=0,
    )


def test_keypoints_in_crops_are_where_the_cameras_see_them(results: Path) -> None:
    for augment in (None, Augment(0.05, 0.1, 30.0), Augment(flip=1.0)):
        item = Windows(results, "train", 3, 32, stride=3, augment=augment)[0]
        there = project(item["keypoints"], item["projections"])
        torch.testing.assert_close(item["keypoints_2d"], there, atol=2e-3, rtol=0)
        outside = (item["keypoints_2d"].abs() > 1.0 + 1e-3).any(dim=-1)
        assert (item["visibility"][outside] == 0).all()
        assert (item["visibility"] > 0).float().mean() > 0.8
    still = Windows(results, "train", 3, 32, stride=3)[0]
    torch.testing.assert_close(still["box_side"], torch.full((2, 3), 2.0 / 1.15), atol=0.15, rtol=0)


def test_narrow_crops_hold_the_person_in_their_middle_columns(results: Path) -> None:
    item = Windows(results, "train", 3, 64, stride=3, aspect=0.25)[0]
    mask = item["crops"][:, :, 3] > 128
    assert mask[..., 24:40].sum() == mask.sum() > 0


def test_two_views_give_the_point_back(results: Path) -> None:
    item = Windows(results, "train", window=3, crop=32)[0]
    cameras, points = item["projections"].transpose(0, 1), item["keypoints"]
    images = project(points[:, None], cameras)
    torch.testing.assert_close(triangulate(images, cameras), points, atol=1e-4, rtol=0)
    first = cameras[:, 0]
    torch.testing.assert_close(unproject(images[:, 0], depths(points, first), first), points, atol=1e-4, rtol=0)


def test_points_lie_on_both_masks(results: Path) -> None:
    item = Windows(results, "train", window=3, crop=64)[0]
    masks, cameras = item["crops"][:, :, 3].transpose(0, 1) / 255.0, item["projections"].transpose(0, 1)
    middle = hull_middle(masks, cameras)
    assert (middle - item["keypoints"][:, 0]).norm(dim=-1).max() < 0.3
    points, again = (sample_hull(masks, cameras, middle, 60, torch.Generator().manual_seed(0)) for _ in range(2))
    assert torch.equal(points, again)
    for view in range(2):
        positions = project(points, cameras[:, view])[:, None]
        on = torch.nn.functional.grid_sample(masks[:, view : view + 1], positions, align_corners=False)
        assert (on > 0.2).float().mean() > 0.97  # between a mask pixel and the background, at most its corner
    low, high = item["keypoints"].amin(dim=1) - 0.3, item["keypoints"].amax(dim=1) + 0.3
    assert ((points > low[:, None]) & (points < high[:, None])).all()
