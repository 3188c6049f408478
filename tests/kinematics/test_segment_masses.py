from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kinesynth.kinematics.segment_masses import Sex, segments
from kinesynth.kinematics.segment_masses import shared_out as masses_shared_out

opensim = pytest.importorskip("opensim")

MASS_KG = 61.9
GIRDLE = tuple(f"{bone}_{side}" for bone in ("clavicle", "scapula") for side in "rl")


def shared_out(skeleton: Path, sex: Sex) -> Any:
    model = opensim.Model(str(skeleton))
    from kinesynth.opensim_models.masses import read_masses, set_masses

    set_masses(model, masses_shared_out(read_masses(model), MASS_KG, sex))
    model.finalizeConnections()
    return model


def mass_of(model: Any, *bodies: str) -> float:
    return float(sum(model.getBodySet().get(name).getMass() for name in bodies))


@pytest.mark.parametrize("sex", ["female", "male", "neutral"])
def test_the_total_is_the_subjects(skeleton: Path, sex: Sex) -> None:
    model = shared_out(skeleton, sex)
    assert model.getTotalMass(model.initSystem()) == pytest.approx(MASS_KG, abs=1e-10)


def test_shares_are_those_of_the_sex(skeleton: Path) -> None:
    woman, man, either = (shared_out(skeleton, sex) for sex in ("female", "male", "neutral"))
    for model, thigh, trunk in ((woman, 0.1478, 0.4257), (man, 0.1416, 0.4346), (either, 0.1447, 0.43015)):
        assert mass_of(model, "femur_r", "patella_r") / MASS_KG == pytest.approx(thigh, rel=1e-3)
        assert mass_of(model, "pelvis", "abdomen", "torso", *GIRDLE) / MASS_KG == pytest.approx(trunk, rel=1e-3)
        assert mass_of(model, "hand_l") == pytest.approx(mass_of(model, "hand_r"), abs=1e-12)


def test_a_mans_radii_of_gyration_are_the_generic_ones_and_a_womans_differ(skeleton: Path) -> None:
    generic, man, woman = opensim.Model(str(skeleton)), shared_out(skeleton, "male"), shared_out(skeleton, "female")
    for index, body in enumerate(generic.getBodySet()):
        squared = [
            model.getBodySet().get(index).getInertia().getMoments().to_numpy() / model.getBodySet().get(index).getMass()
            for model in (generic, man, woman)
        ]
        np.testing.assert_allclose(squared[1], squared[0], rtol=1e-9, err_msg=body.getName())
        np.testing.assert_allclose(np.sqrt(squared[2] / squared[0]), 1.0, atol=0.25)
        assert not np.allclose(squared[2], squared[0], rtol=1e-3)


@pytest.mark.parametrize("sex", ["female", "neutral"])
def test_every_inertia_is_a_bodys(skeleton: Path, sex: Sex) -> None:
    """No principal moment is greater than the sum of the others."""
    for body in shared_out(skeleton, sex).getBodySet():
        (xx, yy, zz), (xy, xz, yz) = (
            part().to_numpy() for part in (body.getInertia().getMoments, body.getInertia().getProducts)
        )
        low, middle, high = np.linalg.eigvalsh([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
        assert low > 0
        assert high <= low + middle + 1e-12, body.getName()


@pytest.mark.parametrize("sex", ["female", "male"])
def test_shares_add_up_to_the_whole(sex: Sex) -> None:
    midline = {"head", "pelvis"}
    total = sum(segment.mass * (1 if midline & set(segment.bodies) else 2) for segment in segments(sex))
    assert total == pytest.approx(1.0, abs=2e-4)
