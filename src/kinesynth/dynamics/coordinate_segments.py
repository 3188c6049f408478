"""Which segments an angle lies between."""

from kinesynth.skeleton.definition import SkeletonDefinition
from kinesynth.skeleton.trunk import SHOULDER_BLADES


def angle_segments(skeleton: SkeletonDefinition) -> list[list[int]]:
    """Return for each coordinate the bodies that carry markers on both sides of its joint, as indices.

    A body without markers (talus, patella) is passed over towards the next one, outwards or inwards, and inwards one
    that only glides (a shoulder blade): an arm's angles are those between humerus and torso.
    """
    marked = set(skeleton.marker_bodies.tolist())
    parents = skeleton.parents.tolist()
    gliding = {index for index, body in enumerate(skeleton.body_names) if body in SHOULDER_BLADES}
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
