"""Why a frame's labels are not valid: the checks, what each spoils, and the threshold that it is held to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

BITS = np.uint16  # of `reasons` (T,): room for as many checks


@dataclass(frozen=True)
class Reason:
    """A check that frames may fail.

    Attributes:
        name: as the shard's attribute quality_reasons has it.
        level: the first of the labels that a failure spoils, in the order angles, forces, activations: forces rest on
            angles, activations on forces.
        thresholds: keys of the configuration's section `filters` that decide; none where the stages before did.
    """

    name: str
    level: Literal["angles", "forces", "activations"]
    thresholds: tuple[str, ...] = ()


REASONS = (
    Reason("marker_error", "angles", ("max_marker_rms_m",)),
    Reason("no_dynamics", "forces"),
    Reason("clip_edge", "forces", ("edge_seconds",)),
    Reason("residual", "forces", ("max_residual_force_bw", "max_residual_moment_bw_m")),
    Reason("joint_moment", "forces", ("moment_limit",)),
    Reason("centre_of_pressure", "forces", ("max_cop_distance_m",)),
    Reason("reserve", "activations", ("max_reserve_share",)),
    Reason("so_violation", "activations", ("max_so_violation",)),
    Reason("gimbal_lock", "angles", ("max_pelvis_list_deg",)),
    Reason("take_off_or_landing", "forces", ("max_flight_doubt_nm_per_kg",)),
    Reason("not_measured", "forces"),
    Reason("undetermined_contact", "forces", ("max_split_error_bw",)),
    Reason("unseen_body", "forces"),
    Reason("force_doubt", "forces", ("max_force_doubt_bw",)),
)
"""The reason at place b is bit b of `reasons`: new ones go to the end."""


def names() -> list[str]:
    """Return the reasons' names, lowest bit first."""
    return [reason.name for reason in REASONS]


def packed(failed: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return `reasons` (T,): a bit for each check, by name, that a frame fails."""
    bits = [(failed[reason.name].astype(BITS) << BITS(place)).astype(BITS) for place, reason in enumerate(REASONS)]
    return np.asarray(np.bitwise_or.reduce(bits))


def spoilt(failed: Mapping[str, np.ndarray], label: Literal["forces", "activations"]) -> np.ndarray:
    """Return (T,), true where a check fails that spoils `label`."""
    order = ("angles", "forces", "activations")
    levels = order[: order.index(label) + 1]
    return np.any([failed[reason.name] for reason in REASONS if reason.level in levels], axis=0)
