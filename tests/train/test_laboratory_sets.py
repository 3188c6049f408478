"""The marker sets of laboratories on the skeleton."""

import numpy as np
from tools.shipped import laboratory_sets as laboratory_table

from kinesynth_train.laboratory_sets import laboratory_sets, with_all_landmarks
from kinesynth_train.predict.landmarks import generic_skeleton


def test_sets_have_the_markers_of_their_labels() -> None:
    skeleton = with_all_landmarks(generic_skeleton())
    sets = laboratory_sets(skeleton.marker_names)
    assert {"Plug-in Gait", "OpenCap", "Rizzoli"} <= set(sets.names)
    gait = dict(zip(skeleton.marker_names, sets.worn[sets.names.index("Plug-in Gait")], strict=True))
    assert all(gait[name] for name in ("RASI", "LASI", "SACR", "LLFC", "RLMAL", "RCAL"))
    assert not gait["RMFC"]
    assert not gait["RTH3"]  # a wand on the thigh, wherever the laboratory likes
    assert (sets.worn.sum(axis=1) >= 12).all()
    assert np.isfinite(sets.places[sets.worn.any(axis=0)]).all()
    assert (sets.slack_m[sets.worn] <= 0.0275).all()


def test_landmarks_that_the_skeleton_lacks_come_last() -> None:
    generic = generic_skeleton()
    more = with_all_landmarks(generic)
    count = len(generic.marker_names)
    assert more.marker_names[:count] == generic.marker_names
    assert {"RMT2", "LMT2", "RDOR", "LDOR"} <= set(more.marker_names[count:])
    scales = np.full((len(generic.body_names), 3), 1.1)
    larger = with_all_landmarks(generic, scales)
    np.testing.assert_allclose(larger.marker_places[count:], 1.1 * more.marker_places[count:])
    assert with_all_landmarks(more).marker_names == more.marker_names


def test_the_table_is_that_of_the_labels() -> None:
    """A change of labels.csv or landmarks.csv asks for `python -m tools.shipped.laboratory_sets`."""
    assert laboratory_table.TABLE.read_text(encoding="utf-8").splitlines() == laboratory_table.lines()
