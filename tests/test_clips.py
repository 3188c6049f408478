"""The clip table is read strictly and written back the same."""

import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinesynth.clips import ClipRow, read_clips, stated_people, write_clips
from kinesynth.errors import BadInput
from kinesynth.stated import Stated

HEADER = ["clip_id", "subject", "action", "split", "source", "path", "start", "end", "model", "static"]
HEADER += ["mass", "height", "sex", "license", "babel", "rig"]
GOOD = {"clip_id": "c1", "subject": "s1", "action": "walk", "split": "train", "source": "amass", "path": "a.npz"}


def table(tmp_path: Path, *rows: dict[str, str], header: list[str] | None = None) -> Path:
    columns = header or HEADER
    lines = ["\t".join(columns), *("\t".join(row.get(name, "") for name in columns) for row in rows)]
    path = tmp_path / "clips.tsv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_paths_are_relative_to_the_table(tmp_path: Path) -> None:
    (row,) = read_clips(table(tmp_path, {**GOOD, "start": "0.5", "end": "2"}))
    assert (row.path, row.start, row.end, row.model) == (tmp_path / "a.npz", 0.5, 2.0, None)


def test_the_demo_is_small_and_sound() -> None:
    rows = read_clips("demo")
    assert {row.subject: row.split for row in rows} == {"s01": "train", "s02": "train", "s03": "test"}
    assert all(1.2 <= (row.end or 0) - (row.start or 0) <= 1.51 for row in rows)
    assert all(len({row.action for row in rows if row.subject == subject}) == 2 for subject in ("s01", "s02", "s03"))


def test_windows_line_ends_a_mark_and_blank_lines_do_no_harm(tmp_path: Path) -> None:
    path = table(tmp_path, GOOD)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n") + b"\r\n\r\n")
    assert len(read_clips(path)) == 1


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"clip_id": "../c"}, "line 3, clip_id"),
        ({"clip_id": ""}, "line 3, clip_id"),
        ({"clip_id": "c1"}, "line 3, clip_id"),
        ({"clip_id": "c" * 65}, "line 3, clip_id"),
        ({"subject": "a/b"}, "line 3, subject"),
        ({"subject": ".."}, "line 3, subject"),
        ({"license": "CC BY 4.0"}, "line 3, license"),
        ({"babel": "../9884"}, "line 3, babel"),
        ({"rig": "drone"}, "line 3, rig"),
        ({"action": ""}, "line 3, action"),
        ({"split": "validation"}, "line 3, split"),
        ({"split": "test"}, "line 3, split"),
        ({"source": "video"}, "line 3, source"),
        ({"path": ""}, "line 3, path"),
        ({"source": "procedural"}, "line 3, path"),
        ({"source": "opensim"}, "line 3, model"),
        ({"start": "soon"}, "line 3, start"),
        ({"start": "-1"}, "line 3, start"),
        ({"end": "nan"}, "line 3, end"),
        ({"height": "6.5"}, "line 3, height"),
        ({"height": "178"}, "line 3, height"),
        ({"mass": "0"}, "line 3, mass"),
        ({"mass": "75 kg"}, "line 3, mass"),
        ({"mass": "150", "height": "1.2"}, "line 3, mass"),
        ({"sex": "f"}, "line 3, sex"),
        ({"start": "2", "end": "2"}, "line 3, end"),
        ({"path": "a\x00b"}, "line 3, characters"),
    ],
)
def test_faults_are_named_by_line_and_column(tmp_path: Path, change: dict[str, str], where: str) -> None:
    path = table(tmp_path, GOOD, {**GOOD, "clip_id": "c2", **change})
    with pytest.raises(BadInput) as error:
        read_clips(path)
    assert f"{path}: {where}: " in str(error.value)
    assert "\n" not in str(error.value)


