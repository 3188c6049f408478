"""The batched engine on markers of known motions, and against OpenSim's tool."""

from pathlib import Path

import numpy as np
import pytest
import torch
from model_motion import markers_of, turning

from kinesynth.isolation import isolated
from kinesynth.kinematics.batched_ik import solve_clips, unwrap
from kinesynth.kinematics.bounded_skeleton import BoundedSkeleton, read_bounded_skeleton
from kinesynth.kinematics.initial_poses import root_on_markers
from kinesynth.kinematics.inverse_kinematics import inverse_kinematics, solve_with_opensim
from kinesynth.kinematics.marker_fit import MarkerFit, MarkerMoments
from kinesynth.skeleton import SkeletonLayer
from kinesynth.skeleton.marker_weights import marker_weights
from kinesynth.stage_file import Clip, StageFile, read_stage, write_stage

FRAMES = 12
PHASE = np.linspace(0.0, 1.0, FRAMES)
MOTION = turning(FRAMES, arm_flex_r=2.9 - 2.5 * PHASE, elbow_flex_l=2.5 * PHASE)


@pytest.fixture(scope="module")
def bounded(skeleton: Path, tmp_path_factory: pytest.TempPathFactory) -> BoundedSkeleton:
    log = tmp_path_factory.mktemp("bounded") / "log"
    return isolated(read_bounded_skeleton, skeleton, timeout_seconds=60, log=log)


@pytest.fixture(scope="module")
def weights(bounded: BoundedSkeleton) -> np.ndarray:
    return np.array(list(marker_weights(bounded.definition.marker_names, "motion").values()))


def motion(bounded: BoundedSkeleton) -> np.ndarray:
    """Return the angles (T, J) of the known motion."""
    definition = bounded.definition
    columns = [
        np.broadcast_to(MOTION.get(name, default), FRAMES)
        for name, default in zip(definition.coordinate_names, definition.coordinate_defaults, strict=True)
    ]
    return definition.coupled(np.stack(columns, axis=1))


def markers(bounded: BoundedSkeleton, angles: np.ndarray) -> np.ndarray:
    return SkeletonLayer(bounded.definition)(torch.tensor(angles.copy())).markers.numpy()


def test_known_angles_are_recovered(bounded: BoundedSkeleton, weights: np.ndarray) -> None:
    angles = motion(bounded)
    solved = solve_clips(bounded, {"a": markers(bounded, angles), "b": markers(bounded, angles[::-1])}, weights)
    for name, expected in (("a", angles), ("b", angles[::-1])):
        turned = solved[name]["angles"] - expected
        apart = np.abs(turned - 2 * np.pi * np.round(turned / (2 * np.pi)))  # a heading may count whole turns
        assert apart.max() < np.deg2rad(0.01)
        assert np.abs(solved[name]["markers"] - markers(bounded, expected)).max() < 1e-4


def test_lost_markers_weigh_nothing(bounded: BoundedSkeleton, weights: np.ndarray) -> None:
    angles = motion(bounded)
    positions = markers(bounded, angles)
    names = bounded.definition.marker_names
    positions[2:5, [names.index(name) for name in ("RLEL", "LFHD", "RASI")]] = np.nan
    # In one frame the pelvis has too few markers to tell where to begin.
    positions[7, [index for index, name in enumerate(names) if name[1:] in {"ASI", "PSI", "ILC"}]] = np.nan
    solved = solve_clips(bounded, {"a": positions}, weights)["a"]
    assert np.abs(solved["angles"] - angles).max() < np.deg2rad(0.01)


def test_limits_are_respected(bounded: BoundedSkeleton, weights: np.ndarray) -> None:
    angles = motion(bounded)
    knee = bounded.definition.coordinate_names.index("knee_angle_r")
    limit = bounded.bounds[knee, 0]
    angles[:, knee] = np.linspace(limit - 0.3, limit + 0.3, FRAMES)
    solved = solve_clips(bounded, {"a": markers(bounded, bounded.definition.coupled(angles))}, weights)["a"]["angles"]
    low, high = bounded.bounds.T
    assert (solved >= low).all()
    assert (solved <= high).all()
    assert solved[0, knee] == limit
    np.testing.assert_allclose(solved[-1, knee], limit + 0.3, atol=1e-4)


def test_a_locked_coordinate_stays(bounded: BoundedSkeleton, weights: np.ndarray) -> None:
    bounds = bounded.bounds.copy()
    ankle = bounded.definition.coordinate_names.index("ankle_angle_r")
    bounds[ankle] = bounded.definition.coordinate_defaults[ankle]
    solved = solve_clips(BoundedSkeleton(bounded.definition, bounds), {"a": markers(bounded, motion(bounded))}, weights)
    assert (solved["a"]["angles"][:, ankle] == bounds[ankle, 0]).all()


