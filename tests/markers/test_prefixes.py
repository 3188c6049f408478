from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinesynth.errors import BadInput
from kinesynth.markers.labels import known
from kinesynth.markers.prefixes import without_prefix

FILE = Path("a.trc")
PLUG_IN_GAIT = [
    "LFHD",
    "RFHD",
    "C7",
    "T10",
    "CLAV",
    "STRN",
    "LSHO",
    "RSHO",
    "LELB",
    "RELB",
    "LASI",
    "RASI",
    "LPSI",
    "RPSI",
    "LKNE",
    "RKNE",
    "LANK",
    "RANK",
]
OPENCAP = [
    "r.ASIS_study",
    "L.ASIS_study",
    "r_knee_study",
    "L_knee_study",
    "r_ankle_study",
    "L_ankle_study",
    "r.PSIS_study",
    "C7_study",
]
RAJAGOPAL = ["R.ASIS", "L.ASIS", "V.Sacral", "R.Thigh.Upper", "R.Shank.Front", "L.Heel", "R.Toe.Tip", "Top.Head"]
WORDS = st.text("abcdefgXYZ0123456789", min_size=1, max_size=8).filter(lambda word: not known([word]))
SIGNS = st.sampled_from(["_", ".", " ", "-", " - ", "__"])


@given(WORDS, SIGNS, st.sampled_from([PLUG_IN_GAIT, OPENCAP]))
def test_a_prefix_that_all_labels_share_is_cut(word: str, sign: str, names: list[str]) -> None:
    labels, (note,) = without_prefix(FILE, [f"{word}{sign}{name}" for name in names])
    assert labels == names
    assert f"the prefix {word + sign!r}" in note


@pytest.mark.parametrize("names", [PLUG_IN_GAIT, OPENCAP, RAJAGOPAL])
def test_labels_as_laboratories_write_them_stay(names: list[str]) -> None:
    assert without_prefix(FILE, names) == (names, ())
    assert without_prefix(FILE, [f"Anna:{name}" for name in names]) == (names, ())


def test_a_ball_beside_the_person_keeps_its_name() -> None:
    labels, _ = without_prefix(FILE, [*(f"Sub01_{name}" for name in PLUG_IN_GAIT), "Ball_1", "Ball_2"])
    assert labels == [*PLUG_IN_GAIT, "Ball_1", "Ball_2"]


@given(WORDS, WORDS, st.one_of(SIGNS, st.just(":")), st.integers(4, len(PLUG_IN_GAIT)))
def test_two_people_are_refused(one: str, other: str, sign: str, half: int) -> None:
    """Also where they wear different markers, so that no label stands twice."""
    if one == other:
        return
    names = [f"{one}{sign}{name}" for name in PLUG_IN_GAIT]
    for second in (PLUG_IN_GAIT[:half], OPENCAP):
        with pytest.raises(BadInput, match="labels: found several people") as caught:
            without_prefix(FILE, [*names, *(f"{other}{sign}{name}" for name in second)])
        assert one in str(caught.value)
        assert other in str(caught.value)


def test_tools_with_a_prefix_are_no_people() -> None:
    names = [*(f"A:{name}" for name in PLUG_IN_GAIT), "Wand:tip", "Wand:end"]
    assert without_prefix(FILE, names) == ([*PLUG_IN_GAIT, "tip", "end"], ())
