from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from motions import planted, write_angles

from kinesynth.config import StaticOptimization
from kinesynth.dynamics.ground_reaction import ground_reaction
from kinesynth.dynamics.inverse_dynamics import inverse_dynamics
from kinesynth.dynamics.muscle_path_fit import fit_muscle_paths
from kinesynth.dynamics.muscle_paths import MusclePaths
from kinesynth.dynamics.static_optimization import solution_grid, static_optimization
from kinesynth.errors import BadInput, KinesynthError
from kinesynth.isolation import isolated
from kinesynth.skeleton import SkeletonDefinition
from kinesynth.stage_file import StageFile, read_stage, write_stage

FPS = 30.0
FRAMES = 10
INNER = slice(3, -3, 3)
SOLVED_BY_TOOL = StaticOptimization(engine="opensim", rate=10.0)


@pytest.fixture(scope="module")
def crouched(skeleton: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Stages of a crouch from which the body rises a little, and of the same without valid dynamics."""
    folder = tmp_path_factory.mktemp("so")
    depth = np.linspace(0.55, 0.4, FRAMES)
    bend = {f"{joint}_{side}": depth * fraction for joint, fraction in _CROUCH.items() for side in "rl"}
    names, angles = planted(skeleton, bend, FRAMES)
    stages = {stage: folder / f"{stage}.h5" for stage in ("grf", "id")}
    log = folder / "log"
    ik = write_angles(folder / "ik.h5", {"crouch": angles, "seat": angles}, names, FPS)
    ground_reaction(ik=ik, model=skeleton, output=stages["grf"], log=log)
    grf = read_stage(stages["grf"])
    seat = grf.clips["seat"]
    masked = type(seat)("seat", seat.arrays, {**seat.attrs, "dynamics_valid": False, "dynamics_reason": "a chair"})
    write_stage(stages["grf"], StageFile({"crouch": grf.clips["crouch"], "seat": masked}, {}, grf.attrs))
    inverse_dynamics(grf=stages["grf"], model=skeleton, output=stages["id"], log=log)
    return {**stages, "model": skeleton, "paths": folder / "paths.npz"}


_CROUCH = {"hip_flexion": 1.0, "knee_angle": 1.3, "ankle_angle": 0.55}


@pytest.fixture(scope="module")
def by_tool(crouched: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> StageFile:
    folder = tmp_path_factory.mktemp("so_tool")
    static_optimization(**crouched, output=folder / "so.h5", log=folder / "log", so=SOLVED_BY_TOOL)
    return read_stage(folder / "so.h5")


@pytest.fixture(scope="module")
def solved(crouched: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> StageFile:
    folder = tmp_path_factory.mktemp("so_batched")
    fit_muscle_paths(
        grf=crouched["grf"], model=crouched["model"], output=crouched["paths"], log=folder / "log", poses=512
    )
    static_optimization(**crouched, output=folder / "so.h5", log=folder / "log")
    return read_stage(folder / "so.h5")


def test_batched_agrees_with_opensim(solved: StageFile, by_tool: StageFile) -> None:
    """At the frames that the tool solved; those at the ends have one-sided accelerations."""
    ours, tool = (stage.clips["crouch"].arrays["activations"][INNER] for stage in (solved, by_tool))
    assert np.sqrt(np.mean((ours - tool) ** 2)) < 0.01
    assert np.corrcoef(ours.ravel(), tool.ravel())[0, 1] > 0.99
    reserves = [stage.clips["crouch"].arrays["reserves"][INNER] for stage in (solved, by_tool)]
    np.testing.assert_allclose(*reserves, atol=0.5)


def test_muscles_hold_a_crouch(solved: StageFile) -> None:
    clip = solved.clips["crouch"]
    names = solved.attrs["muscle_names"]
    activations = clip.arrays["activations"]
    assert activations.shape == (FRAMES, len(names))
    assert activations.min() > 0.009
    assert activations.max() < 1.01
    vasti = [names.index(f"vas{part}_{side}") for part in ("lat", "med", "int") for side in "rl"]
    assert activations[:, vasti].max() > 0.1
    assert clip.arrays["so_violation"].max() < 5.0
    assert clip.attrs["so_rate"] == FPS
    assert clip.attrs["dynamics_valid"]


def test_reserves_are_a_last_resort_where_muscles_work(solved: StageFile) -> None:
    assert {"hip_flexion_r", "knee_angle_l", "ankle_angle_r"} <= set(solved.attrs["muscle_driven"])
    assert {"pelvis_ty", "neck_extension", "wrist_flex_r"}.isdisjoint(solved.attrs["muscle_driven"])
    assert np.abs(solved.clips["crouch"].arrays["reserves"][:, 6:10]).max() < 2.0


@pytest.mark.parametrize("engine", ["solved", "by_tool"])
def test_muscles_and_reserves_make_up_the_moments(
    crouched: dict[str, Path], engine: str, request: pytest.FixtureRequest
) -> None:
    """With OpenSim's own muscles, between the frames that the tool solved as well."""
    stage: StageFile = request.getfixturevalue(engine)
    check_balance(crouched, stage)
    assert stage.clips["crouch"].arrays["so_violation"][INNER].max() < 5.0


def test_smoothed_activations_keep_the_balance(crouched: dict[str, Path], solved: StageFile, tmp_path: Path) -> None:
    """A window of five frames moves activations off the solution; the reserves say by how much."""
    output = tmp_path / "so.h5"
    static_optimization(
        **crouched,
        output=output,
        log=tmp_path / "log",
        so=StaticOptimization(smoothing_seconds=5.0 / FPS, smoothing_order=0),
    )
    smooth, raw = read_stage(output), solved.clips["crouch"].arrays
    check_balance(crouched, smooth)
    arrays = smooth.clips["crouch"].arrays
    assert np.abs(arrays["activations"] - raw["activations"]).max() > 1e-3
    assert np.abs(arrays["reserves"] - raw["reserves"]).max() > 0.05
    np.testing.assert_allclose(arrays["so_violation"], raw["so_violation"])


def check_balance(stages: dict[str, Path], solved: StageFile) -> None:
    """Recompute the muscles' moments from lengths alone: by the difference quotient of each path's length."""
    ground, moments, clip = (
        *(read_stage(stages[stage]).clips["crouch"].arrays for stage in ("grf", "id")), solved.clips["crouch"].arrays,
    )  # fmt: skip
    skeleton = SkeletonDefinition.from_osim(stages["model"])
    frames, driven = [0, 4, 7], ["hip_flexion_r", "knee_angle_l", "ankle_angle_r", "lumbar_extension"]
    supplied = isolated(
        muscle_moments_by_lengths, stages["model"].absolute(), skeleton, ground["smooth_angles"], clip["activations"],
        frames, driven, timeout_seconds=120.0, log=Path("/dev/null"),
    )  # fmt: skip
    names = list(read_stage(stages["grf"]).attrs["coordinate_names"])
    columns = [names.index(name) for name in driven]
    carried = skeleton.carried(ground["smooth_angles"], moments["moments"])
    wanted = carried[frames][:, columns] - clip["reserves"][frames][:, columns]
    np.testing.assert_allclose(
        supplied, wanted, rtol=0.01, atol=0.1
    )  # wrapping: OpenSim's speeds are no difference quotients


def muscle_moments_by_lengths(
    path: Path,
    skeleton: SkeletonDefinition,
    angles: np.ndarray,
    activations: np.ndarray,
    frames: list[int],
    driven: list[str],
) -> np.ndarray:
    import opensim
    from scipy.interpolate import make_interp_spline

    model = opensim.Model(str(path))
    state = model.initSystem()
    coordinates = list(model.getCoordinateSet())
    names = [coordinate.getName() for coordinate in coordinates]
    muscles = [model.getMuscles().get(index) for index in range(model.getMuscles().getSize())]
    times = np.arange(len(angles)) / FPS
    speeds = make_interp_spline(times, angles, k=5).derivative()(times)

    def pose(row: np.ndarray, speed: np.ndarray) -> None:
        for value, rate, coordinate in zip(skeleton.coupled(row), speed, coordinates, strict=True):
            coordinate.setValue(state, float(value), False)
            coordinate.setSpeedValue(state, float(rate))
        model.realizeVelocity(state)

    moments = np.zeros((len(frames), len(driven)))
    for place, frame in enumerate(frames):
        pose(angles[frame], speeds[frame])
        pulls = [
            activation * muscle.calcInextensibleTendonActiveFiberForce(state, 1.0)
            for activation, muscle in zip(activations[frame], muscles, strict=True)
        ]
        for column, name in enumerate(driven):
            step = 1e-4 * np.eye(len(names))[names.index(name)]
            lengths = []
            for row in (angles[frame] + step, angles[frame] - step):
                pose(row, speeds[frame])
                lengths.append([muscle.getLength(state) for muscle in muscles])
            moments[place, column] = -np.dot(pulls, np.subtract(*lengths)) / 2e-4
    return moments


def test_without_valid_forces_there_are_no_activations(solved: StageFile) -> None:
    clip = solved.clips["seat"]
    assert not clip.attrs["dynamics_valid"]
    assert clip.attrs["dynamics_reason"] == "a chair"
    np.testing.assert_array_equal(clip.arrays["activations"], 0.0)


def test_the_tool_says_its_rate(by_tool: StageFile) -> None:
    assert by_tool.clips["crouch"].attrs["so_rate"] == pytest.approx(10.0)


def test_a_clip_that_hangs_is_masked(crouched: dict[str, Path], tmp_path: Path) -> None:
    output = tmp_path / "so.h5"
    static_optimization(
        **crouched, output=output, log=tmp_path / "log", so=StaticOptimization(engine="opensim", timeout_seconds=0.01)
    )
    clip = read_stage(output).clips["crouch"]
    assert not clip.attrs["dynamics_valid"]
    assert "hung" in clip.attrs["dynamics_reason"]


def test_paths_of_another_model_are_refused(solved: StageFile, crouched: dict[str, Path], tmp_path: Path) -> None:
    paths = MusclePaths.load(crouched["paths"])
    replace(paths, muscle_names=paths.muscle_names[::-1]).save(tmp_path / "paths.npz")
    other = {**crouched, "paths": tmp_path / "paths.npz"}
    with pytest.raises(BadInput, match="run fit-muscle-paths"):
        static_optimization(**other, output=tmp_path / "so.h5", log=tmp_path / "log")


def test_batched_refuses_exponents_without_a_smooth_dual(crouched: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(KinesynthError, match=r"activation_exponent: the batched engine takes 2 or more, not 1\.5"):
        static_optimization(**crouched, output=tmp_path / "so.h5", so=StaticOptimization(activation_exponent=1.5))


def test_batched_agrees_with_opensim_on_cubes(crouched: dict[str, Path], solved: StageFile, tmp_path: Path) -> None:
    found = {}
    for engine in ("batched", "opensim"):
        so = replace(SOLVED_BY_TOOL, engine=engine, activation_exponent=3.0)
        static_optimization(**crouched, output=tmp_path / f"{engine}.h5", log=tmp_path / "log", so=so)
        found[engine] = read_stage(tmp_path / f"{engine}.h5").clips["crouch"].arrays["activations"][INNER]
    assert np.sqrt(np.mean((found["batched"] - found["opensim"]) ** 2)) < 0.01
    assert np.corrcoef(found["batched"].ravel(), found["opensim"].ravel())[0, 1] > 0.99
    squares = solved.clips["crouch"].arrays["activations"][INNER]
    assert found["batched"].max() < squares.max() - 0.02  # cubes spread the load over more muscles


@pytest.mark.parametrize(
    ("frames", "fps", "rate"), [(45, 30.0, 10.0), (46, 30.0, 7.0), (10, 30.0, 60.0), (2, 60.0, 1.0)]
)
def test_grid_spans_the_clip(frames: int, fps: float, rate: float) -> None:
    times, stride = solution_grid(frames, fps, rate)
    solved = times[::stride]
    assert solved[0] == 0.0
    assert solved[-1] == pytest.approx((frames - 1) / fps)
    assert np.diff(times).max() <= 1.0 / fps + 1e-12
    assert min(rate, fps) <= (len(solved) - 1) / solved[-1] + 1e-9
