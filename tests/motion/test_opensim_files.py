"""Models and coordinates as users bring them: delivered right, or rejected in one clear line."""

from pathlib import Path

import numpy as np
import pytest

from kinesynth.body.free.build import build_body
from kinesynth.clips import ClipRow, write_clips
from kinesynth.motion.load import load_motion
from kinesynth.motion.subject import subject_shape
from kinesynth.opensim_files import write_storage
from kinesynth.shards import ShardSize
from kinesynth.skeleton.definition import SkeletonDefinition
from kinesynth.stage_file import StageFile, read_stage

HZ, SECONDS, START = 60.0, 1.2, 2.0


@pytest.fixture(scope="module")
def model(skeleton: Path) -> Path:
    return skeleton


def walk(model: Path) -> dict[str, np.ndarray]:
    """Return columns in degrees of someone who steps along."""
    time = np.arange(int(HZ * SECONDS)) / HZ
    swing = np.sin(2 * np.pi * time / 1.1)
    columns = {name: np.zeros(len(time)) for name in SkeletonDefinition.from_osim(model).coordinate_names}
    for s, sign in (("r", 1.0), ("l", -1.0)):
        columns[f"hip_flexion_{s}"], columns[f"knee_angle_{s}"] = 25 * sign * swing, 30 - 25 * sign * swing
    return columns | {"pelvis_tx": 1.2 * time, "pelvis_ty": np.full(len(time), 0.95)}


def written(path: Path, columns: dict[str, np.ndarray], hz: float = HZ, in_degrees: bool = True) -> Path:
    times = START + np.arange(len(next(iter(columns.values())))) / hz
    write_storage(path, times, columns, in_degrees=in_degrees, name="walk")
    return path


def row(clip_id: str, path: Path, model: Path, start: float | None = None) -> ClipRow:
    return ClipRow(clip_id, "s01", "walking", "train", "opensim", path, start, model=model)


def load(folder: Path, rows: list[ClipRow]) -> StageFile:
    """Bring clips of one subject through both stages that read them."""
    body, subject, clips = folder / "model.npz", folder / "s01.json", folder / "clips.tsv"
    build_body(model="free", output=body)
    write_clips(clips, rows)
    subject_shape(body=body, clips=clips, subject="s01", output=subject, log=folder / "log")
    load_motion(
        clips=str(clips), shard="s01_000", size=ShardSize(clips_per_shard=20), body=body, subject=subject,
        output=folder / "motion.h5", log=folder / "log",
    )  # fmt: skip
    return read_stage(folder / "motion.h5")


def test_unfit_models_and_motions_sink_nothing(tmp_path: Path, model: Path) -> None:
    """Also where the unfit ones come first, and would have told the subject's shape."""
    columns = walk(model)
    good = written(tmp_path / "good.mot", columns)
    foreign = written(tmp_path / "foreign.mot", {f"q{i}": values for i, values in enumerate(columns.values())})
    fast = written(tmp_path / "fast.mot", columns, hz=20 * HZ / 1.2)
    empty = tmp_path / "empty.osim"
    empty.write_text('<?xml version="1.0"?>\n<OpenSimDocument Version="40000"><Model name="a"/></OpenSimDocument>\n')
    garbage = tmp_path / "garbage.osim"
    garbage.write_text("<OpenSimDocument>")
    rows = [
        row("missing_model", good, tmp_path / "nowhere.osim"),
        row("no_model", good, garbage),
        row("empty_model", good, empty),
        row("foreign", foreign, model),
        row("fast", fast, model),
        row("good", good, model),
        row("outside", good, model, 0.1),
        row("later", good, model, START + 0.5),
    ]
    stage = load(tmp_path, rows)
    assert list(stage.clips) == ["good", "later"]
    assert stage.clips["good"].attrs["start"] == START
    assert stage.clips["later"].attrs["start"] == START + 0.5
    said = {name: f"{rejection.reason}: {rejection.detail}" for name, rejection in stage.rejected.items()}
    assert "nowhere.osim: model: found no such file" in said["missing_model"]
    assert "garbage.osim" in said["no_model"]
    assert "empty.osim: bodies: found no pelvis" in said["empty_model"]
    assert "foreign.mot: columns: found no pelvis_tilt" in said["foreign"]
    assert "but q0, q1" in said["foreign"]
    assert "implausible frame rate" in said["fast"]
    assert "fast.mot" in said["fast"]
    assert "start 0.1 s, and the file goes from 2 to 3.2 s" in said["outside"]
    assert not any("\n" in line for line in said.values())
    travelled = stage.clips["good"].arrays["transl"]
    assert np.linalg.norm(travelled[-1] - travelled[0]) > 0.8


def test_notes_stand_on_the_clip_and_on_standard_error(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = {name: values for name, values in walk(model).items() if not name.startswith(("mtp", "wrist", "neck"))}
    path = written(tmp_path / "simm.mot", columns)
    head, _, table = path.read_text().partition("endheader")
    assert "inDegrees" in head
    path.write_text(f"walk\ndatacolumns {len(columns) + 1}\ndatarows {len(columns['pelvis_tx'])}\nendheader{table}")
    (clip,) = load(tmp_path, [row("simm", path, model)]).clips.values()
    error = capsys.readouterr().err
    for said in ("a SIMM header and no inDegrees: read in degrees", "left at the model's default: mtp_angle_r"):
        assert said in clip.attrs["notes"]
        assert f"note: {path}: " in error
        assert said in error
    knee = clip.arrays["body_pose"][:, 12]  # the right knee, about the axis that points left
    assert np.degrees(np.ptp(knee)) == pytest.approx(50.0, abs=5.0)


CASES = {
    "mot_crlf_spaces": None,
    "mot_frame_twice": "time: found no increase at row 21",
    "mot_frames_cut_out": "time: found steps of",
    "mot_no_indegrees": "inDegrees: found nothing",
    "mot_pelvis_in_mm": "pelvis_ty: found 844 m",
    "mot_simm_header": None,
    "mot_wrong_names": "hip_flex_r, knee_flexion_r",
}


def test_the_cases_of_public_bug_reports(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data/cases"
    if not folder.is_dir():
        pytest.skip(f"no cases at {folder}")
    model = folder / "_model_e87328.osim"
    stage = load(tmp_path, [row(name, folder / name / "walk.mot", model) for name in CASES])
    for name, said in CASES.items():
        if said is None:
            path = stage.clips[name].arrays["transl"]
            speed = 30.0 * np.linalg.norm(path[-1] - path[0]) / (len(path) - 1)
            assert speed == pytest.approx(1.13 * stage.clips[name].attrs["root_scale"], rel=0.03), name
            assert np.degrees(stage.clips[name].arrays["body_pose"][:, 12].max()) == pytest.approx(69.0, abs=5.0)
        else:
            assert said in stage.rejected[name].detail, name
