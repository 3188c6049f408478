"""Whatever editors and scripts do to a good .trc file: it is read as it was, or refused in one line."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kinesynth.errors import BadInput
from kinesynth.opensim_files import MarkerTrajectories, read_trc, write_trc

HZ, FRAMES, HEAD = 100.0, 14, 6
NAMES = ("RASI", "LASI", "C7", "R.Knee.Lateral", "Sub01:LTOE", "RHEE")
Edit = Callable[[str, st.DataObject], str]


def trial(seed: int, gaps: float) -> np.ndarray:
    """Return markers (T, M, 3) m of a body that moves on, each of them hidden now and then, some to the end."""
    rng = np.random.default_rng(seed)
    body = rng.uniform(-0.5, 1.7, (len(NAMES), 3))
    steps = rng.normal(0.0, 0.004, (FRAMES, len(NAMES), 3)) + rng.uniform(-0.02, 0.02, 3)
    positions = body + np.cumsum(steps, axis=0)
    hidden = rng.uniform(size=(FRAMES, len(NAMES))) < gaps
    for marker in np.flatnonzero(rng.uniform(size=len(NAMES)) < gaps):
        hidden[rng.integers(1, FRAMES) :, marker] = True
    positions[hidden] = np.nan
    return positions


def rows(text: str, edit: Callable[[list[str]], list[str]]) -> str:
    lines = text.split("\n")
    return "\n".join([*lines[:HEAD], *edit(lines[HEAD:-1]), ""])


def cells(text: str, line: int, edit: Callable[[list[str]], list[str]]) -> str:
    lines = text.split("\n")
    lines[line] = "\t".join(edit(lines[line].split("\t")))
    return "\n".join(lines)


def some_row(text: str, data: st.DataObject) -> int:
    return data.draw(st.integers(HEAD, text.count("\n") - 1))


def without_a_cell(text: str, data: st.DataObject) -> str:
    at, count = data.draw(st.integers(2, 1 + 3 * len(NAMES))), data.draw(st.integers(1, 6))
    at -= (at - 2) % 3 if count % 3 == 0 else 0  # whole markers, as editors lose gaps
    return cells(text, some_row(text, data), lambda row: row[:at] + row[at + count :])


def without_a_name(text: str, data: st.DataObject) -> str:
    at = 2 + 3 * data.draw(st.integers(0, len(NAMES) - 1))
    gone = data.draw(st.sampled_from([[""], []]))
    return cells(text, 3, lambda row: row[:at] + gone + row[at + 1 :])


def without_a_value(text: str, data: st.DataObject) -> str:
    at = data.draw(st.integers(0, 7))
    gone = data.draw(st.sampled_from([[""], []]))
    return cells(text, 2, lambda row: row[:at] + gone + row[at + 1 :])


def with_a_value(text: str, data: st.DataObject) -> str:
    at, value = data.draw(st.sampled_from([(0, "50"), (0, "1000"), (2, "900"), (2, "3"), (3, "5"), (3, "7"), (4, "M")]))
    return cells(text, 2, lambda row: [*row[:at], value, *row[at + 1 :]])


def gaps_as(text: str, data: st.DataObject) -> str:
    return text.replace("NaN", data.draw(st.sampled_from(["", "nan", "-", "NA", " "])))


def without_a_row(text: str, data: st.DataObject) -> str:
    at = data.draw(st.integers(0, FRAMES - 2))
    return rows(text, lambda lines: lines[:at] + lines[at + 1 :])


def with_a_row_twice(text: str, data: st.DataObject) -> str:
    at = data.draw(st.integers(0, FRAMES - 2))
    return rows(text, lambda lines: lines[: at + 1] + lines[at:])


EDITS: dict[str, Edit] = {
    "blanks for tabs": lambda text, _: text.replace("\t", " "),
    "columns of blanks": lambda text, _: text.replace("\t", "   "),
    "blanks at the ends of lines cut off": lambda text, _: "\n".join(line.rstrip() for line in text.split("\n")),
    "tabs at the ends of lines": lambda text, _: text.replace("\n", "\t\t\t\n"),
    "runs of tabs made one": lambda text, _: rows(text, lambda lines: [_one_tab(line) for line in lines]),
    "gaps as": gaps_as,
    "lines of Windows": lambda text, _: "\ufeff" + text.replace("\n", "\r\n"),
    "no blank line": lambda text, _: text.replace("\n\n", "\n"),
    "decimal commas": lambda text, _: text.replace(".", ","),
    "cells lost": without_a_cell,
    "a name lost": without_a_name,
    "a value of the header lost": without_a_value,
    "a value of the header wrong": with_a_value,
    "a unit in full": lambda text, _: text.replace("\tm\t", "\tMeters\t"),
    "a row lost": without_a_row,
    "a row twice": with_a_row_twice,
    "the end lost": lambda text, data: text[: data.draw(st.integers(len(text) // 2, len(text) - 40))],
    "the last cell lost": lambda text, data: cells(text, some_row(text, data), lambda row: row[:-1]),
}

LOSING = {"cells lost", "the last cell lost", "the end lost"}


def _one_tab(line: str) -> str:
    while "\t\t" in line:
        line = line.replace("\t\t", "\t")
    return line


@settings(max_examples=400, deadline=None)
@given(
    st.integers(0, 1000),
    st.sampled_from([0.0, 0.1, 0.4]),
    st.lists(st.sampled_from(sorted(EDITS)), min_size=1, max_size=3, unique=True),
    st.data(),
)
def test_an_edited_file_is_read_as_it_was_or_refused(
    seed: int, gaps: float, edits: list[str], data: st.DataObject
) -> None:
    positions = trial(seed, gaps)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "walk.trc"
        write_trc(path, NAMES, positions, HZ)
        text = path.read_text()
        for name in edits:
            assume(text.count("\n") > HEAD + 4)
            text = EDITS[name](text, data)
        path.write_text(text, newline="")
        found = read_or_refusal(path)
    if isinstance(found, str):
        assert str(path) in found
        assert "\n" not in found
    else:
        assert_as_it_was(found, positions, may_lack=bool(LOSING & {*edits}))


def test_tabs_added_at_the_ends_do_not_make_rows_whole_that_lost_cells(tmp_path: Path) -> None:
    positions = trial(85, 0.1)
    path = tmp_path / "walk.trc"
    write_trc(path, NAMES, positions, HZ)
    text = path.read_text().replace("NaN", "")
    for name in ("runs of tabs made one", "tabs at the ends of lines"):
        text = EDITS[name](text, st.data())
    path.write_text(text)
    assert isinstance(read_or_refusal(path), str)


def read_or_refusal(path: Path) -> MarkerTrajectories | str:
    try:
        return read_trc(path)
    except BadInput as error:
        return str(error)


def assert_as_it_was(found: MarkerTrajectories, positions: np.ndarray, *, may_lack: bool = False) -> None:
    """Hold what was read against the trial; where cells were taken away, markers may lack, but none may move."""
    assert found.names == NAMES
    assert found.fps == HZ
    frames = np.round(found.times * HZ).astype(int)
    np.testing.assert_allclose(found.times, frames / HZ, atol=1e-6)
    np.testing.assert_array_equal(np.diff(frames), 1)
    was, is_there = positions[frames], np.isfinite(found.positions).all(axis=-1)
    assert may_lack or (is_there == np.isfinite(was).all(axis=-1)).all()
    np.testing.assert_allclose(found.positions[is_there], was[is_there], atol=2e-9)


@pytest.mark.parametrize(
    "name",
    [
        "blanks at the ends of lines cut off", "tabs at the ends of lines", "lines of Windows", "no blank line",
        "a unit in full",
    ],
)  # fmt: skip
def test_what_opensim_reads_is_read(name: str, tmp_path: Path) -> None:
    positions = trial(3, 0.1)
    write_trc(tmp_path / "walk.trc", NAMES, positions, HZ)
    text = (tmp_path / "walk.trc").read_text().replace("NaN", "")
    (tmp_path / "walk.trc").write_text(EDITS[name](text, st.data()), newline="")
    assert_as_it_was(read_trc(tmp_path / "walk.trc"), positions)


@pytest.mark.parametrize(
    ("old", "new", "note"),
    [
        ("100\t100\t14\t6", "100\t100\t900\t6", "NumFrames says 900, and 14 rows are there"),
        ("100\t100\t14\t6", "100\t100\t14\t7", "NumMarkers says 7, and 6 markers"),
        ("100\t100\t14\t6", "100\t\t14\t6", "CameraRate is empty"),
        ("100\t100\t14\t6", "100\t14\t6", "CameraRate has no value"),
        ("\t100\t1\t14\n", "\t100\t1\n", ""),
    ],
)
def test_headers_are_read_with_a_note(old: str, new: str, note: str, tmp_path: Path) -> None:
    positions = trial(1, 0.2)
    write_trc(tmp_path / "walk.trc", NAMES, positions, HZ)
    text = (tmp_path / "walk.trc").read_text()
    assert old in text
    (tmp_path / "walk.trc").write_text(text.replace(old, new))
    found = read_trc(tmp_path / "walk.trc")
    assert_as_it_was(found, positions)
    assert "; ".join(found.notes).startswith(note)


CASES = {
    "trc_comma_decimals": "decimal points for the commas",
    "trc_crlf_bom": "",
    "trc_gap_dash": "'-'",
    "trc_gap_empty": "",
    "trc_gap_nan": "",
    "trc_numframes_of_uncut": "NumFrames says 900",
    "trc_rate_contradicts_time": "DataRate: found 100 Hz, but Time goes in steps of 0.04 s (25 Hz)",
    "trc_rate_half": "DataRate: found 50 Hz, but Time goes in steps of 0.01 s (100 Hz)",
    "trc_spaces": "blanks stand for tabs",
    "trc_tail_header_blank": "CameraRate is empty",
    "trc_time_from_5s": "",
    "trc_trailing_blanks_stripped": "36 rows from frame 102 on end early",
}


@pytest.mark.parametrize("name", CASES)
def test_the_cases_of_public_bug_reports(name: str, shared: Path) -> None:
    path = shared / "data/cases" / name / "walk.trc"
    clean = shared / "data/cases/trc_crlf_bom/walk.trc"
    if not path.is_file():
        pytest.skip(f"no case at {path}")
    found = read_or_refusal(path)
    if isinstance(found, str):
        assert CASES[name]
        assert CASES[name] in found
        return
    assert (CASES[name] in "; ".join(found.notes)) if CASES[name] else not found.notes
    seen = np.isfinite(found.positions)
    np.testing.assert_allclose(found.positions[seen], read_trc(clean).positions[seen], atol=1e-6)
    assert seen.mean() > 0.95


def test_real_files_do_what_is_right(shared: Path) -> None:
    folder = shared / "data/realfiles"
    if not folder.is_dir():
        pytest.skip(f"no real files at {folder}")
    assert read_trc(folder / "motek_ballet.trc").notes == ()
    walk = read_trc(folder / "walk_free_01.trc")
    assert walk.times[0] == pytest.approx(3.067)
    assert "NumFrames says 900, and 73 rows are there" in walk.notes[0]
    with pytest.raises(BadInput, match=r"DataRate: found 250 Hz, but Time goes in steps of 0\.04 s \(25 Hz\)"):
        read_trc(folder / "rate_contradicts_time.trc")
