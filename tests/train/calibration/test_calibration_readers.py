"""Every format of calibration: the same cameras from all of them, real files against real markers, and bad input."""

import gzip
import json
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.spatial.transform import Rotation

from kinesynth.errors import BadInput
from kinesynth.opensim_files import read_trc
from kinesynth_train.calibration import Camera, read_cameras
from kinesynth_train.calibration.camera import TO_Y_UP, resized, turned
from kinesynth_train.calibration.fitted import fit_to_video
from kinesynth_train.calibration.opencap import unpickled
from kinesynth_train.calibration.own import as_json

LENS = np.array([0.05, -0.1, 1e-3, -5e-4, 0.02])


def camera(name: str = "left", azimuth: float = 0.3) -> Camera:
    """Two metres away, 1.2 m high, looking at the origin from an azimuth."""
    rotation = np.diag([1.0, -1.0, -1.0]) @ Rotation.from_euler("xy", [0.1, azimuth]).as_matrix()
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = rotation, -rotation @ np.array([-2 * np.sin(azimuth), 1.2, 2 * np.cos(azimuth)])
    K = np.array([[900.0, 0.0, 359.0], [0.0, 905.0, 641.0], [0.0, 0.0, 1.0]])
    return Camera(name, 720, 1280, K, LENS, pose)


CAMERAS = (camera(), camera("right", -0.6))


def in_z_up(one: Camera) -> np.ndarray:
    """The camera's rotation from a world that is z up."""
    return one.world_to_camera[:3, :3] @ TO_Y_UP["z"]


def toml(cameras: tuple[Camera, ...], unit: float = 1.0, head: str = "{}", vector: bool = True) -> str:
    lines = []
    for one in cameras:
        rotation = in_z_up(one)
        shown = Rotation.from_matrix(rotation).as_rotvec() if vector else rotation
        lines += [
            f"[{head.format(one.name)}]", f'name = "{one.name}"', f"size = [{one.width}.0, {one.height}.0]",
            f"matrix = {one.K.tolist()}", f"distortions = {one.distortion.tolist()}",
            f"rotation = {shown.tolist()}", f"translation = {(one.world_to_camera[:3, 3] * unit).tolist()}",
            "fisheye = false",
        ]  # fmt: skip
    return "\n".join([*lines, "[metadata]", "adjusted = false"]) + "\n"


def qca(cameras: tuple[Camera, ...]) -> str:
    parts = []
    for one in cameras:
        axes = np.diag([1.0, -1.0, -1.0]) @ in_z_up(one)
        x, y, z = TO_Y_UP["z"].T @ one.centre * 1000
        cells = " ".join(f'r{i + 1}{j + 1}="{axes[i, j]}"' for i in range(3) for j in range(3))
        k1, k2, p1, p2, k3 = one.distortion
        parts.append(
            f'<camera serial="{one.name}" model="Miqus Video" viewrotation="0">'
            f'<fov_video left="8" right="{one.width + 7}" top="4" bottom="{one.height + 3}"/>'
            f'<transform {cells} x="{x}" y="{y}" z="{z}"/>'
            f'<intrinsic focalLengthU="{64 * one.K[0, 0]}" focalLengthV="{64 * one.K[1, 1]}"'
            f' centerPointU="{64 * (one.K[0, 2] + 8)}" centerPointV="{64 * (one.K[1, 2] + 4)}" radialDistortion1="{k1}"'
            f' radialDistortion2="{k2}" radialDistortion3="{k3}"'
            f' tangentalDistortion1="{p1}" tangentalDistortion2="{p2}"/>'
            "</camera>"
        )
    return f"<calibration><cameras>{''.join(parts)}</cameras></calibration>"


LYING = Rotation.from_euler("xy", [90, 90], degrees=True).as_matrix()  # from the board to the ground
HANGING = Rotation.from_euler("yz", [90, 180], degrees=True).as_matrix()
OVERHEAD = Rotation.from_euler("y", -90, degrees=True).as_matrix()


def session(folder: Path, cameras: tuple[Camera, ...], placement: str = "ground", ground: np.ndarray = LYING) -> Path:
    for one in cameras:
        place = folder / "Videos" / one.name / "cameraIntrinsicsExtrinsics.pickle"
        place.parent.mkdir(parents=True)
        content = {
            "distortion": one.distortion[None], "intrinsicMat": one.K,
            "imageSize": np.array([[float(one.height)], [float(one.width)]]),
            "rotation": one.world_to_camera[:3, :3] @ ground, "translation": one.world_to_camera[:3, 3:] * 1000,
        }  # fmt: skip
        place.write_bytes(pickle.dumps(content))
    (folder / "sessionMetadata.yaml").write_text(f"checkerBoard:\n  placement: {placement}\nmass_kg: 70.0\n")
    return folder