def test_a_subject_has_one_mass(tmp_path: Path) -> None:
    second = {**GOOD, "clip_id": "c2", "path": "b.npz", "mass": "71.5"}
    (_, row) = read_clips(table(tmp_path, {**GOOD, "height": "1.75", "sex": "male"}, second))
    assert (row.mass, row.height, row.sex) == (71.5, None, None)
    assert stated_people(tmp_path, read_clips(tmp_path / "clips.tsv"))["s1"] == Stated(71.5, 1.75, "male")
    with pytest.raises(BadInput, match=r"clip c2, mass: found 60\.0 \(clip c1\) and 71\.5 \(clip c2\) of subject s1"):
        read_clips(table(tmp_path, {**GOOD, "mass": "60"}, second))


def test_a_table_of_subjects_does_as_well_and_must_agree(tmp_path: Path) -> None:
    rows = read_clips(table(tmp_path, {**GOOD, "height": "1.75"}))
    subjects = tmp_path / "subjects.tsv"
    subjects.write_text("subject\tmass\tsex\ns1\t62\tfemale\nelse\t\tmale\n")
    assert stated_people(tmp_path, rows, subjects)["s1"] == Stated(62.0, 1.75, "female")
    subjects.write_text("subject\theight\ns1\t1.76\n")
    with pytest.raises(BadInput, match="height: found"):
        stated_people(tmp_path, rows, subjects)
    for text in ("", "subject\tweight\ns1\t62\n", "subject\tmass\ns1\n", "subject\tmass\ns1\t62\ns1\t62\n"):
        subjects.write_text(text)
        with pytest.raises(BadInput, match=r"subjects\.tsv"):
            stated_people(tmp_path, rows, subjects)


@pytest.mark.parametrize("header", [HEADER[1:], [*HEADER, "speed"], [*HEADER, "end"]])
def test_the_header_is_checked(tmp_path: Path, header: list[str]) -> None:
    with pytest.raises(BadInput, match="header"):
        read_clips(table(tmp_path, GOOD, header=header))


def test_what_is_no_table(tmp_path: Path) -> None:
    for name, content in (("empty", b""), ("no_rows", "\t".join(HEADER).encode()), ("binary", b"\xff\xfe\x00")):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(BadInput):
            read_clips(path)
    with pytest.raises(BadInput, match="no such file"):
        read_clips(tmp_path / "missing.tsv")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"grf": "forces.csv"},
            "line 2, grf: found .*forces.csv.*, expected a file that ends in .mot, .sto, .xml, .c3d",
        ),
        ({"source": "procedural", "path": "", "grf": "f.mot"}, "line 2, grf: .*nobody measured a procedural motion"),
    ],
)
def test_forces_are_files_of_real_motions(tmp_path: Path, change: dict[str, str], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        read_clips(table(tmp_path, {**GOOD, **change}, header=[*HEADER, "grf"]))


def test_a_short_line_is_told(tmp_path: Path) -> None:
    path = table(tmp_path, GOOD)
    path.write_text(path.read_text() + "c2\ts2\n")
    with pytest.raises(BadInput, match=r"line 3, columns: found 2, expected 16"):
        read_clips(path)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_no_text_escapes_as_anything_else(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed.tsv"
    path.write_text("\t".join(HEADER) + "\n" + text, encoding="utf-8", errors="replace")
    try:
        read_clips(path)
    except BadInput as error:
        assert "\n" not in str(error)  # noqa: PT017


def test_round_trip(tmp_path: Path) -> None:
    rows = [
        ClipRow("c1", "s1", "walk", "train", "amass", tmp_path / "a.npz", 0.25, 1.5, fps=120.0, frames=601, belt=1.2),
        ClipRow("c2", "s1", "jump up", "train", "opensim", Path("/data/b.mot"), model=tmp_path / "m.osim"),
        ClipRow("c3", "s2", "squat", "test", "procedural"),
        ClipRow("c4", "s3", "walk", "val", "markers", tmp_path / "w.c3d", grf=tmp_path / "w.c3d"),
    ]
    write_clips(tmp_path / "clips.tsv", rows)
    assert read_clips(tmp_path / "clips.tsv") == rows


def test_the_table_needs_only_the_standard_library() -> None:
    import subprocess

    code = (
        "import sys, kinesynth.clips, kinesynth.shards; sys.exit(bool({'numpy', 'pandas', 'h5py'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