def test_arms_far_from_the_first_frame_are_found(bounded: BoundedSkeleton, weights: np.ndarray) -> None:
    """From the first frame's pose alone, most of these frames end in a local minimum."""
    angles = np.repeat(motion(bounded)[:1], 60, axis=0)
    time = np.linspace(0.0, 2 * np.pi, 60)
    waves = {"arm_flex": (0.8, 2.0), "arm_add": (-0.6, 1.0), "arm_rot": (0.0, 1.8), "pro_sup": (1.3, 1.2)}
    for shift, side in enumerate("rl"):
        for speed, (name, (middle, range_)) in enumerate(waves.items(), start=1):
            column = bounded.definition.coordinate_names.index(f"{name}_{side}")
            angles[:, column] = middle + range_ * np.sin(speed * time / 2 + shift)
    positions = markers(bounded, angles) + 0.002 * np.random.default_rng(0).normal(size=(60, len(weights), 3))
    truth = np.sum(weights * ((markers(bounded, angles) - positions) ** 2).sum(axis=-1), axis=1)
    solved = solve_clips(bounded, {"a": positions}, weights)["a"]
    assert (np.sum(weights * ((solved["markers"] - positions) ** 2).sum(axis=-1), axis=1) < truth).all()


def test_equal_markers_give_equal_bytes(bounded: BoundedSkeleton, weights: np.ndarray) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    clips = {"a": markers(bounded, motion(bounded)) + 0.003}
    first, second = (solve_clips(bounded, clips, weights)["a"] for _ in range(2))
    torch.set_num_threads(threads)
    assert all(first[name].tobytes() == second[name].tobytes() for name in first)


def test_the_quadratic_is_that_of_the_markers(bounded: BoundedSkeleton, weights: np.ndarray) -> None:
    """Against automatic differentiation, with a marker on the patella, whose coordinate follows the knee's."""
    definition = bounded.definition
    definition.marker_bodies[0], old = definition.body_names.index("patella_r"), definition.marker_bodies[0]
    layer = SkeletonLayer(definition)
    searched = np.flatnonzero(definition.coupled_to < 0)
    angles = torch.tensor(motion(bounded)[::4])
    rng = np.random.default_rng(1)
    positions = layer(angles).markers.numpy() + 0.05 * rng.normal(size=(len(angles), len(weights), 3))
    found = MarkerFit(definition, searched).quadratic(angles, MarkerMoments.of(definition, positions, weights))

    def residuals(unknowns: torch.Tensor) -> torch.Tensor:
        pose = layer(angles.index_copy(1, torch.tensor(searched), unknowns))
        return ((pose.markers - torch.tensor(positions)) * torch.tensor(weights).sqrt()[:, None]).flatten(1)

    unknowns = angles[:, searched]
    jacobian = torch.autograd.functional.jacobian(lambda x: residuals(x).sum(dim=0), unknowns).movedim(1, 0)
    residual = residuals(unknowns)
    definition.marker_bodies[0] = old
    torch.testing.assert_close(found.cost, (residual**2).sum(dim=1))
    torch.testing.assert_close(found.gradient, (jacobian.mT @ residual[..., None])[..., 0], rtol=1e-9, atol=1e-11)
    torch.testing.assert_close(found.matrix, jacobian.mT @ jacobian, rtol=1e-9, atol=1e-11)


ARM = ("humerus", "ulna", "radius", "hand")


@pytest.mark.parametrize("sides", ["", "l", "r", "rl"])
def test_the_gradient_is_right_where_no_marker_tells_an_arm(bounded: BoundedSkeleton, sides: str) -> None:
    """Without one arm there happen to be as many joints' motions as coordinates, and they are not one to one."""
    names, bodies = bounded.definition.body_names, bounded.definition.marker_bodies
    bare = {names.index(f"{part}_{side}") for part in ARM for side in sides}
    marked = [name for name, body in zip(bounded.definition.marker_names, bodies, strict=True) if body not in bare]
    definition = bounded.with_markers(marked).definition
    searched = torch.tensor(np.flatnonzero(definition.coupled_to < 0))
    angles = torch.tensor(motion(bounded)[:2])
    layer, weights = SkeletonLayer(definition), np.ones(len(marked))
    positions = layer(angles).markers.numpy() + 0.02
    found = MarkerFit(definition, searched.numpy()).quadratic(angles, MarkerMoments.of(definition, positions, weights))
    unknowns = angles[:, searched].requires_grad_()
    off = layer(angles.index_copy(1, searched, unknowns)).markers - torch.tensor(positions)
    (slope,) = torch.autograd.grad(off.square().sum(), unknowns)
    torch.testing.assert_close(found.gradient, slope / 2, rtol=1e-9, atol=1e-11)


