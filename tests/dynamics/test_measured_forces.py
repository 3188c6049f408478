"""Measured forces under the right feet, in the clip's world and time; and what does not belong to it is refused."""

from pathlib import Path

import numpy as np
import pytest
from plate_walk import HEELS, START, WEIGHT, Walk, laboratory, with_standing

from kinesynth.dynamics.plate_wrench import Place
from kinesynth.errors import BadInput

LOADED = 30.0  # N; with less a foot's centre of pressure is not compared

LOADS = """<OpenSimDocument Version="40000"><ExternalLoads name="l"><objects>
{forces}</objects><datafile>forces.mot</datafile></ExternalLoads></OpenSimDocument>"""
FORCE = """<ExternalForce name="{name}"><applied_to_body>{body}</applied_to_body>
<force_expressed_in_body>{frame}</force_expressed_in_body>
<force_identifier>ground_force_{number}_v</force_identifier>
<point_identifier>ground_force_{number}_p</point_identifier>
<torque_identifier>ground_force_{number}_m</torque_identifier></ExternalForce>"""


def loads(folder: Path, bodies: tuple[str, str], frame: str = "ground") -> Path:
    """Write ExternalLoads that put the table's first and second plate under these bodies."""
    forces = [FORCE.format(name=f"f{at}", body=body, number=at + 1, frame=frame) for at, body in enumerate(bodies)]
    (folder / "forces.xml").write_text(LOADS.format(forces="\n".join(forces)))
    return folder / "forces.xml"


@pytest.mark.parametrize("place", [Walk().place, laboratory()], ids=["same axes", "z up, turned, on a treadmill"])
@pytest.mark.parametrize("plates", [(0, 1), (1, 0)], ids=["right first", "left first"])
def test_known_forces_come_back(tmp_path: Path, place: Place, plates: tuple[int, int]) -> None:
    walk = Walk(place)
    found = walk.measured(walk.write(tmp_path / "forces.mot", plates))
    force, cop, moment = walk.wrench(walk.frames)
    inner = slice(10, -10)
    np.testing.assert_allclose(found.force[inner], force[inner], atol=0.03 * WEIGHT)
    loaded = (force[..., 1] > LOADED) & (found.force[..., 1] > LOADED)
    np.testing.assert_allclose(found.cop[loaded], cop[loaded], atol=0.003)
    np.testing.assert_allclose(found.moment[loaded], moment[loaded], atol=0.3)
    assert not found.unmeasured.any()
    assert found.force[..., 1].sum(axis=1).mean() == pytest.approx(WEIGHT, rel=0.005)


def test_a_foot_that_carries_nothing_has_its_pressure_under_its_middle(tmp_path: Path) -> None:
    walk = Walk()
    found = walk.measured(walk.write(tmp_path / "forces.mot"))
    off = found.force[..., 1] == 0.0
    assert off.any()
    np.testing.assert_array_equal(found.force[off], 0.0)
    np.testing.assert_allclose(found.cop[off][:, 2], np.where(found.cop[off][:, 2] > 0, *HEELS[:, 2]), atol=0.02)


def test_what_an_external_loads_file_says_is_taken(tmp_path: Path) -> None:
    walk = Walk()
    walk.write(tmp_path / "forces.mot", (1, 0))
    plain = walk.measured(tmp_path / "forces.mot")
    stated = walk.measured(loads(tmp_path, ("calcn_l", "/bodyset/calcn_r")))
    np.testing.assert_array_equal(stated.force, plain.force)


def test_feet_that_are_named_the_wrong_way_round_are_refused(tmp_path: Path) -> None:
    walk = Walk()
    walk.write(tmp_path / "forces.mot", (1, 0))
    with pytest.raises(BadInput, match=r"applied_to_body: found f\d under the (right|left) foot"):
        walk.measured(loads(tmp_path, ("calcn_r", "calcn_l")))


def test_a_foot_beside_the_plates_is_unknown_not_without_force(tmp_path: Path) -> None:
    walk = Walk()
    found = walk.measured(walk.write(tmp_path / "forces.mot", plates=(0,)))
    left = walk.load(walk.frames)[:, 1]
    assert found.unmeasured[left > 0.15].all()
    assert not found.unmeasured[left == 0.0].any()
    assert any("not measured in" in note for note in found.notes)


def test_one_plate_under_both_feet_tells_the_foot_that_is_alone(tmp_path: Path) -> None:
    walk = Walk()
    path = write_belt(walk, tmp_path / "forces.mot")
    found = walk.measured(path)
    fraction, force = walk.load(walk.frames), walk.wrench(walk.frames)[0]
    both = (fraction > 0.0).all(axis=1)
    np.testing.assert_array_equal(found.unmeasured, both)
    alone = ~both & (np.minimum(*fraction.T) == 0.0)
    steady = alone & (np.abs(np.gradient(fraction[:, 0])) == 0.0)
    np.testing.assert_allclose(found.force[steady], force[steady], atol=0.15 * WEIGHT)


def write_belt(walk: Walk, path: Path) -> Path:
    """Write a single plate that bears both feet: the sum of their forces at their common centre of pressure."""
    from kinesynth.opensim_files.storage import write_storage

    times = np.arange(3000) / 1000.0
    force, cop, moment = walk.wrench(times)
    weight = force[..., 1:2] / force[..., 1:2].sum(axis=1, keepdims=True)
    whole = {"v": force.sum(axis=1), "p": (weight * cop).sum(axis=1), "m": moment.sum(axis=1)}
    columns = {f"ground_force_{q}{axis}": whole[q][:, at] for q in "vpm" for at, axis in enumerate("xyz")}
    write_storage(path, START + times, columns, in_degrees=False, name="forces")
    return path


