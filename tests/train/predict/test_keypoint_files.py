"""2-D points as detectors leave them, whole and damaged."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_person import SET, cameras, in_world, motion, seen

from kinesynth.errors import BadInput
from kinesynth_train.predict.detector.people import save_keypoints
from kinesynth_train.predict.keypoint_files import Keypoints, read_keypoints

POINTS = seen(cameras()["cam0"], in_world(motion(6)))


def write_openpose(folder: Path, points: np.ndarray, first: int = 0, empty: tuple[int, ...] = ()) -> Path:
    folder.mkdir(parents=True)
    for frame, person in enumerate(np.nan_to_num(points)):
        people = [{}] if frame in empty else [{"pose_keypoints_2d": person.ravel().tolist()}]
        (folder / f"cam.{first + frame:04d}.json").write_text(json.dumps({"version": 1.3, "people": people}))
    return folder


def test_a_folder_of_openpose(tmp_path: Path) -> None:
    found = read_keypoints(write_openpose(tmp_path / "cam_json", POINTS, first=7, empty=(2,)))
    assert found.set == SET  # told from BODY_25, of as many points, by the bones
    assert "taken to be" in found.notes[0]
    np.testing.assert_allclose(
        found.points[[0, 1, 3], 0], np.where(POINTS[..., 2:] > 0, POINTS, [np.nan, np.nan, 0])[[0, 1, 3]]
    )
    assert not (found.points[2, ..., 2] > 0).any()


def test_body25_is_told_from_body25b(tmp_path: Path) -> None:
    points = seen(cameras()["cam0"], in_world(motion(6), "openpose_body25"))
    assert read_keypoints(write_openpose(tmp_path / "cam_json", points)).set == "openpose_body25"


def test_our_own_files_come_back(tmp_path: Path) -> None:
    points = np.where(POINTS[..., 2:] > 0, POINTS, [np.nan, np.nan, 0.0])
    save_keypoints(tmp_path / "a.npz", Keypoints(SET, points[:, None]))
    found = read_keypoints(tmp_path / "a.npz")
    assert (found.set, found.notes) == (SET, ())
    np.testing.assert_allclose(found.points[:, 0], points)
    (tmp_path / "a.json").write_text(json.dumps({"set": SET, "points": np.nan_to_num(points).tolist()}))
    np.testing.assert_allclose(read_keypoints(tmp_path / "a.json").points[:, 0], points)


def test_what_does_not_fit_is_told(tmp_path: Path) -> None:
    folder = write_openpose(tmp_path / "cam_json", POINTS)
    with pytest.raises(BadInput, match="openpose_body25b"):
        read_keypoints(folder, "coco17")
    (folder / "cam.0003.json").unlink()
    with pytest.raises(BadInput, match="a file for each frame"):
        read_keypoints(folder)
    with pytest.raises(BadInput, match="no such file or folder"):
        read_keypoints(tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match=r"no \.json file"):
        read_keypoints(tmp_path / "empty")
    with pytest.raises(BadInput, match="no person in any frame"):
        read_keypoints(write_openpose(tmp_path / "nobody", POINTS, empty=tuple(range(6))))
    with pytest.raises(BadInput, match="7 of them"):
        read_keypoints(write_openpose(tmp_path / "seven", POINTS[:, :7]))


@pytest.mark.parametrize("points", [np.zeros(3, dtype=[("a", "f8"), ("b", "f8")]), np.array(["x", "y"])])
def test_arrays_of_anything_but_numbers_are_refused(tmp_path: Path, points: np.ndarray) -> None:
    np.savez(tmp_path / "a.npz", points=points)
    with pytest.raises(BadInput, match="points: found array"):
        read_keypoints(tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"people": [{"pose_keypoints_2d": [' + ", ".join(["1" + 400 * "0"] * 3) + "]}]}", "people: found"),
        ('{"people": [{"pose_keypoints_2d": [1, 2, 3, 4]}]}', "found 4 numbers"),
        ('{"people": null}', "people: found none"),
        ('{"people": ["anna"]}', r"found \['anna'\]"),
        ('{"people": [], "people": []}', "people: found that name twice"),
        ("[" * 99999, "file: found maximum recursion"),
        ("", "file: found Expecting value"),
    ],
)
def test_openpose_files_from_strangers(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "cam.0.json").write_text(content)
    with pytest.raises(BadInput, match=message):
        read_keypoints(tmp_path)


def test_numbers_that_no_array_holds_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"set": SET, "points": [[[10**400, 1, 1]] * 25] * 6}))
    with pytest.raises(BadInput, match="points: found"):
        read_keypoints(tmp_path / "a.json")
    np.savez(tmp_path / "a.npz", set=SET, points=POINTS.astype(complex))
    with pytest.raises(BadInput, match="points: found array"):
        read_keypoints(tmp_path / "a.npz")


def test_points_that_are_in_no_picture_are_not_seen(tmp_path: Path) -> None:
    points = POINTS.copy()
    points[2, :, :2], points[3, :, :2], points[4, :, :2] = 1e300, np.inf, np.nan
    np.savez(tmp_path / "a.npz", set=SET, points=points)
    seen_points = read_keypoints(tmp_path / "a.npz").points
    assert (seen_points[2:5, ..., 2] == 0.0).all()
    assert (seen_points[[0, 1, 5], ..., 2] > 0.0).any(axis=-1).all()


values: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@given(st.sampled_from(["people", "points"]), values)
def test_no_json_breaks_the_readers(tmp_path_factory: pytest.TempPathFactory, name: str, value: object) -> None:
    folder = tmp_path_factory.mktemp("json")
    for content in (value, {name: value}, {name: [value]}, {name: [{"pose_keypoints_2d": value}]}):
        (folder / "cam.0.json").write_text(json.dumps(content))
        for path in (folder, folder / "cam.0.json"):
            with pytest.raises(BadInput) as caught:
                read_keypoints(path)
            assert "\n" not in str(caught.value)


@given(st.binary(max_size=300))
def test_no_bytes_break_the_readers(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    (folder / "cam.0.json").write_bytes(content)
    (folder / "a.npz").write_bytes(content)
    for path in (folder, folder / "a.npz", folder / "cam.0.json"):
        with pytest.raises(BadInput) as caught:
            read_keypoints(path)
        assert "\n" not in str(caught.value)