def write(folder: Path, kind: str) -> Path:
    if kind == "opencap":
        return session(folder / "session", CAMERAS)
    name, text = {
        "anipose": ("Calib.toml", toml(CAMERAS)),
        "millimetres": ("Calib_mm.toml", toml(CAMERAS, unit=1000.0)),
        "caliscope": ("camera_array.toml", toml(CAMERAS, head="cameras.{}", vector=False)),
        "qualisys": ("a.qca.txt", qca(CAMERAS)),
        "own": ("cameras.json", as_json({one.name: one for one in CAMERAS})),
    }[kind]
    (folder / name).write_text(text)
    return folder / name


@pytest.mark.parametrize("kind", ["anipose", "millimetres", "caliscope", "qualisys", "own", "opencap"])
def test_all_formats_give_the_same_cameras(tmp_path: Path, kind: str) -> None:
    found, _ = read_cameras(write(tmp_path, kind))
    for one, name in zip(CAMERAS, found, strict=True):
        assert name == (f"cam_{one.name}" if kind == "caliscope" else one.name)
        read = found[name]
        assert (read.width, read.height) == (720, 1280)
        for field in ("K", "distortion", "world_to_camera"):
            np.testing.assert_allclose(getattr(read, field), getattr(one, field), atol=1e-9, rtol=1e-9)


def test_millimetres_are_told(tmp_path: Path) -> None:
    _, notes = read_cameras(write(tmp_path, "millimetres"))
    assert any("millimetres" in note for note in notes)


@pytest.mark.parametrize("placement", ["backWall", "Perpendicular", ""])
@pytest.mark.parametrize("board", [HANGING, OVERHEAD])
def test_a_board_on_the_wall_leaves_cameras_upright(tmp_path: Path, placement: str, board: np.ndarray) -> None:
    folder = session(tmp_path / "session", CAMERAS, placement, board)
    if not placement:
        (folder / "sessionMetadata.yaml").unlink()
    cameras, _ = read_cameras(folder)
    for one in CAMERAS:
        np.testing.assert_allclose(cameras[one.name].world_to_camera, one.world_to_camera, atol=1e-9)


def test_placement_unknown(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="placement: found ceiling, expected ground or backWall"):
        read_cameras(session(tmp_path / "session", CAMERAS, "ceiling"))


EMPTY = np.zeros(0).__reduce__()[0]  # numpy's own function for empty arrays


class Attack:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return eval, ("(_ for _ in ()).throw(SystemExit('run'))",)


@pytest.mark.parametrize("content", [Attack(), {"rotation": Attack()}, [1, 2], np.float64, {"rotation": "x"}])
def test_pickles_with_anything_but_arrays_are_refused(tmp_path: Path, content: object) -> None:
    path = tmp_path / "cameraIntrinsicsExtrinsics.pickle"
    path.write_bytes(pickle.dumps(content))
    with pytest.raises(BadInput):
        unpickled(path)


class Call:
    """What a pickle may ask for: a call, and a state for its result."""

    def __init__(self, *parts: object) -> None:
        self.parts = parts

    def __reduce__(self) -> tuple[object, ...]:
        return self.parts


BEYOND = Call(np.dtype, ("V8", False, True), (3, "|", None, ("a",), {"a": (np.dtype("f8"), 1 << 40)}, 8, 1, 0))
LISTS = [0.0] * 10
for _ in range(8):
    LISTS = [LISTS] * 10  # a hundred bytes each, and ten times as many metrics as before


@pytest.mark.parametrize(
    "content",
    [
        {"rotation": Call(np.ndarray, ((1 << 28,),))},
        {"rotation": Call(EMPTY, (np.ndarray, (0,), b"b"), (1, (1,), BEYOND, False, b"\0" * 8))},  # ends the process
        {"rotation": LISTS},
        {"rotation": np.array([None])},
        {"rotation": np.zeros(1, dtype=[("a", "f8")])},
        {"other": np.zeros(10000)},
    ],
)
def test_pickles_that_would_fill_or_leave_the_memory_are_refused(tmp_path: Path, content: object) -> None:
    path = tmp_path / "cameraIntrinsicsExtrinsics.pickle"
    path.write_bytes(pickle.dumps(content))
    with pytest.raises(BadInput):
        unpickled(path)


