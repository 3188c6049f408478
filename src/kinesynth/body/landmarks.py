"""Anatomical rules that find landmarks on the skin of any body in SMPL-X's schema, from its joints and mesh alone."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from kinesynth.body.joints import JOINT_NAMES
from kinesynth.geometry.mesh import ray_hit
from kinesynth.text import table_rows

TABLE = Path(__file__).with_name("tables") / "markers.csv"
_UNSIDED = frozenset(JOINT_NAMES)


@dataclass(frozen=True)
class Rule:
    """One row of `tables/markers.csv`; vectors are (lateral, up, forward)."""

    marker: str
    body: str
    kind: str
    start: str
    end: str
    along: float
    offset: tuple[float, float, float]
    cast: tuple[float, float, float]

    @property
    def sided(self) -> bool:
        """Whether a left counterpart exists: all markers named R..., of which the rule describes the right one."""
        return self.marker.startswith("R")


@dataclass(frozen=True)
class RestBody:
    """A rest body in T-pose: vertices (N, 3) m, faces (F, 3), joints (55, 3) m, skinning weights (N, 55)."""

    vertices: np.ndarray
    faces: np.ndarray
    joints: np.ndarray
    weights: np.ndarray


@cache
def rules(table: Path = TABLE) -> tuple[Rule, ...]:
    """Read a table of landmarks."""
    rows = table_rows(table)

    def vector(row: dict[str, str], *columns: str) -> tuple[float, float, float]:
        lateral, up, forward = (float(row[column]) for column in columns)
        return lateral, up, forward

    return tuple(
        Rule(
            marker=row["marker"],
            body=row["body"],
            kind=row["rule"],
            start=row["start"],
            end=row["end"],
            along=float(row["along"]),
            offset=vector(row, "lateral", "up", "forward"),
            cast=vector(row, "cast_lateral", "cast_up", "cast_forward"),
        )
        for row in rows
    )


def find(rule: Rule, body: RestBody) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the three vertices of the right or midline landmark's triangle and its barycentric coordinates (3,).

    None where the ray meets no skin.
    """
    start, end = _joint(rule.start, body.joints), _joint(rule.end, body.joints)
    axes = np.array([-1.0, 1.0, 1.0])  # lateral of the right side is -x
    direction = axes * rule.cast
    if rule.kind == "extreme":
        owner = JOINT_NAMES.index(f"right_{rule.start}")
        moved = body.weights.argmax(axis=1) == owner
        vertex = int(np.where(moved, body.vertices @ direction, -np.inf).argmax())
        face, corner = np.argwhere(body.faces == vertex)[0]
        return body.faces[face], np.eye(3)[corner]
    origin = start + rule.along * (end - start) + np.linalg.norm(end - start) * axes * rule.offset
    hit = ray_hit(body.vertices, body.faces, origin, direction)
    return None if hit is None else (body.faces[hit[0]], hit[1])


def _joint(name: str, joints: np.ndarray) -> np.ndarray:
    """Return a joint's centre (3,) by a table's name: unsided, of the right side, or `mid_` of a pair."""
    if name.startswith("mid_"):
        pair = [JOINT_NAMES.index(f"{side}_{name.removeprefix('mid_')}") for side in ("left", "right")]
        return np.asarray(joints[pair].mean(axis=0))
    return np.asarray(joints[JOINT_NAMES.index(name if name in _UNSIDED else f"right_{name}")])
