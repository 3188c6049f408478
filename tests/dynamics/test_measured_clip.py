"""Clips with a file of measured forces, through ground reaction and inverse dynamics."""

from pathlib import Path

import numpy as np
import pytest
from motions import squat

from kinesynth.config import GroundReaction
from kinesynth.dynamics.ground_reaction import ground_reaction
from kinesynth.dynamics.inverse_dynamics import inverse_dynamics
from kinesynth.opensim_files.external_loads import write_external_loads
from kinesynth.records import Kinematics
from kinesynth.stage_file import Clip, StageFile, read_stage, write_stage

FPS, START = 60.0, 2.5
SHIFT = np.array([1.0, -0.2, 3.0])
TURN = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])  # the file's z is up
PLACE = {"start": START, "root_scale": 1.0, "from_file": np.column_stack([TURN, SHIFT])}


@pytest.fixture(scope="module")
def clips(skeleton: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Clip, Clip]]:
    """A squat whose forces are estimated, the same with these as measured ones, and with some that are not its."""
    folder = tmp_path_factory.mktemp("measured")
    names, angles = squat(skeleton, FPS)
    attrs = {
        "estimated": {"fps": FPS},
        "measured": {"fps": FPS, "grf_file": str(folder / "forces.xml"), **PLACE},
        "turned": {"fps": FPS, "grf_file": str(folder / "forces.mot"), **PLACE, "from_file": np.eye(3, 4)},
        "missing": {"fps": FPS, "grf_file": str(folder / "none.mot"), **PLACE},
    }
    for names_of in (("estimated",), ("estimated", "measured", "turned", "missing")):
        record = {each: Kinematics.partly(angles=angles).clip(each, attrs[each]) for each in names_of}
        write_stage(folder / "ik.h5", StageFile(record, {}, {"coordinate_names": names}))
        ground_reaction(
            ik=folder / "ik.h5",
            model=skeleton,
            output=folder / "grf.h5",
            log=folder / "log",
            grf=GroundReaction(measured_cutoff_hz=FPS),
        )
        grf = read_stage(folder / "grf.h5")
        write_forces(folder, grf.clips["estimated"])
    inverse_dynamics(grf=folder / "grf.h5", model=skeleton, output=folder / "id.h5", log=folder / "log")
    moments = read_stage(folder / "id.h5")
    assert not grf.rejected
    return {each: (grf.clips[each], moments.clips[each]) for each in attrs}


def write_forces(folder: Path, clip: Clip) -> None:
    """Write a clip's forces as a laboratory with z up would have measured them."""
    force, cop, moment = (clip.arrays[name][:, :2] for name in ("force", "cop", "moment"))
    times = START + np.arange(len(force)) / FPS
    write_external_loads(
        folder / "forces.xml", folder / "forces.mot", times, force @ TURN, (cop - SHIFT) @ TURN, moment @ TURN
    )


def test_forces_come_back_and_give_the_same_moments(clips: dict[str, tuple[Clip, Clip]]) -> None:
    (estimated, its_moments), (measured, moments) = clips["estimated"], clips["measured"]
    for name in ("force", "cop", "moment"):
        np.testing.assert_allclose(measured.arrays[name][:, :2], estimated.arrays[name][:, :2], atol=1e-4, err_msg=name)
    np.testing.assert_allclose(moments.arrays["moments"], its_moments.arrays["moments"], atol=1e-3)
    assert measured.attrs["dynamics_valid"]
    assert not measured.arrays["unmeasured"].any()


def test_where_forces_come_from_is_said(clips: dict[str, tuple[Clip, Clip]]) -> None:
    assert clips["estimated"][0].attrs["grf_engine"] == "contact"
    assert clips["measured"][0].attrs["grf_engine"] == "measured"
    assert "right foot on ground_r, left foot on ground_l" in clips["measured"][0].attrs["grf_notes"]
    assert not clips["estimated"][0].arrays["unmeasured"].any()


@pytest.mark.parametrize(("clip", "says"), [("turned", "expected the mean upwards"), ("missing", "no such file")])
def test_forces_that_are_not_its_leave_a_clip_its_motion_and_no_forces(
    clips: dict[str, tuple[Clip, Clip]], clip: str, says: str
) -> None:
    ground, _ = clips[clip]
    assert not ground.attrs["dynamics_valid"]
    assert says in ground.attrs["dynamics_reason"]
    assert ground.arrays["smooth_angles"].any()
    assert not ground.arrays["force"].any()