def test_a_pickle_that_would_remember_too_much_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cameraIntrinsicsExtrinsics.pickle"
    path.write_bytes(b"\x80\x04Nr\xff\xff\xff\x0f.")
    with pytest.raises(BadInput, match="LONG_BINPUT"):
        unpickled(path)


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_arrays_and_numbers_come_out_of_a_pickle(tmp_path: Path, protocol: int) -> None:
    given = {"rotation": np.eye(3), "imageSize": np.array([[1280], [720]]), "distortion": np.float32(0.5)}
    given["intrinsicMat"] = np.array([1.0, 2.0], ">f8")
    given["translation"] = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    path = tmp_path / "cameraIntrinsicsExtrinsics.pickle"
    path.write_bytes(pickle.dumps(given, protocol=protocol))
    found = unpickled(path)
    assert set(found) == set(given)
    for key, value in given.items():
        np.testing.assert_array_equal(found[key], value)


@given(st.binary(max_size=400))
def test_no_bytes_break_a_reader(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    for name in ("a.toml", "a.json", "a.qca.txt", "a.pickle"):
        (folder / name).write_bytes(content)
        with pytest.raises(BadInput) as caught:
            read_cameras(folder / name)
        assert "\n" not in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=4) | st.integers(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(["size", "K", "distortion", "world_to_camera"]), JSON)
def test_any_value_of_a_field_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, field: str, value: object
) -> None:
    content = json.loads(as_json({"left": CAMERAS[0]}))
    content["cameras"]["left"][field] = value
    path = tmp_path_factory.mktemp("json") / "cameras.json"
    path.write_text(json.dumps(content))
    try:
        read = read_cameras(path)[0]["left"]
    except BadInput:
        return
    assert all(np.isfinite(getattr(read, name)).all() for name in ("K", "distortion", "world_to_camera"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"K": np.diag([0.9, 0.9, 1.0])}, "focal length"),
        ({"world_to_camera": np.diag([1.0, 1.0, -1.0, 1.0])}, "reflection"),
        ({"world_to_camera": 2 * np.eye(4)}, "rotation"),
        ({"distortion": np.array([0, 0, 9.0, 0, 0])}, "distortion"),
        ({"K": np.array([[900, 1e308, 360], [0, 900, 640], [0, 0, 1.0]])}, "skew: found 1e"),
        ({"world_to_camera": np.eye(4) + np.pad([[1e300]], ((0, 3), (3, 0)))}, "translation: found"),
    ],
)
def test_impossible_numbers(tmp_path: Path, change: dict[str, np.ndarray], message: str) -> None:
    path = tmp_path / "cameras.json"
    path.write_text(as_json({"left": replace(CAMERAS[0], **change)}))
    with pytest.raises(BadInput, match=message):
        read_cameras(path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", '{"cameras": {"left": {}, "left": {}}}', "left: found that name twice, expected each name once"),
        ("a.toml", "a=" + 20000 * "[", "file: found maximum recursion depth"),
        ("a.toml", "[left]\na=1\n[left]\nb=2", r"Cannot declare \('left',\) twice"),
        ("a.qca.txt", '<?xml version="1.0" encoding="utf-7"?><a/>', "no XML"),
        ("a.qca.txt", '<?xml version="1.0" encoding="utf-99"?><a/>', "no XML"),
        ("a.qca.txt", "<a>" * 99999, "no XML"),
    ],
)
def test_files_that_say_things_twice_or_too_deeply(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(BadInput, match=message):
        read_cameras(tmp_path / name)


def test_other_formats_are_told_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "a.xcp").write_text("<Cameras/>")
    with pytest.raises(BadInput, match="Pose2Sim"):
        read_cameras(tmp_path / "a.xcp")
    with pytest.raises(BadInput, match="no such file"):
        read_cameras(tmp_path / "b.toml")


@given(st.integers(0, 4), arrays.arrays(float, (5, 3), elements=st.floats(-0.4, 0.4)))
def test_a_turned_camera_shows_the_turned_picture(quarters: int, offsets: np.ndarray) -> None:
    points = offsets + np.array([0.0, 1.0, 0.0])
    x, y = CAMERAS[0].pixels(points)[0].T
    width, height = CAMERAS[0].width, CAMERAS[0].height
    for _ in range(quarters):
        x, y, width, height = height - 1 - y, x, height, width
    after = turned(CAMERAS[0], quarters)
    assert (after.width, after.height) == (width, height)
    np.testing.assert_allclose(after.pixels(points)[0], np.stack([x, y], axis=1), atol=1e-6)


