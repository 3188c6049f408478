"""A dressed person: which pieces there are, and which skin they hide."""

import numpy as np

from kinesynth.render import head
from kinesynth.render.anatomy import Piece, RestBody, single
from kinesynth.render.complexion import complexion
from kinesynth.render.garments import LOWER, UPPER, Lower, Upper
from kinesynth.render.garments.cuts import covered
from kinesynth.render.mesh import Patch
from kinesynth.render.scene import SOLE_M, Person
from kinesynth.render.shoes import shoe


def dress(body: RestBody, person: Person) -> list[Piece]:
    """Return the pieces of a dressed person, the remaining skin first."""
    return [
        bare_skin(body, person),
        head.eyeballs(body),
        head.brows(body),
        head.hair(body, person.look.hair_cut, person.look.tufts),
        *LOWER[person.lower.garment].pieces(body, person.lower.folds),
        *UPPER[person.upper.garment].pieces(body, person.upper.folds),
        shoe(body, "left", SOLE_M),
        shoe(body, "right", SOLE_M),
    ]


def bare_skin(body: RestBody, person: Person) -> Piece:
    """Return the body without eyeballs and without what clothes and shoes hide."""
    garments: list[Upper | Lower] = [UPPER[person.upper.garment], LOWER[person.lower.garment]]
    regions = [garment.region(body) for garment in garments]
    under = [covered(body, region, garment.margin) for region, garment in zip(regions, garments, strict=True)]
    both = [covered(body, region, -0.02) for region in regions]  # the shirt hangs over the trousers' edge
    hidden = np.any(under, axis=0) | np.all(both, axis=0) | _in_shoes(body) | (body.weight("eye") > 0.9)
    faces = body.faces[~hidden[body.faces].all(axis=1)]
    patch = Patch.whole(len(body.vertices), faces).compact()
    rest, weights = patch.sample(body.vertices), patch.sample(body.weights)
    tint = patch.sample(complexion(body, person.look))
    return Piece("skin", rest, patch.faces, weights, ("skin",), single(patch.faces), tint=tint, anchor=patch.matrix)


def _in_shoes(body: RestBody) -> np.ndarray:
    height = body.vertices[:, 1] - body.vertices[:, 1].min()
    return np.asarray((body.weight("ankle", "_foot") > 0.5) & (height < 0.065))
