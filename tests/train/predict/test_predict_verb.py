"""The verb from end to end on a made-up person, and one clear line for whatever does not fit."""

import errno
import json
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from made_up_person import FPS, SET, cameras, in_world, motion, seen

from kinesynth.opensim_files import read_storage, read_trc
from kinesynth_train.calibration.own import as_json
from kinesynth_train.cli import run
from kinesynth_train.predict import outputs
from kinesynth_train.predict.detector.people import save_keypoints
from kinesynth_train.predict.earlier import earlier_files, earlier_notes, written_whole
from kinesynth_train.predict.keypoint_files import Keypoints
from kinesynth_train.predict.videos import open_video

FRAMES = 40


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    """A folder with a calibration, and points and a small video per view."""
    (tmp_path / "cameras.json").write_text(as_json(cameras()))
    points = in_world(motion(FRAMES))
    for name, camera in cameras().items():
        save_keypoints(tmp_path / f"{name}.npz", Keypoints(SET, seen(camera, points)[:, None]))
        write_video(tmp_path / f"{name}.mp4", 90, 160)
    return tmp_path


def write_video(path: Path, width: int, height: int, frames: int = FRAMES) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("h264", rate=int(FPS))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for frame in range(frames):
            pixels = np.full((height, width, 3), 40, np.uint8)
            pixels[: height // 4, : width // 2] = 255 - frame  # bright at the top left
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return path


def turned_in_header(path: Path) -> Path:
    """Mark a video as one that is to be shown after a quarter turn clockwise, as phones do."""
    content = bytearray(path.read_bytes())
    plain = np.array([0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000], ">i4").tobytes()
    quarter = np.array([0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000], ">i4").tobytes()
    place = content.index(plain, content.index(b"tkhd"))
    content[place : place + 36] = quarter
    path.write_bytes(content)
    return path


def flags(scene: Path, kind: str = "keypoints") -> list[str]:
    ending = {"keypoints": "npz", "video": "mp4"}[kind]
    return [part for name in cameras() for part in (f"--{kind}", f"{name}={scene / name}.{ending}")]


def verb(scene: Path, *more: str, output: str = "out") -> int:
    return run(["predict", "--cameras", str(scene / "cameras.json"), "--output", str(scene / output), *more])


def test_points_alone_give_angles(scene: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verb(scene, *flags(scene), "--fps", "60", "--name", "step", "--height", "1.80") == 0
    motion_file = read_storage(scene / "out/kinematics/step.mot")
    truth = np.degrees(motion(FRAMES))
    error = motion_file.column("knee_angle_r") - truth[:, list(motion_file.names).index("knee_angle_r")]
    assert np.abs(error).max() < 5.0
    trial = read_trc(scene / "out/pose-3d/step.trc")
    assert "RKnee" in trial.names
    assert len(trial.positions) == FRAMES
    assert (scene / "out/kinematics/step_scaled.osim").is_file()
    summary = json.loads((scene / "out/predict.json").read_text())
    assert summary["height_m"] == 1.8
    assert summary["views"]["cam1"]["reprojection_rms_px"] < 10
    assert sum(summary["valid"]) == FRAMES
    assert any("--mass" in note for note in summary["assumed"])
    assert "--mass" in capsys.readouterr().err


def test_the_overlay_shows_the_person_where_the_points_are(scene: Path) -> None:
    for name in cameras():
        write_video(scene / f"{name}.mp4", 720, 1280)
    assert verb(scene, *flags(scene), *flags(scene, "video"), "--end", "0.2") == 0
    video = open_video(scene / "out/overlay/cam0.mp4")
    assert video.height == 1080
    index, picture = next(iter(video.frames()))
    knee = cameras()["cam0"].pixels(in_world(motion(1)))[0][0, 14] * 1080 / 1280  # RKnee of the set
    assert index == 0
    x, y = np.rint(knee).astype(int)
    around = picture[y - 3 : y + 4, x - 3 : x + 4].reshape(-1, 3).astype(int)
    assert (around.max(axis=1) - around.min(axis=1)).max() > 60  # a bone's colour or a point's on the grey picture


def test_a_video_is_turned_as_its_file_says(tmp_path: Path) -> None:
    plain = open_video(write_video(tmp_path / "a.mp4", 64, 48))
    assert (plain.width, plain.height, plain.notes) == (64, 48, ())
    turned = open_video(turned_in_header(write_video(tmp_path / "b.mp4", 64, 48)))
    assert (turned.width, turned.height) == (48, 64)
    assert "turned" in turned.notes[0]
    _, picture = next(iter(turned.frames()))
    assert picture.shape == (64, 48, 3)
    assert picture[5, -5].mean() > 150  # what was at the top left is at the top right
    assert picture[5, 5].mean() < 100


def climbing(scene: Path, name: str = "../../cam1") -> list[str]:
    """Name a camera of the calibration so that what is written of it would lie elsewhere."""
    stranger = json.loads((scene / "cameras.json").read_text())
    stranger["cameras"][name] = stranger["cameras"].pop("cam1")
    (scene / "cameras.json").write_text(json.dumps(stranger))
    return [*flags(scene)[:2], "--keypoints", f"{name}={scene / 'cam1.npz'}", "--fps", "60"]


def with_video(scene: Path) -> list[str]:
    return [*flags(scene), "--video", f"cam0={write_video(scene / 'b.mp4', 720, 1280)}", "--fps", "60"]


def masked(scene: Path, masks: np.ndarray) -> list[str]:
    np.savez(scene / "masks.npz", masks=masks)
    return [*with_video(scene), "--masks", f"cam0={scene / 'masks.npz'}"]


def boxed(scene: Path, row: str) -> list[str]:
    (scene / "boxes.csv").write_text("x0,y0,x1,y1\n" + f"{row}\n" * FRAMES)
    return [*with_video(scene), "--boxes", f"cam0={scene / 'boxes.csv'}"]


CASES: dict[str, tuple[Callable[[Path], list[str]], str]] = {
    "no view": (lambda scene: flags(scene)[:0], "give --video NAME=FILE"),
    "focal length twice": (lambda scene: [*flags(scene)[:2], "--focal-px", "900"], "both it and --cameras"),
    "unknown camera": (lambda scene: ["--keypoints", f"door={scene / 'cam0.npz'}", *flags(scene)], "cam0, cam1"),
    "no frame rate": (lambda scene: [*flags(scene)], "--fps"),
    "view twice": (lambda scene: [*flags(scene)[:2], *flags(scene)], "cam0 twice"),
    "height in cm": (lambda scene: [*flags(scene), "--height", "180"], "give it in m"),
    "other frames": (lambda scene: [*flags(scene), "--video", f"cam0={write_video(scene / 'b.mp4', 90, 160, 20)}"],
                     "40 frames of points, expected 20"),
    "other shape": (lambda scene: [*flags(scene), "--video", f"cam0={write_video(scene / 'b.mp4', 160, 160)}"],
                    "size: found 160 x 160"),
    "no video": (lambda scene: [*flags(scene), "--video", f"cam0={scene / 'none.mp4'}"], "no such file"),
    "unknown offset": (lambda scene: [*flags(scene), "--fps", "60", "--offset", "door=1"], "name one of the views"),
    "no time": (lambda scene: [*flags(scene), "--fps", "60", "--start", "9"], "--start"),
    "no rate": (lambda scene: [*flags(scene), "--fps", "nan"], "--fps"),
    "cut-off below zero": (lambda scene: [*flags(scene), "--fps", "60", "--smooth", "-1"], "--smooth"),
    "endless offset": (lambda scene: [*flags(scene), "--fps", "60", "--offset", "cam1=inf"], "found inf"),
    "first view's offset": (lambda scene: [*flags(scene), "--fps", "60", "--offset", "cam0=1"], "offset of the first"),
    "folder in the name": (lambda scene: [*flags(scene), "--fps", "60", "--name", "a/b"], "without folders"),
    "two dots for a name": (lambda scene: [*flags(scene), "--fps", "60", "--name", ".."], "without folders"),
    "a name that is a flag": (lambda scene: [*flags(scene), "--fps", "60", "--name=-rf"], "that a file can bear"),
    "an endless name": (lambda scene: [*flags(scene), "--fps", "60", "--name", "a" * 300], "that a file can bear"),
    "a rate of nearly nothing": (lambda scene: [*flags(scene), "--fps", "1e-300"], "frames per second, 1 or more"),
    "a focal length below zero": (lambda scene: [*flags(scene)[:2], "--focal-px=-9"], "--focal-px: px: found -9"),
    "no focal length": (lambda scene: [*flags(scene)[:2], "--focal-px", "nan"], "--focal-px: px: found nan"),
    "a camera that climbs": (climbing, "found '../../cam1', expected a name that a file can bear"),
    "a camera in a folder": (lambda scene: climbing(scene, "a/b"), "found 'a/b', expected a name that a file can"),
    "masks of nobody": (lambda scene: masked(scene, np.zeros((40, 1280, 720), bool)), "nobody in any frame"),
    "masks of words": (lambda scene: masked(scene, np.full((40, 1280, 720), "a")), "that are no yes or no"),
    "masks that are unknown": (lambda scene: masked(scene, np.full((40, 1280, 720), np.nan, np.float16)),
                               "that are no yes or no"),
    "masks of another size": (lambda scene: masked(scene, np.zeros((40, 9, 9), bool)), "found 40 x 9 x 9"),
    "boxes beside the picture": (lambda scene: boxed(scene, "9000,90,9010,99"), "a box in the picture of 720 x 1280"),
    "boxes without an end": (lambda scene: boxed(scene, "-1e300,0,1e300,9"), "a box in the picture of 720 x 1280"),
    "nobody there": (lambda scene: [*flags(scene), "--fps", "60", "--person", "9000,9"], "nobody near 9000,9"),
    "one frame": (lambda scene: [*points_of(scene, lambda points: points[:1]), "--fps", "60"], "found 1 frame"),
    "points of a larger picture": (lambda scene: [*points_of(scene, lambda points: points * [3.0, 3.0, 1.0]), "--fps",
                                   "60"], "view cam1: points: found points as far as"),
    "two points": (lambda scene: [*points_of(scene, lambda points: points * (np.arange(25) < 2)[:, None]), "--fps",
                   "60"], "view cam1: points: found nobody"),
}  # fmt: skip


def test_a_motion_that_gives_no_forces_keeps_its_angles(scene: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verb(scene, *flags(scene), "--fps", "60", "--end", "0.3", "--dynamics") == 2
    assert "--dynamics: motion: found 0.32 s" in capsys.readouterr().err.splitlines()[-1]
    assert "angles" in json.loads((scene / "out/predict.json").read_text())["files"]


def test_a_second_run_leaves_nothing_of_the_first(scene: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verb(scene, *flags(scene), "--fps", "60", "--name", "first") == 0
    (scene / "out/own.txt").write_text("the user's")
    assert verb(scene, *flags(scene), "--fps", "60", "--name", "second") == 0
    assert "of an earlier run were removed" in capsys.readouterr().err
    files = {path.relative_to(scene / "out").as_posix() for path in (scene / "out").rglob("*") if path.is_file()}
    assert not any("first" in file for file in files)
    told = json.loads((scene / "out/predict.json").read_text())["files"]
    assert files - {"own.txt", "predict.json", "logs/opensim.log"} == set(told.values())


def test_a_file_elsewhere_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    for name in ("a.txt", "out/kept.npz", "out/b.txt"):
        (tmp_path / name).write_text("")
    named = {"one": "../a.txt", "two": str(tmp_path / "a.txt"), "three": "kept.npz", "four": "b.txt"}
    (tmp_path / "out/predict.json").write_text(json.dumps({"files": named}))
    earlier = earlier_files(tmp_path / "out", [tmp_path / "out/kept.npz"])
    assert earlier_notes(tmp_path / "out", earlier)[0].startswith("1 files")
    with written_whole(tmp_path / "out", earlier) as folder:
        (folder / "predict.json").write_text("")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.txt", "kept.npz", "out", "predict.json"]


@pytest.mark.parametrize("in_the_way", ["kinematics", "predict.json/a", "step.h5/a"])
def test_a_run_that_fails_leaves_everything_as_it_was(
    scene: Path, in_the_way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be put in its place is told in a line, and nothing else is either."""
    way = scene / "out" / in_the_way
    way.parent.mkdir(parents=True)
    way.write_text("the user's")
    assert verb(scene, *flags(scene), "--fps", "60", "--end", "0.2", "--name", "step") == 2
    assert str(scene / "out") in capsys.readouterr().err.splitlines()[-1]
    left = [path for path in (scene / "out").rglob("*") if path.is_file() and path.name != "opensim.log"]
    assert left == [way]


def test_a_video_that_is_damaged_inside_leaves_no_half(scene: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_video(scene / "cam0.mp4", 720, 1280)
    with av.open(str(path)) as container:
        packets = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    content = bytearray(path.read_bytes())
    for place, size in packets[20:]:
        content[place : place + size] = b"\xff" * size
    path.write_bytes(content)
    assert verb(scene, *flags(scene), "--video", f"cam0={path}", "--fps", "60") == 2
    assert "damaged after" in capsys.readouterr().err.splitlines()[-1]
    assert [file.name for file in (scene / "out").rglob("*") if file.is_file()] in ([], ["opensim.log"])


def points_of(scene: Path, change: Callable[[np.ndarray], np.ndarray]) -> list[str]:
    """Change the second view's points (T, N, P, 3), and return the flags."""
    with np.load(scene / "cam1.npz") as archive:
        save_keypoints(scene / "cam1.npz", Keypoints(SET, change(archive["points"])))
    return flags(scene)


def test_an_output_that_cannot_be_written_is_told_before_any_work(
    scene: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (scene / "out").write_text("in the way")
    assert verb(scene, *flags(scene), "--fps", "60") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{scene / 'out'}: output: found" in line


def test_a_full_disk_is_one_line(
    scene: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "walk.trc")

    monkeypatch.setattr(outputs, "write_trc", full)
    assert verb(scene, *flags(scene), "--fps", "60") == 2
    assert "walk.trc: No space left on device" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("case", CASES)
def test_what_does_not_fit_is_one_line(scene: Path, capsys: pytest.CaptureFixture[str], case: str) -> None:
    make, message = CASES[case]
    assert verb(scene, *make(scene)) == 2
    error = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("note: ")]
    assert len(error) == 1
    assert message in error[0]
