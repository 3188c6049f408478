"""Virtual markers on a body model: where they sit, and their paths over a motion."""

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from kinesynth.body.landmarks import TABLE, RestBody, Rule, find, rules
from kinesynth.body.model import BodyModel, SmplxPose, load_body
from kinesynth.errors import BadInput
from kinesynth.file_names import takes_file_names
from kinesynth.geometry.mesh import nearest_point
from kinesynth.records import MarkerPaths, WornPaths
from kinesynth.stage_file import Clip, process_clips

_BODY_SIDES = frozenset({"femur", "tibia", "calcn", "toes", "scapula", "humerus", "ulna", "radius", "hand"})


@dataclass(frozen=True)
class MarkerLayout:
    """M markers as barycentric points of triangles.

    Attributes:
        names: of the markers.
        bodies: the OpenSim body that each rides on.
        vertices: the corners of each marker's triangle, (M, 3) indices.
        weights: barycentric coordinates (M, 3), >= 0 with sum 1.
    """

    names: tuple[str, ...]
    bodies: tuple[str, ...]
    vertices: np.ndarray
    weights: np.ndarray

    def positions(self, vertices: np.ndarray) -> np.ndarray:
        """Return marker positions (..., M, 3) m on mesh vertices (..., N, 3) m."""
        return np.asarray(np.einsum("mk,...mkc->...mc", self.weights, vertices[..., self.vertices, :]))


@takes_file_names
def virtual_markers(*, body: Path, motion: Path, output: Path, marker_vertices: Path | None = None) -> None:
    """Write the paths of virtual markers on bony landmarks over every clip of a shard.

    Args:
        body: body model, npz in SMPL-X's schema.
        motion: stage file of SMPL-X motion.
        output: stage file to write: `markers` (T, M, 3) m in the world frame.
        marker_vertices: csv with the columns marker, vertex (and body, for markers of other names than ours) to use in
            place of the anatomical rules.

    Raises:
        BadInput: a file is not what it should be.
    """
    model = load_body(body)
    layout = resolve_markers(model) if marker_vertices is None else read_marker_vertices(marker_vertices, model)

    def mark(clip: Clip) -> Clip:
        vertices, _ = model.pose(SmplxPose.from_clip(clip))
        found = MarkerPaths(layout.positions(vertices)).clip(clip.clip_id, clip.attrs)
        worn = WornPaths.of(clip).arrays if "worn_names" in clip.attrs else {}
        return replace(found, arrays={**found.arrays, **worn})

    attrs = {"marker_names": list(layout.names), "marker_bodies": list(layout.bodies)}
    process_clips("virtual_markers", [motion], output, mark, attrs)


def resolve_markers(body: BodyModel, table: Path = TABLE) -> MarkerLayout:
    """Find the landmarks of a table on the mean rest body: all of the table, then the left counterparts.

    A left marker is the mirror image of the right one, dropped onto the nearest skin, so that the layout is symmetric
    whatever the mesh is.

    Raises:
        BadInput: a landmark's ray meets no skin, or two markers coincide.
    """
    rest = RestBody(body.rest_vertices(np.zeros(10)), body.faces, body.rest_joints(np.zeros(10)), body.skinning_weights)
    found = {rule.marker: _find(rule, rest, body.path) for rule in rules(table)}
    for rule in rules(table):
        if rule.sided:
            found[f"L{rule.marker[1:]}"] = _mirror(*found[rule.marker], rest)
    carried = marker_bodies(table)
    layout = MarkerLayout(
        names=tuple(found),
        bodies=tuple(carried[name] for name in found),
        vertices=np.array([vertices for vertices, _ in found.values()]),
        weights=np.array([weights for _, weights in found.values()]),
    )
    _check_apart(layout, layout.positions(rest.vertices), body.path)
    return layout


def read_marker_vertices(path: Path, body: BodyModel) -> MarkerLayout:
    """Read a user's own layout, one vertex a marker.

    Raises:
        BadInput: the table lacks a column, a vertex is out of range, or a marker's body is unknown.
    """
    fix = "write one row per marker: marker,vertex,body"
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(path, "marker table", str(error), "a csv file", fix) from error
    names, vertices, bodies = [], [], []
    usual = marker_bodies()
    for line, row in enumerate(rows, start=2):
        name, vertex = (row.get("marker") or "").strip(), (row.get("vertex") or "").strip()
        carrier = (row.get("body") or "").strip() or usual.get(name)
        if not name or name in names:
            raise BadInput(path, f"line {line}, marker", repr(name), "a name used once", fix)
        if not vertex.isdecimal() or int(vertex) >= body.n_vertices:
            raise BadInput(path, f"line {line}, vertex", repr(vertex), f"0 to {body.n_vertices - 1}", fix)
        if carrier is None:
            raise BadInput(path, f"line {line}, body", "nothing", "the OpenSim body that carries it", fix)
        names.append(name)
        vertices.append(int(vertex))
        bodies.append(carrier)
    if not names:
        raise BadInput(path, "marker table", "no rows", "at least one marker", fix)
    corners = np.repeat(np.array(vertices)[:, None], 3, axis=1)
    return MarkerLayout(tuple(names), tuple(bodies), corners, np.tile([1.0, 0.0, 0.0], (len(names), 1)))


def marker_bodies(table: Path = TABLE) -> dict[str, str]:
    """Return the OpenSim body of every marker of the table and of every left counterpart."""
    bodies = {}
    for rule in rules(table):
        paired = rule.body in _BODY_SIDES
        bodies[rule.marker] = f"{rule.body}_r" if paired else rule.body
        if rule.sided:
            bodies[f"L{rule.marker[1:]}"] = f"{rule.body}_l" if paired else rule.body
    return bodies


def _find(rule: Rule, rest: RestBody, path: Path) -> tuple[np.ndarray, np.ndarray]:
    point = find(rule, rest)
    if point is None:
        fix = "check that the body is closed and in T-pose: x left, y up, z forward, metres"
        raise BadInput(path, f"marker {rule.marker}", "no skin along its ray", "a hit on the mesh", fix)
    return point


def _mirror(vertices: np.ndarray, weights: np.ndarray, rest: RestBody) -> tuple[np.ndarray, np.ndarray]:
    """Return the point of the skin that is nearest to a point's mirror image in x."""
    target = (weights @ rest.vertices[vertices]) * [-1.0, 1.0, 1.0]
    face, mirrored = nearest_point(rest.vertices, rest.faces, target)
    return rest.faces[face], mirrored


def _check_apart(layout: MarkerLayout, positions: np.ndarray, path: Path, closest_m: float = 0.004) -> None:
    distance = np.linalg.norm(positions[:, None] - positions[None], axis=-1) + np.eye(len(positions))
    first, second = np.unravel_index(distance.argmin(), distance.shape)
    if distance[first, second] < closest_m:
        names = f"markers {layout.names[first]} and {layout.names[second]}"
        found = f"{1e3 * distance[first, second]:.1f} mm apart"
        raise BadInput(path, names, found, f"at least {1e3 * closest_m:.0f} mm", "check the body's joints and mesh")
