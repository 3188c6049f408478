import numpy as np
from ellipsoid_body import ellipsoid_body

from kinesynth.render.complexion import complexion
from kinesynth.render.garments import LOWER
from kinesynth.render.sampling import sample_look

BODY = ellipsoid_body()
TROUSERS = LOWER["trousers"].pieces(BODY, 0)[0]


def test_cloth_folds_where_it_is_compressed() -> None:
    assert TROUSERS.folds is not None
    calm = TROUSERS.folds.depth(TROUSERS.rest)
    shorter = TROUSERS.rest * [1, 0.8, 1]
    creased = TROUSERS.folds.depth(shorter)
    assert calm.max() < 0.002
    assert np.median(creased) > 1.5 * np.median(calm)
    assert creased.max() <= 0.011


def test_folds_keep_hems_closed() -> None:
    """The turned-in edge moves with the edge it hangs from."""
    assert TROUSERS.folds is not None
    n = int((TROUSERS.clearance == TROUSERS.clearance.max()).sum())
    wave = TROUSERS.folds.wave
    assert np.isin(wave[n:], wave[:n]).all()
    assert np.abs(wave).max() <= 1


def test_folds_follow_from_their_seed() -> None:
    assert TROUSERS.folds is not None
    waves = [LOWER["trousers"].pieces(BODY, seed)[0].folds.wave for seed in (0, 1)]
    np.testing.assert_array_equal(waves[0], TROUSERS.folds.wave)
    assert np.abs(waves[1] - waves[0]).mean() > 0.1


def test_leggings_do_not_fold() -> None:
    assert LOWER["leggings"].pieces(BODY, 0)[0].folds is None


def test_skin_has_lips_and_a_hairline() -> None:
    tint = complexion(BODY, sample_look(np.random.default_rng(3), "male"))
    assert tint.shape == BODY.vertices.shape
    assert np.isfinite(tint).all()
    assert tint.min() >= 0
    crown = BODY.vertices[:, 1].argmax()
    belly = np.linalg.norm(BODY.vertices - [0, 0.2, 0.12], axis=1).argmin()
    np.testing.assert_allclose(tint[belly], 1)
    assert not np.allclose(tint[crown], 1)
