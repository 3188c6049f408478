"""Which segments an angle lies between."""

from kinesynth.skeleton.definition import SkeletonDefinition

_GLIDING = ("scapula_r", "scapula_l")  # they keep the torso's orientation


def angle_segments(skeleton: SkeletonDefinition) -> list[list[int]]:
    """Return for each coordinate the bodies that carry markers on both sides of its joint, as indices.

    A body without markers (talus, patella) is passed over towards the next one, outwards or inwards, and inwards one
    that only glides: an arm's angles are those between humerus and torso.
    """
    marked = set(skeleton.marker_bodies.tolist())
    parents = skeleton.parents.tolist()
    names = skeleton.body_names
    gliding = {names.index(body) for body in _GLIDING if body in names}
    segments: list[list[int]] = [[] for _ in skeleton.coordinate_names]
    for body, coordinates in enumerate(skeleton.axis_coordinates):
        bodies = [*_outward(body, parents, marked), *_inward(parents[body], parents, marked - gliding)]
        for coordinate in set(coordinates[coordinates >= 0].tolist()):
            segments[coordinate] = bodies
    return segments


def _outward(body: int, parents: list[int], marked: set[int]) -> list[int]:
    if body in marked:
        return [body]
    children = [child for child, parent in enumerate(parents) if parent == body]
    return [found for child in children for found in _outward(child, parents, marked)]


def _inward(body: int, parents: list[int], marked: set[int]) -> list[int]:
    while body >= 0 and body not in marked:
        body = parents[body]
    return [body] if body >= 0 else []