def test_videos_of_other_sizes() -> None:
    points = np.array([[0.1, 1.0, 0.2], [-0.3, 0.4, 0.0]])
    pixels = CAMERAS[0].pixels(points)[0]
    half, notes = fit_to_video(CAMERAS[0], 360, 640, "a.mp4")
    np.testing.assert_allclose(half.pixels(points)[0] + 0.5, (pixels + 0.5) / 2, atol=1e-9)
    assert "resampled" in notes[0]
    cut, notes = fit_to_video(CAMERAS[0], 712, 1280, "a.mp4")
    np.testing.assert_allclose(cut.pixels(points)[0], pixels)
    assert "cut" in notes[0]
    lying, notes = fit_to_video(turned(CAMERAS[0], 3), 720, 1280, "a.mp4")
    np.testing.assert_allclose(lying.world_to_camera, CAMERAS[0].world_to_camera, atol=1e-12)
    assert "turned" in notes[0]
    assert fit_to_video(CAMERAS[0], 720, 1280, "a.mp4") == (CAMERAS[0], [])
    with pytest.raises(BadInput, match=r"a\.mp4: size: found 720 x 720"):
        fit_to_video(CAMERAS[0], 720, 720, "a.mp4")


def test_skew_cannot_be_turned() -> None:
    skewed = replace(CAMERAS[0], K=CAMERAS[0].K + np.array([[0.0, 2.0, 0.0], [0, 0, 0], [0, 0, 0]]))
    with pytest.raises(BadInput, match="of a camera with skew"):
        fit_to_video(skewed, 1280, 720, "a.mp4")


def test_resized_keeps_the_edges() -> None:
    grown = resized(CAMERAS[0], 1440, 2560)
    edge = np.linalg.inv(CAMERAS[0].K) @ [-0.5, 1279.5, 1.0]
    np.testing.assert_allclose((grown.K @ edge)[:2], [-0.5, 2559.5])


def test_on_plane_undoes_the_lens() -> None:
    points = np.array([[0.1, 1.0, 0.2], [np.nan, 0.4, 0.0]])
    plane = CAMERAS[0].on_plane(CAMERAS[0].pixels(points)[0])
    seen = points @ CAMERAS[0].world_to_camera[:3, :3].T + CAMERAS[0].world_to_camera[:3, 3]
    np.testing.assert_allclose(plane, seen[:, :2] / seen[:, 2:], atol=1e-9)


def test_real_calibrations_agree_and_show_the_person_at_the_markers(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data/video/four_cameras"
    cameras, _ = read_cameras(folder / "calibration/Calib_right_distortion.toml")
    others, _ = read_cameras(folder / "calibration/Calib.qca.txt")
    path = tmp_path / "reference.trc"
    path.write_bytes(gzip.decompress((folder / "reference/BalancingTrial_0-100.trc.gz").read_bytes()))
    trial = read_trc(path)
    hip, ankle = (trial.positions[:, trial.names.index(name)] for name in ("RHip", "RAnkle"))
    for name, one in cameras.items():
        np.testing.assert_allclose(others[name].world_to_camera, one.world_to_camera, atol=1e-9)
        np.testing.assert_allclose(others[name].K, one.K, atol=1e-9)
        (high, depth), (low, _) = one.pixels(hip), one.pixels(ankle)
        assert (depth > 2.0).all()
        assert (depth < 6.0).all()
        for pixels in (high, low):
            assert (pixels > 0).all()
            assert (pixels < [one.width, one.height]).all()
        assert (low[:, 1] > high[:, 1] + 100).all()  # the ankle is below the hip in every picture


def test_real_opencap_session_against_its_own_ground(shared: Path) -> None:
    folder = shared / "data/video/two_phones/walk"
    cameras, notes = read_cameras(folder)
    assert "sessionMetadata" in notes[0]
    for name, one in cameras.items():
        truth = json.loads((folder / name / "camera.json").read_text())
        np.testing.assert_allclose(one.world_to_camera[:3, :3], truth["R"], atol=1e-9)
        np.testing.assert_allclose(one.world_to_camera[:3, 3], truth["t"], atol=1e-9)
        assert [one.width, one.height] == truth["image_size_wh"]
