"""One command says of every kind of motion file how it is read, or what is wrong with it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kinesynth import cli
from kinesynth.errors import BadInput
from kinesynth.motion.check import check_motion
from kinesynth.opensim_files import write_storage, write_trc

# name: place of someone upright who looks ahead along x; the left is the right's mirror image
RIGHT = {
    "ASI": (0.1, 1.0, 0.12), "PSI": (-0.1, 1.02, 0.05), "SHO": (0.0, 1.45, 0.2), "ELB": (0.0, 1.15, 0.25),
    "WRA": (0.1, 0.95, 0.27), "KNE": (0.0, 0.5, 0.16), "ANK": (-0.02, 0.1, 0.13), "HEE": (-0.07, 0.05, 0.1),
    "TOE": (0.14, 0.04, 0.1),
}  # fmt: skip
MIDDLE = {"C7": (-0.08, 1.5, 0.0), "STRN": (0.1, 1.3, 0.0)}


def markers(path: Path, *, exchanged: bool = False, **more: tuple[float, float, float]) -> Path:
    """Write forty frames of someone who moves ahead; `exchanged` gives each leg the other's labels."""
    mirrored = {f"L{name}": (x, y, -z) for name, (x, y, z) in RIGHT.items()}
    positions = {**{f"R{name}": place for name, place in RIGHT.items()}, **mirrored, **MIDDLE, **more}
    names = list(positions)
    if exchanged:
        legs = {f"{a}{name}": f"{b}{name}" for a, b in ("RL", "LR") for name in ("KNE", "ANK", "HEE", "TOE")}
        names = [legs.get(name, name) for name in names]
    ahead = 0.01 * np.arange(40)[:, None, None] * np.array([1.0, 0.0, 0.0])
    write_trc(path, names, np.array(list(positions.values())) + ahead, 100.0)
    return path


def test_marker_files_say_how_they_are_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check_motion(files=[markers(tmp_path / "walk.trc", RHJC=(0.0, 0.9, 0.1), plate=(0.1, 0.3, 0.2))])
    first, taken, unknown, left_out, missing = capsys.readouterr().out.splitlines()
    assert first == f"{tmp_path}/walk.trc: 40 frames at 100 Hz, 20 markers at known landmarks"
    assert "RKNE -> RLFC" in taken
    assert unknown.endswith("nearest: plate")
    assert left_out == "  left out: RHJC (joint centre)"
    assert missing == "  not shown by any known marker: the head"


def test_a_table_of_labels_is_written_edited_and_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = markers(tmp_path / "walk.trc", M1=(0.08, 1.4, 0.02), wand=(0.1, 0.3, 0.2))
    text = path.read_text().replace("RKNE", "K-right").replace("LKNE", "K-left")
    path.write_text(text)
    table = tmp_path / "labels.csv"
    check_motion(files=[path], write_labels=table)
    rows = dict(line.split(",") for line in table.read_text().splitlines()[1:])
    assert (rows["RASI"], rows["M1"], rows["K-right"]) == ("RASI", "", "")
    edited = {"K-right": "RLFC", "K-left": "LKNE", "wand": "none", "M1": "CLAV"}
    table.write_text("label,landmark\n" + "".join(f"{label},{place}\n" for label, place in edited.items()))
    capsys.readouterr()
    check_motion(files=[path], labels=table)
    told = capsys.readouterr()
    assert "K-right -> RLFC" in told.out
    assert "K-left -> LLFC" in told.out
    assert "M1 -> CLAV" in told.out
    assert "left out wand" in told.err


def test_each_bad_file_gets_its_line_and_the_rest_is_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    crossed = markers(tmp_path / "crossed.trc", exchanged=True)
    (tmp_path / "text.c3d").write_text("no c3d")
    good = markers(tmp_path / "good.trc")
    write_storage(tmp_path / "a.mot", np.arange(20) / 100, {"knee_angle_r": np.zeros(20)}, in_degrees=True, name="a")
    files = [crossed, tmp_path / "text.c3d", good, tmp_path / "a.mot", tmp_path / "walk.bvh", tmp_path / "no.npz"]
    assert cli.run(["check-motion", *map(str, files)]) == 2
    captured = capsys.readouterr()
    faults = captured.err.splitlines()
    assert [fault.split(":")[1].strip() for fault in faults] == [str(files[index]) for index in (0, 1, 4, 5)]
    assert "left and right exchanged at RKNE and LKNE" in faults[0]
    assert f"{good}: 40 frames" in captured.out
    assert "1 columns in degrees; name its --model" in captured.out


def test_amass_files(amass: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = amass("good.npz"), amass("bad.npz", trans=None)
    with pytest.raises(BadInput, match=r"bad\.npz: trans"):
        check_motion(files=[bad, good])
    assert capsys.readouterr().out == f"{good}: 60 frames at 120 Hz, smplh, male, too short to tell the rate\n"


def test_coordinates_are_held_against_their_model(tmp_path: Path, shared: Path) -> None:
    model = shared / "data/walking/subject_walk_scaled.osim"
    columns = {"hip_flex": np.zeros(20), "knee": np.zeros(20)}
    write_storage(tmp_path / "a.mot", np.arange(20) / 100, columns, in_degrees=True, name="a")
    with pytest.raises(BadInput, match=r"a\.mot"):
        check_motion(files=[tmp_path / "a.mot"], model=model, log=tmp_path / "log")


def test_real_files_of_every_kind(tmp_path: Path, shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = shared / "data"
    good = [
        data / name
        for name in ("walking/motion_capture_walk.trc", "amass/amass_sample.npz", "realfiles/plug_in_gait_full.c3d")
    ]
    check_motion(files=[*good, data / "walking/coordinates.sto"], log=tmp_path / "log")
    out = capsys.readouterr().out
    assert "CentreOfMassFloor (centre of mass)" in out
    with pytest.raises(BadInput, match="joint centres"):
        check_motion(files=[data / "cases/trc_video_keypoints/walk.trc"])
