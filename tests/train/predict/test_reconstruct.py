"""A made-up person's motion comes back from what two cameras see, and what does not fit is told."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from made_up_person import FPS, SET, cameras, in_world, motion, seen, size, view

from kinesynth.errors import BadInput
from kinesynth.skeleton import SkeletonDefinition, SkeletonLayer
from kinesynth.skeleton.builder import build_skeleton
from kinesynth_train.predict.landmarks import generic_skeleton, keypoint_sets, with_landmarks
from kinesynth_train.predict.outputs import reprojection
from kinesynth_train.predict.reconstruct import Reconstruction, even_times, reconstruct
from kinesynth_train.predict.scaled import scaled, stature
from kinesynth_train.predict.views import View, sights

LEG = ("hip_flexion", "hip_adduction", "knee_angle", "ankle_angle")


def solve(views: list[View], height: float | None = None, offsets: dict[str, float] | None = None) -> Reconstruction:
    found, _ = sights(views, None, offsets or {})
    times = even_times(views[0].times, 0.0, np.inf)
    return reconstruct(found, times, 6.0, height)


def views_of(angles: np.ndarray, noise: float = 0.0) -> list[View]:
    points = in_world(angles)
    return [view(each, seen(each, points, noise, seed)) for seed, each in enumerate(cameras().values())]


def columns(names: tuple[str, ...]) -> list[int]:
    coordinates = generic_skeleton().coordinate_names
    return [coordinates.index(f"{name}_{side}") for name in names for side in "rl"]


def test_the_shipped_skeleton_is_the_one_that_is_built(tmp_path) -> None:
    build_skeleton(output=tmp_path / "a.osim", log=tmp_path / "log")
    SkeletonDefinition.from_osim(tmp_path / "a.osim").save(tmp_path / "a.npz")
    fresh, shipped = SkeletonDefinition.load(tmp_path / "a.npz"), generic_skeleton()
    for name in ("marker_places", "parent_places", "coordinate_ranges", "function_coefficients"):
        np.testing.assert_allclose(getattr(shipped, name), getattr(fresh, name), atol=1e-12, err_msg=name)
    for name in ("body_names", "coordinate_names", "marker_names", "muscle_names"):
        assert getattr(shipped, name) == getattr(fresh, name)


@pytest.mark.parametrize("keypoint_set", keypoint_sets())
def test_every_set_has_hips_knees_ankles_and_shoulders(keypoint_set: str) -> None:
    marked, spreads = with_landmarks(generic_skeleton(), keypoint_set)
    for part in ("Hip", "Knee", "Ankle", "Shoulder", "Elbow", "Wrist"):
        right, left = (marked.marker_names.index(f"{side}{part}") for side in "RL")
        np.testing.assert_allclose(marked.marker_places[right] * [1, 1, -1], marked.marker_places[left])
    assert (spreads > 0).all()


def test_a_scaled_definition_moves_as_opensim_would_scale_it() -> None:
    skeleton, scales = generic_skeleton(), size() * [1.0, 0.9, 1.2]
    angles = torch.tensor(motion(4))
    ours = SkeletonLayer(scaled(skeleton, scales))(angles)
    theirs = SkeletonLayer(skeleton)(angles, torch.tensor(scales))
    torch.testing.assert_close(ours.joint_centres, theirs.joint_centres, atol=1e-12, rtol=0)
    torch.testing.assert_close(ours.markers, theirs.markers, atol=1e-12, rtol=0)


def test_stature_is_that_of_the_scaled_body() -> None:
    skeleton = generic_skeleton()
    assert stature(scaled(skeleton, np.full((len(skeleton.body_names), 3), 1.1))) == pytest.approx(
        1.1 * stature(skeleton), abs=2e-3
    )  # contact spheres keep their radius


def test_angles_and_size_come_back() -> None:
    angles = motion()
    found = solve(views_of(angles))
    error = np.degrees(np.abs(found.poses.angles - angles)[:, columns(LEG)])
    assert error.max() < 4.0
    assert np.sqrt((error**2).mean()) < 1.5
    assert found.size.height == pytest.approx(stature(scaled(generic_skeleton(), size())), rel=0.02)
    assert found.size.factors["thigh"] > found.size.factors["trunk"]
    assert np.nanmedian(found.poses.misfit) < 0.01


def test_noise_of_a_few_pixels_costs_a_few_degrees() -> None:
    angles = motion()
    found = solve(views_of(angles, noise=3.0))
    error = np.degrees((found.poses.angles - angles)[:, columns(("hip_flexion", "knee_angle"))])
    assert np.sqrt((error**2).mean()) < 4.0


def test_a_told_height_is_the_skeletons() -> None:
    found = solve(views_of(motion()), height=1.90)
    assert stature(scaled(generic_skeleton(), found.size.scales)) == pytest.approx(1.90, abs=5e-3)


def test_a_height_that_does_not_fit_is_told() -> None:
    assert any("1.55 m was told" in note for note in solve(views_of(motion()), height=1.55).notes)


def test_a_late_view_is_found_and_taken_back() -> None:
    angles = motion(150)
    points = in_world(angles)
    one, other = cameras().values()
    late = [view(one, seen(one, points)[12:]), view(other, seen(other, points)[:-12])]
    found, notes = sights(late, None, {})
    assert found[1].offset.seconds == pytest.approx(12 / FPS, abs=0.6 / FPS)
    assert any("lag" in note for note in notes)
    told, _ = sights(late, None, {"cam1": 0.1})
    assert told[1].offset.seconds == 0.1


def test_views_in_step_are_left_so() -> None:
    found, _ = sights(views_of(motion(), noise=3.0), None, {})
    assert found[1].offset.seconds == 0.0


def test_views_whose_lines_of_sight_miss_are_refused_and_a_little_is_told() -> None:
    for higher, refused in ((0.25, True), (0.1, False)):
        one, other = views_of(motion(30))
        pose = other.camera.world_to_camera.copy()
        pose[:3, 3] -= pose[:3, :3] @ [0.0, higher, 0.0]
        views = [one, replace(other, camera=replace(other.camera, world_to_camera=pose))]
        if refused:
            with pytest.raises(BadInput, match=r"views cam0 and cam1: hips and shoulders: found lines of sight 0\.2"):
                sights(views, None, {})
        else:
            assert any("that is much" in note for note in sights(views, None, {})[1])


def test_swapped_cameras_are_refused() -> None:
    one, other = views_of(motion())
    swapped = [replace(one, camera=other.camera), replace(other, camera=one.camera)]
    with pytest.raises(BadInput, match=r"toes that point backward.*which video belongs to which camera"):
        solve(swapped)


@pytest.mark.parametrize("keypoint_set", ["coco17", "openpose_coco18"])
def test_swapped_cameras_are_refused_without_toes_too(keypoint_set: str) -> None:
    points = in_world(motion(), keypoint_set)
    one, other = cameras().values()
    views = [view(one, seen(other, points, 2.0), keypoint_set), view(other, seen(one, points, 2.0), keypoint_set)]
    with pytest.raises(BadInput, match="backward"):
        solve(views)
    right = [view(each, seen(each, points, 2.0), keypoint_set) for each in (one, other)]
    assert solve(right).poses.valid.all()


def test_a_bystander_is_not_followed() -> None:
    angles = motion()
    beside = in_world(angles[:1].repeat(len(angles), axis=0)) + np.array([-1.2, 0.0, 0.9])
    both = []
    for number, (each, alone) in enumerate(zip(cameras().values(), views_of(angles), strict=True)):
        people = [alone.keypoints.points[:, 0], seen(each, beside)]
        points = np.stack(people if number == 0 else people[::-1], axis=1)
        both.append(replace(alone, keypoints=replace(alone.keypoints, points=points)))
    found, _ = sights(both, None, {})
    for sight, alone in zip(found, views_of(angles), strict=True):
        np.testing.assert_allclose(sight.points, alone.keypoints.points[:, 0])
    x, y = np.nanmean(both[0].keypoints.points[0, 1, :, :2], axis=0)
    other, _ = sights(both, (x, y), {})
    np.testing.assert_allclose(other[0].points, both[0].keypoints.points[:, 1])
    np.testing.assert_allclose(other[1].points, both[1].keypoints.points[:, 0])


def test_gaps_are_filled_and_marked_and_long_ones_are_not_believed() -> None:
    views = views_of(motion())
    names = keypoint_sets()[SET]
    for each in views:
        each.keypoints.points[20:40, 0, names.index("RKnee"), 2] = 0.0
        each.keypoints.points[45:85, 0, :, 2] = 0.0
    found = solve(views)
    assert found.filled[20:40, found.names.index("RKnee")].all()
    assert not found.poses.valid[46:84].any()
    assert found.poses.valid[:45].all()
    assert np.isnan(found.poses.angles[46:84]).all()
    assert any("not believed" in note for note in found.notes)


def test_a_world_on_its_head_is_refused() -> None:
    turn = np.diag([1.0, -1.0, -1.0, 1.0])
    views = [replace(each, camera=replace(each.camera, world_to_camera=each.camera.world_to_camera @ turn))
             for each in views_of(motion())]  # fmt: skip
    with pytest.raises(BadInput, match="--up"):
        solve(views)


def test_guesses_outside_the_picture_do_not_count() -> None:
    views = [replace(each, camera=replace(each.camera, distortion=np.array([-0.25, 0.05, 0, 0, 0])))
             for each in views_of(motion(20))]  # fmt: skip
    views[1].keypoints.points[5, 0, 7, :2] = 9000.0, -9000.0  # where this lens cannot be undone
    found, _ = sights(views, None, {})
    assert not np.isfinite(found[1].rays.directions[5, 7]).any()
    assert np.isfinite(found[1].rays.directions[4, 7]).all()


def test_errors_in_the_picture_are_those_of_frames_that_a_view_has() -> None:
    angles = motion()
    views = views_of(angles)
    views[1] = view(list(cameras().values())[1], views[1].keypoints.points[:60, 0])
    found, _ = sights(views, None, {"cam1": 0.0})
    solved = reconstruct(found, even_times(views[0].times, 0.0, np.inf), 6.0, None)
    errors = reprojection(solved, found)
    assert np.isfinite(errors["cam1"][:60]).all()
    assert np.isnan(errors["cam1"][60:]).all()
    assert errors["cam1"][:60].max() < 10


def test_nothing_is_smoothed_where_that_is_asked_for() -> None:
    angles = motion(60)
    knee = generic_skeleton().coordinate_names.index("knee_angle_r")
    shake = np.sin(2 * np.pi * 12.0 * np.arange(60) / FPS)
    angles[:, knee] += np.radians(4.0) * shake
    found, _ = sights(views_of(angles), None, {"cam1": 0.0})
    shown = {}
    for cutoff in (0.0, 6.0):
        solved = reconstruct(found, np.arange(60) / FPS, cutoff, None).poses.angles[:, knee]
        shown[cutoff] = float(np.degrees(2 * np.mean(solved * shake)))  # degrees of the shake that are left
    assert shown[6.0] < 0.5
    assert shown[0.0] > 2.5


def test_a_view_that_paused_for_long_sees_nothing_meanwhile() -> None:
    views = views_of(motion())
    kept = np.r_[0:20, 60:90]
    points = views[1].keypoints.points[kept]
    views[1] = replace(views[1], times=views[1].times[kept], keypoints=replace(views[1].keypoints, points=points))
    found, _ = sights(views, None, {"cam1": 0.0})
    confidence = found[1].at(views[0].times).confidence
    assert not (confidence[20:60] > 0).any()
    assert (confidence[kept].max(axis=1) > 0).all()


def test_a_part_without_frames_is_refused() -> None:
    with pytest.raises(BadInput, match="--start"):
        even_times(np.arange(10) / FPS, 5.0, 6.0)


@pytest.mark.parametrize(("wrong", "refused"), [(30, True), (10, False)])
def test_views_whose_lines_of_sight_hardly_ever_meet_are_refused(wrong: int, refused: bool) -> None:
    """As of swapped views: trunks nearly meet, and limbs do in few frames."""
    first, second = views_of(motion(40))
    points = second.keypoints.points.copy()
    points[..., 1] += 18.0  # px: trunks miss by 9 cm
    names = keypoint_sets()[SET]
    legs = [names.index(f"{side}{part}") for side in "RL" for part in ("Knee", "Ankle")]
    points[:wrong, :, legs, 1] += 150.0
    views = [first, replace(second, keypoints=replace(second.keypoints, points=points))]
    if refused:
        with pytest.raises(BadInput, match="meet in 10 of the 40 frames that show a person"):
            solve(views, offsets={"cam1": 0.0})
    else:
        assert solve(views, offsets={"cam1": 0.0}).poses.valid.sum() >= 20