def test_frames_beyond_the_table_are_unknown(tmp_path: Path) -> None:
    walk = Walk()
    found = walk.measured(walk.write(tmp_path / "forces.mot", seconds=2.0))
    assert found.unmeasured[201:].all()
    assert not found.unmeasured[:200].any()


def test_nobody_on_the_plates_is_no_measurement_of_nothing(tmp_path: Path) -> None:
    walk = Walk()
    path = walk.write(tmp_path / "forces.mot", seconds=20.0)
    late = 8.0  # the same walk goes on, elsewhere
    table = path.read_text().splitlines()
    head = next(at for at, line in enumerate(table) if line.startswith("time")) + 1
    rows = [line.split("\t") for line in table[head:]]
    bare = [[row[0], *["0"] * (len(row) - 1)] if float(row[0]) >= START + late else row for row in rows]
    path.write_text("\n".join(table[:head] + ["\t".join(row) for row in bare]) + "\n")
    found = walk.measured(path, start=START + late + 1.0)
    assert found.unmeasured.all()


def test_another_mass_is_told(tmp_path: Path) -> None:
    walk = Walk()
    standing = with_standing(walk, vertical=np.full(len(walk.frames), 1.1 * WEIGHT), mass_kg=77.0)
    found = walk.measured(walk.write(tmp_path / "forces.mot"), standing=standing)
    assert any("the plates weigh 70.0 kg, the model has 77.0" in note for note in found.notes)


def test_a_seat_that_bears_is_no_mass(tmp_path: Path) -> None:
    walk = Walk()
    vertical = WEIGHT * (1.6 + 0.6 * np.sin(2.0 * np.pi * walk.frames))
    found = walk.measured(walk.write(tmp_path / "forces.mot"), standing=with_standing(walk, vertical=vertical))
    assert not any("weigh" in note for note in found.notes)


KILO = Walk(unit=(1e-3, 1.0, 1.0))
MILLIMETRES = Walk(unit=(1.0, 1e3, 1.0))
NEWTON_MILLIMETRES = Walk(unit=(1.0, 1.0, 1e3))
ON_THE_PLATE = Walk(unit=(-1.0, 1.0, -1.0))
POUNDS = Walk(unit=(0.2248, 1.0, 1.0))


@pytest.mark.parametrize(
    ("walk", "says"),
    [
        (KILO, "force: found 0.69.* at most, expected a person's weight in newtons"),
        (POUNDS, "force: found 0.22.* times what the body weighs"),
        (MILLIMETRES, "point: found 1.* from the origin, expected metres"),
        (NEWTON_MILLIMETRES, "torque: found .* times the force, expected newton metres"),
        (ON_THE_PLATE, r"force: found the mean along -y in the clip's world, expected the mean upwards"),
    ],
    ids=["kN", "pounds", "mm", "N mm", "on the plate"],
)
def test_other_units_and_signs_are_refused(tmp_path: Path, walk: Walk, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        walk.measured(walk.write(tmp_path / "forces.mot"))


def test_axes_that_were_not_turned_are_refused(tmp_path: Path) -> None:
    walk = Walk()
    with pytest.raises(BadInput, match=r"the mean along [+-][xz] in the clip's world"):
        Walk(laboratory()).measured(walk.write(tmp_path / "forces.mot"))


def test_forces_of_another_place_are_refused(tmp_path: Path) -> None:
    away = Walk(Place(np.eye(3), 1.0, np.array([-3.0, 0.0, 0.0]), np.zeros(2)))
    with pytest.raises(BadInput, match=r"centre of pressure: found \d: 2\.\d+ m from the nearest foot, expected 0\.25"):
        Walk().measured(away.write(tmp_path / "forces.mot"))


def test_forces_of_another_time_are_refused(tmp_path: Path) -> None:
    walk = Walk()
    with pytest.raises(BadInput, match=r"time: found forces from 4 to 6\.999 s, expected some between 50 and 52\.99 s"):
        walk.measured(walk.write(tmp_path / "forces.mot"), start=50.0)


def test_forces_of_another_clock_are_refused(tmp_path: Path) -> None:
    walk = Walk()
    path = walk.write(tmp_path / "forces.mot")
    with pytest.raises(BadInput, match=r"time: found \d+% of the load on a foot that swings"):
        walk.measured(path, start=START + 0.4)


@pytest.mark.parametrize(
    ("bodies", "frame", "says"),
    [
        (("calcn_r", "hand_l"), "ground", "applied_to_body: found hand_l, expected a foot"),
        (("calcn_r", "calcn_l"), "pelvis", "force_expressed_in_body: found pelvis, expected ground"),
    ],
)
def test_external_loads_elsewhere_are_refused(tmp_path: Path, bodies: tuple[str, str], frame: str, says: str) -> None:
    walk = Walk()
    walk.write(tmp_path / "forces.mot")
    with pytest.raises(BadInput, match=says):
        walk.measured(loads(tmp_path, bodies, frame))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "file: found no element found"),
        ("<OpenSimDocument/>", "no ExternalForce"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "document type"),
        (LOADS.format(forces=FORCE.format(name="f", body="calcn_r", frame="ground", number=7)), "force_identifier"),
        (LOADS.replace("forces.mot", "none.mot").format(forces="<ExternalForce/>"), "datafile: found none.mot"),
    ],
)
def test_broken_external_loads_are_refused(tmp_path: Path, text: str, says: str) -> None:
    walk = Walk()
    walk.write(tmp_path / "forces.mot")
    (tmp_path / "forces.xml").write_text(text)
    with pytest.raises(BadInput, match=says):
        walk.measured(tmp_path / "forces.xml")
