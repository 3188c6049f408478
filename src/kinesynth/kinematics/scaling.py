"""A subject's skeleton: the generic OpenSim model scaled to one static pose of the subject's virtual markers."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kinesynth.atomic import atomic_path, write_text
from kinesynth.body.measurements import PLAUSIBLE_FACTORS, Tape
from kinesynth.body.model import load_body
from kinesynth.body.static_pose import static_markers, user_markers
from kinesynth.errors import BadInput
from kinesynth.file_names import takes_file_names
from kinesynth.isolation import isolated
from kinesynth.kinematics.bounded_skeleton import read_bounded_skeleton
from kinesynth.kinematics.scaling_protocol import Protocol, virtual_protocol
from kinesynth.kinematics.segment_masses import Sex
from kinesynth.kinematics.worn_ik import WornPlaces
from kinesynth.kinematics.worn_markers import WornMarkers
from kinesynth.kinematics.worn_places import fit_worn_markers
from kinesynth.skeleton.marker_weights import marker_weights
from kinesynth.subject_record import UNTWISTED, SubjectRecord, TibialTorsion

if TYPE_CHECKING:
    from kinesynth.kinematics.scale_tool import ScaledModel


@takes_file_names
def scale_model(
    *,
    body: Path,
    subject: Path,
    skeleton: Path,
    output: Path,
    report: Path,
    log: Path = Path("scale_model.log"),
    timeout_seconds: float = 300.0,
    marker_vertices: Path | None = None,
) -> None:
    """Scale the generic skeleton to a subject, with OpenSim's ScaleTool and a static pose of virtual markers.

    Bodies are scaled by distances between landmarks and joint centres, left and right together; the mass is the
    subject's, shared out among the segments as the sex has it (de Leva 1996), and so are radii of gyration; every
    marker then moves to where the static pose has it, or gives way to the user's own. The report gives the factors and
    how far landmarks lay from the generic markers (RMS, maximum) before they moved. Shins are twisted by what the
    subject's record says.

    Of a person who wore markers, these scale the bodies (`worn_fit`): the virtual ones, which the body is fitted to
    later, are placed on the model that comes out, and the report tells where those that were worn sit on it.

    Args:
        body: body model in SMPL-X's schema.
        subject: the subject's JSON file, with betas, mass and height.
        skeleton: the generic OpenSim model.
        output: the scaled OpenSim model to write.
        report: the JSON file to write.
        log: file for OpenSim's messages.
        timeout_seconds: after which the tool is given up.
        marker_vertices: the user's own marker table, where the virtual markers are placed by one; the body is measured
            by the anatomical rules all the same.

    Raises:
        BadInput: the subject's file lacks a field, the skeleton a marker, or the subject asks for scale factors
            beyond those of people (`kinesynth.body.measurements`), which `subject-shape` should have rejected.
    """
    person = SubjectRecord.read(subject)
    torsion = person.tibial_torsion or UNTWISTED
    static = static_markers(body, person.betas, torsion)
    own = None if marker_vertices is None else user_markers(body, person.betas, marker_vertices, torsion)
    weights = marker_weights(list(static), "static")
    worn = None if person.worn is None else WornMarkers.of_record(person.worn)
    fitted = None
    if worn is not None:
        generic = isolated(read_bounded_skeleton, skeleton.absolute(), timeout_seconds=timeout_seconds, log=log)
        fitted = fit_worn_markers(generic, worn, Tape(load_body(body)).factors(person.betas))
    with atomic_path(output) as temporary:
        scaled = isolated(
            scale, skeleton.absolute(), temporary.absolute(), static, weights, person.mass_kg,
            virtual_protocol(), _sex(person.sex), own, None if fitted is None else fitted.factors, torsion,
            timeout_seconds=timeout_seconds, log=log,
        )  # fmt: skip
        check_factors(subject, scaled, virtual_protocol(), "check the subject's betas")
    known = {"subject": person.subject, "mass_kg": person.mass_kg, "height_m": person.height_m}
    written = scaling_report(known | {"mass_error_kg": person.mass_error_kg}, scaled, weights)
    if worn is not None and fitted is not None:
        written["worn"] = WornPlaces.of(worn, fitted).record
    write_text(report, json.dumps(written, indent=1) + "\n")


def scale(
    skeleton: Path,
    output: Path,
    static: Mapping[str, np.ndarray],
    weights: Mapping[str, float],
    mass_kg: float,
    protocol: Protocol,
    sex: Sex,
    own: Mapping[str, tuple[str, np.ndarray]] | None = None,
    factors: np.ndarray | None = None,
    tibial_torsion: TibialTorsion = UNTWISTED,
) -> "ScaledModel":
    """Scale and write the model. Runs in a process of its own."""
    from kinesynth.kinematics.scale_tool import scale_to_static_pose

    return scale_to_static_pose(skeleton, output, static, weights, mass_kg, protocol, sex, own, factors, tibial_torsion)


def _sex(stated: str) -> Sex:
    """Return the subject's sex, neutral where it is neither or not told."""
    return "female" if stated == "female" else "male" if stated == "male" else "neutral"


def check_factors(measured: Path, scaled: "ScaledModel", protocol: Protocol, fix: str) -> None:
    """Check that no body is scaled beyond what people are.

    Raises:
        BadInput: the file `measured` asks for such a factor.
    """
    bounds = {(body, axis): row.bounds for row in protocol.measurements for body in row.bodies for axis in row.axes}
    for name, factors in zip(scaled.body_names, scaled.scale_factors, strict=True):
        for axis, factor in zip("XYZ", factors, strict=True):
            low, high = bounds.get((name, axis), PLAUSIBLE_FACTORS)
            if not low <= factor <= high:
                field = f"scale factor of {name} along {axis}"
                raise BadInput(measured, field, f"{factor:.2f}", f"{low:g} to {high:g}", fix)


def scaling_report(person: Mapping[str, Any], scaled: "ScaledModel", weights: Mapping[str, float]) -> dict[str, Any]:
    """Return what a scaled model's report holds, for a person with mass_kg and, if known, subject, height_m and so on.

    A mass_error_kg that is not known is 0: whoever states a mass is believed.
    """
    error = np.array([e for name, e in zip(scaled.landmarks, scaled.landmark_error, strict=True) if weights[name] > 0])
    return {
        "subject": person.get("subject", ""),
        "mass_kg": person["mass_kg"],
        "mass_error_kg": person.get("mass_error_kg", 0.0),
        "height_m": person.get("height_m"),
        "body_names": list(scaled.body_names),
        "scale_factors": np.round(scaled.scale_factors, 9).tolist(),
        "static_marker_rms_m": round(float(np.sqrt(np.mean(error**2))), 9),
        "static_marker_max_m": round(float(error.max()), 9),
        "static_angles": dict(zip(scaled.coordinate_names, np.round(scaled.static_angles, 9).tolist(), strict=True)),
    }