def test_whole_turns_are_taken_out_where_limits_allow(bounded: BoundedSkeleton) -> None:
    angles = np.repeat(motion(bounded)[:1], 2, axis=0)
    names = bounded.definition.coordinate_names
    columns = [names.index("pelvis_rotation"), names.index("arm_add_r")]
    angles[:, columns] = [[3.1, -3.1], [-3.1, 1.5]]
    np.testing.assert_allclose(unwrap(bounded, angles)[:, columns], [[3.1, -3.1], [2 * np.pi - 3.1, 1.5]])


def test_the_root_lies_on_its_markers() -> None:
    rng = np.random.default_rng(0)
    local = rng.normal(size=(5, 3))
    a, b, c = 0.4, -0.8, 2.5
    z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    y = np.array([[np.cos(c), 0, np.sin(c)], [0, 1, 0], [-np.sin(c), 0, np.cos(c)]])
    measured = np.repeat((local @ (z @ x @ y).T + [1.0, 2.0, 3.0])[None], 2, axis=0)
    measured[0, 1] = measured[1, :3] = np.nan
    root = root_on_markers(local, measured)
    np.testing.assert_allclose(root[0], [a, b, c, 1.0, 2.0, 3.0])
    assert np.isnan(root[1]).all()


def test_costs_no_more_than_the_tools(skeleton: Path, bounded: BoundedSkeleton, tmp_path: Path) -> None:
    names, positions, _, _ = isolated(markers_of, skeleton, MOTION, FRAMES, timeout_seconds=60, log=tmp_path / "log")
    rng = np.random.default_rng(2)
    positions = positions + 0.01 * rng.normal(size=(len(names), 3))  # as if placed wrongly: the same in all frames
    weights = marker_weights(names, "motion")
    tool = isolated(
        solve_with_opensim, skeleton, names, positions, 30.0, weights, 1e-6, timeout_seconds=120, log=tmp_path / "log"
    )
    scale = np.array([weights[name] for name in names])
    ours = solve_clips(bounded.with_markers(names), {"a": positions}, scale)["a"]

    def costs(found: np.ndarray) -> np.ndarray:
        return np.sum(scale * ((found - positions) ** 2).sum(axis=-1), axis=1)

    assert (costs(ours["markers"]) <= costs(tool["markers"])).all()
    assert np.median(np.abs(ours["angles"] - tool["angles"])) < np.deg2rad(0.5)
    assert ours["keypoints"].shape == tool["keypoints"].shape


def test_the_stage_delivers_the_same_structure(skeleton: Path, bounded: BoundedSkeleton, tmp_path: Path) -> None:
    positions = markers(bounded, motion(bounded))
    attrs = {"fps": 30.0, "subject": "s"}
    arrays = {"a": positions, "mm": 1e3 * positions, "fewer": positions[:, 1:], "lost": np.full_like(positions, np.nan)}
    clips = {name: Clip(name, {"markers": array}, attrs) for name, array in arrays.items()}
    write_stage(tmp_path / "m.h5", StageFile(clips, attrs={"marker_names": list(bounded.definition.marker_names)}))
    log = tmp_path / "log"
    inverse_kinematics(markers=tmp_path / "m.h5", model=skeleton, output=tmp_path / "ik.h5", log=log)
    stage = read_stage(tmp_path / "ik.h5")
    assert stage.attrs["coordinate_names"] == list(bounded.definition.coordinate_names)
    assert set(stage.clips["a"].arrays) == {
        *("angles", "keypoints", "markers", "marker_error", "marker_error_rms", "marker_error_max"),
        *("segment_turn", "segment_shift"),
    }
    assert stage.clips["a"].arrays["marker_error_max"].max() < 1e-4
    assert list(stage.clips) == ["a"]
    assert {name: rejection.reason for name, rejection in stage.rejected.items()} == {
        "mm": "markers not the size of a person in metres",
        "fewer": f"markers not of shape (T, {positions.shape[1]}, 3)",
        "lost": "too many markers missing",
    }
    arrays = stage.clips["a"].arrays
    placed = isolated(_placed, skeleton, arrays["angles"], stage.attrs["marker_names"], timeout_seconds=60, log=log)
    np.testing.assert_allclose(placed, arrays["markers"], atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(placed - positions, axis=-1), arrays["marker_error"], atol=1e-9)


def _placed(skeleton: Path, angles: np.ndarray, names: list[str]) -> np.ndarray:
    """Return where OpenSim has the markers (T, M, 3) m."""
    from kinesynth.opensim_models.opened import light_model
    from kinesynth.opensim_models.posing import forward_kinematics

    return forward_kinematics(light_model(skeleton), angles, names).markers
