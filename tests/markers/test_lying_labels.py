"""Labels that lie are told by name, whatever way the walker heads; true ones never are."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from test_labels import PLUG_IN_GAIT

from kinesynth.body.model import BodyModel
from kinesynth.errors import BadInput
from kinesynth.markers.anatomy import Markers
from kinesynth.markers.labels import known
from kinesynth.markers.misplaced import check_places
from kinesynth.markers.order import check_order
from kinesynth.markers.sides import check_sides
from kinesynth.markers.trial import read_screened, read_trial
from kinesynth.mosh.attachment import at_landmarks
from walker import FRAMES, walker, worn

NAMES = (*PLUG_IN_GAIT, "LKNI", "RKNI", "LMANK", "RMANK", "LMELB", "RMELB", "LMT1", "RMT1", "LMT5", "RMT5")
LABELS = known(NAMES)
LIMBS = {
    "leg": ["THI", "KNE", "KNI", "TIB", "ANK", "MANK", "HEE", "TOE", "MT1", "MT5"],
    "shank": ["TIB", "ANK", "MANK", "HEE", "TOE", "MT1", "MT5"],
    "foot": ["HEE", "TOE", "MT1", "MT5"],
    "arm": ["UPA", "ELB", "MELB", "FRM", "WRA", "WRB", "FIN"],
    "forearm": ["FRM", "WRA", "WRB", "FIN"],
    "pelvis": ["ASI", "PSI"],
    "head": ["FHD", "BHD"],
    "shoulder": ["SHO"],
}  # fmt: skip
SWAPS = [  # each pair bears each other's labels
    ("RKNE", "RKNI"), ("LANK", "LMANK"), ("RHEE", "RTOE"), ("RHEE", "RANK"), ("C7", "T10"), ("C7", "CLAV"),
    ("LKNE", "LANK"), ("RASI", "RKNE"), ("LELB", "LWRA"), ("LMT1", "LMT5"), ("RELB", "RMELB"),
    ("LWRA", "LWRB"), ("RWRA", "RWRB"),
]  # fmt: skip


@pytest.fixture(scope="module")
def positions(free: BodyModel) -> np.ndarray:
    return worn(free, NAMES, walker())


@pytest.fixture(scope="module")
def rest(free: BodyModel) -> dict[str, np.ndarray]:
    at, _ = at_landmarks(free, LABELS)
    return dict(zip(at.names, at.places.of(free.rest_vertices(np.zeros(10))), strict=True))


def check(names: tuple[str, ...], positions: np.ndarray, rest: dict[str, np.ndarray]) -> None:
    markers, path = Markers.of(names, positions, {name: LABELS[name] for name in names}), Path("walk.trc")
    check_sides(path, markers)
    check_order(path, markers)
    check_places(path, markers, {name: LABELS[name] for name in names}, rest)


def exchanged(pairs: list[tuple[str, str]]) -> tuple[str, ...]:
    other = dict(pairs) | {two: one for one, two in pairs}
    return tuple(other.get(name, name) for name in NAMES)


def twins(limb: str) -> list[tuple[str, str]]:
    return [(f"R{name}", f"L{name}") for name in LIMBS[limb]]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(heading=st.floats(0.0, 360.0), noise=st.floats(0.0, 0.01), seed=st.integers(0, 99), hidden=st.floats(0.0, 0.3))
def test_true_labels_pass(
    positions: np.ndarray, rest: dict[str, np.ndarray], heading: float, noise: float, seed: int, hidden: float
) -> None:
    rng = np.random.default_rng(seed)
    turned = positions @ Rotation.from_euler("y", heading, degrees=True).as_matrix().T
    turned += noise * rng.standard_normal(turned.shape)
    turned[rng.random(turned.shape[:2]) < hidden] = np.nan
    check(NAMES, turned, rest)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limbs=st.sets(st.sampled_from(sorted(LIMBS)), min_size=1, max_size=3), heading=st.floats(0.0, 360.0))
def test_exchanged_limbs_are_found(
    positions: np.ndarray, rest: dict[str, np.ndarray], limbs: set[str], heading: float
) -> None:
    turned = positions @ Rotation.from_euler("y", heading, degrees=True).as_matrix().T
    pairs = list(dict.fromkeys(pair for limb in limbs for pair in twins(limb)))
    with pytest.raises(
        BadInput, match=r"walk.trc: (labels|axes): found .*(left and right exchanged|right on the left)"
    ):
        check(exchanged(pairs), turned, rest)


@pytest.mark.parametrize("limb", LIMBS)
def test_the_labels_are_named(positions: np.ndarray, rest: dict[str, np.ndarray], limb: str) -> None:
    with pytest.raises(BadInput) as caught:
        check(exchanged(twins(limb)), positions, rest)
    named = str(caught.value).split("exchanged at ")[1].split(", expected")[0]
    assert sorted(named.replace(" and ", ", ").split(", ")) == sorted(name for pair in twins(limb) for name in pair)


@pytest.mark.parametrize("pair", SWAPS, ids="-".join)
def test_single_labels_exchanged_are_found(
    positions: np.ndarray, rest: dict[str, np.ndarray], pair: tuple[str, str]
) -> None:
    with pytest.raises(BadInput) as caught:
        check(exchanged([pair]), positions, rest)
    assert any(name in str(caught.value) for name in pair)


@pytest.mark.parametrize("name", ["KNE", "ANK", "HEE", "ELB", "WRA", "ASI", "SHO", "THI", "TIB", "TOE"])
def test_one_pair_of_twins_exchanged_is_found(positions: np.ndarray, rest: dict[str, np.ndarray], name: str) -> None:
    with pytest.raises(BadInput, match=name):
        check(exchanged([(f"R{name}", f"L{name}")]), positions, rest)


@pytest.mark.parametrize("axis", range(3))
def test_mirrored_axes_are_found(positions: np.ndarray, rest: dict[str, np.ndarray], axis: int) -> None:
    mirrored = positions.copy()
    mirrored[..., axis] *= -1.0
    if axis == 1:
        mirrored = mirrored @ np.diag([1.0, -1.0, -1.0])  # as `upright` turns it
    with pytest.raises(BadInput, match="axes: found right on the left and left on the right"):
        check(NAMES, mirrored, rest)


def test_a_pelvis_back_to_front_is_found(positions: np.ndarray, rest: dict[str, np.ndarray]) -> None:
    with pytest.raises(BadInput, match=r"the pelvis back to front .*LASI, RASI|the pelvis back to front .*RPSI"):
        check(exchanged([("RASI", "RPSI"), ("LASI", "LPSI")]), positions, rest)


def test_legs_may_cross_for_a_while(positions: np.ndarray, rest: dict[str, np.ndarray]) -> None:
    crossing = positions.copy()
    legs = [NAMES.index(name) for pair in twins("leg") for name in pair]
    for frame in range(FRAMES // 3):
        for right, left in zip(legs[::2], legs[1::2], strict=True):
            crossing[frame, [right, left]] = positions[frame, [left, right]]
    check(NAMES, crossing, rest)


@pytest.mark.parametrize("file", [
    "trials/s4/walking1.trc", "trials/s4/STS1.trc", "trials/s4/DJ1.trc", "trials/hamner04/run200.trc",
    "trials/rajagopal_run/run.trc", "trials/rajagopal_run/static.trc", "trials/sprint/sprint.trc",
    "walking/motion_capture_walk.trc", "walking/static_walk_1.trc", "realfiles/motek_ballet.trc",
    "realfiles/helen_hayes_walk.c3d", "realfiles/plug_in_gait_full.c3d", "realfiles/blanks_for_missing.trc",
    "amass/amass_sample.npz", "amass/dmpl_sample.npz", "amass/hbp_sample.npz",
])  # fmt: skip
def test_real_labels_are_believed(shared: Path, free: BodyModel, file: str) -> None:
    trial = read_trial(shared / "data" / file, free)
    assert trial.names


def test_exchanged_legs_of_the_shared_case(shared: Path) -> None:
    with pytest.raises(BadInput, match="left and right exchanged at RTHI and LTHI, RKNE and LKNE"):
        read_screened(shared / "data/cases/trc_legs_swapped/walk.trc")
