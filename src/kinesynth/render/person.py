"""A dressed person: which pieces there are, and which skin they hide."""

import numpy as np

from kinesynth.render import garments, head
from kinesynth.render import hood as hoods
from kinesynth.render.anatomy import Piece, RestBody, single
from kinesynth.render.complexion import complexion
from kinesynth.render.mesh import Patch
from kinesynth.render.scene import SOLE_M, Person
from kinesynth.render.shoes import shoe

# How far under a garment's edge the skin is left out, m: enough that nothing shows when the edge moves.
_UPPER_MARGIN_M = {"jacket": 0.09}  # its collar stands off
_UPPER_USUAL_MARGIN_M = 0.055
_LOWER_MARGIN_M = 0.06


def dress(body: RestBody, person: Person) -> list[Piece]:
    """Return the pieces of a dressed person, the remaining skin first."""
    hood = [hoods.hood(body)] if person.upper.cut == "jacket" else []
    return [
        bare_skin(body, person),
        head.eyeballs(body),
        head.brows(body),
        head.hair(body, person.look.hair_cut, person.look.tufts),
        garments.lower(body, person.lower.cut, person.lower.folds),
        garments.upper(body, person.upper.cut, person.upper.folds),
        shoe(body, "left", SOLE_M),
        shoe(body, "right", SOLE_M),
        *hood,
    ]


def bare_skin(body: RestBody, person: Person) -> Piece:
    """Return the body without eyeballs and without what clothes and shoes hide."""
    margin = _UPPER_MARGIN_M.get(person.upper.cut, _UPPER_USUAL_MARGIN_M)
    hidden = (
        garments.covered(body, garments.upper_region(body, person.upper.cut), margin)
        | garments.covered(body, garments.lower_region(body, person.lower.cut), _LOWER_MARGIN_M)
        | _under_both(body, person)
        | _in_shoes(body)
        | (body.weight("eye") > 0.9)
    )
    faces = body.faces[~hidden[body.faces].all(axis=1)]
    patch = Patch.whole(len(body.vertices), faces).compact()
    rest, weights = patch.sample(body.vertices), patch.sample(body.weights)
    tint = patch.sample(complexion(body, person.look))
    return Piece("skin", rest, patch.faces, weights, ("skin",), single(patch.faces), tint=tint, anchor=patch.matrix)


def _under_both(body: RestBody, person: Person) -> np.ndarray:
    """Return the vertices (N,) about the waist, where the shirt hangs over the trousers' edge."""
    upper = garments.covered(body, garments.upper_region(body, person.upper.cut), -0.02)
    lower = garments.covered(body, garments.lower_region(body, person.lower.cut), -0.02)
    return np.asarray(upper & lower)


def _in_shoes(body: RestBody) -> np.ndarray:
    height = body.vertices[:, 1] - body.vertices[:, 1].min()
    return np.asarray((body.weight("ankle", "_foot") > 0.5) & (height < 0.065))
