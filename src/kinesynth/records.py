"""What each stage says of a clip: its arrays by name, with shapes, units and frames.

Stage files are written and read through these records, so that no stage spells another's arrays. Letters stand for
sizes: T frames, J coordinates, B bodies, K keypoints (joint centres, then mass centres), M markers, L markers that are
followed (the same M, or those that a person wore), A muscles, F feet (right, left), S betas. All
positions are in ground, y up.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Annotated, Any, Self, get_type_hints

import numpy as np

from kinesynth.errors import BadInput
from kinesynth.stage_file import Clip

FIX = "delete the run's stages/ and run again"


@dataclass(frozen=True)
class Record:
    """Arrays whose fields are their names in the stage file; each annotation gives the shape."""

    @classmethod
    def of(cls, clip: Clip) -> Self:
        """Take the record out of a clip.

        Raises:
            BadInput: the clip lacks an array, or its sizes are others.
        """
        where = clip.clip_id if clip.file is None else f"{clip.file}: clip {clip.clip_id}"
        record = cls.of_arrays(where, clip.arrays)
        record.check(where)
        return record

    @classmethod
    def of_arrays(cls, where: str, arrays: Mapping[str, np.ndarray]) -> Self:
        """Take the record out of arrays by name, others ignored; `where` they stand is for the message.

        Raises:
            BadInput: an array is missing.
        """
        missing = [field.name for field in fields(cls) if field.name not in arrays]
        if missing:
            raise BadInput(where, missing[0], "nothing", f"the arrays of {cls.__name__}", FIX)
        return cls(**{field.name: arrays[field.name] for field in fields(cls)})

    @classmethod
    def zeros(cls, **sizes: int) -> Self:
        """Return a record of zeros, of these sizes by letter."""
        return cls(**{name: np.zeros(_shape(letters, sizes), kind) for name, (letters, kind) in _layout(cls).items()})

    @classmethod
    def partly(cls, **known: np.ndarray) -> Self:
        """Return a record of which some arrays are known; the others are zeros, none where no array tells how many."""
        layout = _layout(cls)
        sizes = dict.fromkeys({letter for letters, _ in layout.values() for letter in letters if letter.isalpha()}, 0)
        for name, array in known.items():
            letters = layout[name][0]
            sizes |= dict(zip(filter(str.isalpha, letters), _named(letters, array.shape), strict=True))
        return replace(cls.zeros(**sizes), **known)

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def clip(self, clip_id: str, attrs: Mapping[str, Any]) -> Clip:
        """Return the clip that a stage hands on.

        Raises:
            BadInput: the sizes contradict one another.
        """
        self.check(clip_id)
        return Clip(clip_id, self.arrays, attrs)

    def check(self, where: str) -> None:
        """Require that every array has its shape, and that a letter stands for one size.

        Raises:
            BadInput: one has not.
        """
        sizes: dict[str, int] = {}
        for name, (letters, _) in _layout(type(self)).items():
            found = np.shape(getattr(self, name))
            if len(found) == len(letters):
                sizes = dict(zip(filter(str.isalpha, letters), _named(letters, found), strict=True)) | sizes
            if len(found) != len(letters) or found != _shape(letters, sizes):
                expected = f"({', '.join(letters)}) with {sizes}"
                raise BadInput(where, name, f"shape {found}", expected, FIX)


@dataclass(frozen=True)
class BodyMotion(Record):
    """Of load-motion, and of fit-body: SMPL-X parameters of one person (`body.model.SmplxPose` poses a body by them).

    Attributes:
        betas: of the shape.
        global_orient: rad, axis-angle of the root in ground.
        body_pose: rad, axis-angles of 21 joints.
        left_hand_pose: rad, axis-angles of 15 joints.
        right_hand_pose: rad, the same.
        transl: m, where the root is, less its place in the rest pose.
    """

    betas: Annotated[np.ndarray, "S"]
    global_orient: Annotated[np.ndarray, "T 3"]
    body_pose: Annotated[np.ndarray, "T 63"]
    left_hand_pose: Annotated[np.ndarray, "T 45"]
    right_hand_pose: Annotated[np.ndarray, "T 45"]
    transl: Annotated[np.ndarray, "T 3"]


@dataclass(frozen=True)
class MarkerPaths(Record):
    """Of virtual-markers: where the markers are, m; NaN where one was not seen."""

    markers: Annotated[np.ndarray, "T M 3"]


@dataclass(frozen=True)
class WornPaths(Record):
    """Of load-motion, where markers were measured; `virtual-markers` hands them on. Their labels: attribute worn_names.

    Attributes:
        worn: m, short gaps bridged by the body that wears them, NaN in long ones.
        worn_seen: where they were measured.
    """

    worn: Annotated[np.ndarray, "T L 3"]
    worn_seen: Annotated[np.ndarray, "T L", bool]


@dataclass(frozen=True)
class Kinematics(Record):
    """Of inverse-kinematics. It follows virtual markers, or else the L that a person wore.

    Attributes:
        angles: rad (m for translations).
        keypoints: m.
        markers: virtual ones of the model at these angles, m.
        marker_error: m, from each marker that was followed; NaN where it was not seen.
        marker_error_rms: m, over the markers that weigh; of those that a person wore, over the ones held to bone.
        marker_error_max: m, the same.
        segment_turn: rad, by how much each body would turn to meet its own bony landmarks.
        segment_shift: m, by how much it would move.
    """

    angles: Annotated[np.ndarray, "T J"]
    keypoints: Annotated[np.ndarray, "T K 3"]
    markers: Annotated[np.ndarray, "T M 3"]
    marker_error: Annotated[np.ndarray, "T L"]
    marker_error_rms: Annotated[np.ndarray, "T"]
    marker_error_max: Annotated[np.ndarray, "T"]
    segment_turn: Annotated[np.ndarray, "T B"]
    segment_shift: Annotated[np.ndarray, "T B"]


@dataclass(frozen=True)
class BodyFit(Record):
    """Of fit-body, beside the parameters of the body (`BodyMotion`): how far its points lie off, m."""

    residual: Annotated[np.ndarray, "T"]


@dataclass(frozen=True)
class GroundForces(Record):
    """Of ground-reaction.

    Attributes:
        force: N, on each foot, right then left, and where others take part on each of `dynamics.names.OTHERS`.
        cop: m, the centre of pressure; the middle of the foot where it carries nothing.
        moment: N m, the free moment about the vertical through `cop`.
        unexplained: N and N m at the pelvis, what no foot supplies.
        smooth_angles: rad (m for translations), the motion to which forces, moments and activations belong.
        airborne: frames of a flight.
        unmeasured: frames in which plates did not measure a foot's force; none where forces are estimated.
        split_error: N, by how much the vertical force on the feet may be off because a seat or hands share it.
        force_doubt: N, by how much the vertical force on the whole body may be off (see `dynamics.force_doubt`), of a
            body of the model's mass.
        moment_doubt: N m, by how much a joint moment in flight may be off; 0 on the ground.
    """

    force: Annotated[np.ndarray, "T F 3"]
    cop: Annotated[np.ndarray, "T F 3"]
    moment: Annotated[np.ndarray, "T F 3"]
    unexplained: Annotated[np.ndarray, "T 6"]
    smooth_angles: Annotated[np.ndarray, "T J"]
    airborne: Annotated[np.ndarray, "T", bool]
    unmeasured: Annotated[np.ndarray, "T", bool]
    split_error: Annotated[np.ndarray, "T"]
    force_doubt: Annotated[np.ndarray, "T"]
    moment_doubt: Annotated[np.ndarray, "T"]

    @property
    def wrench(self) -> list[np.ndarray]:
        """Force, centre of pressure and free moment, as OpenSim's external loads take them."""
        return [self.force, self.cop, self.moment]


@dataclass(frozen=True)
class Moments(Record):
    """Of inverse-dynamics.

    Attributes:
        moments: N m (N for translations).
        residual: what neither ground nor joints supply at the pelvis: N along x, y, z, then N m about tilt, list and
            rotation.
    """

    moments: Annotated[np.ndarray, "T J"]
    residual: Annotated[np.ndarray, "T 6"]


@dataclass(frozen=True)
class MuscleActivity(Record):
    """Of static-optimization.

    Attributes:
        activations: in [0, 1].
        reserves: N m (N for translations), what of each moment the muscles at these activations do not supply.
        so_violation: N m, what the engine's own solution missed of the moments.
    """

    activations: Annotated[np.ndarray, "T A"]
    reserves: Annotated[np.ndarray, "T J"]
    so_violation: Annotated[np.ndarray, "T"]


@dataclass(frozen=True)
class Validity(Record):
    """Of quality-filter: which labels can be believed, and the bits of the checks that failed (`reasons`)."""

    angle_valid: Annotated[np.ndarray, "T J", bool]
    force_valid: Annotated[np.ndarray, "T", bool]
    activation_valid: Annotated[np.ndarray, "T", bool]
    reasons: Annotated[np.ndarray, "T", np.uint16]


def unseen_bodies(clip: Clip, frames: int, bodies: Sequence[str]) -> np.ndarray:
    """Return (T, B), true where no marker told a body of a clip that was measured: its attribute unseen.

    The attribute holds, by the body's name, from and to which seconds; clips of other sources have none.
    """
    times, hidden = np.arange(frames) / clip.fps, np.zeros((frames, len(bodies)), dtype=bool)
    stretches = json.loads(str(clip.attrs.get("unseen", "{}")))
    for column, body in enumerate(bodies):
        for begin, end in stretches.get(body, ()):
            hidden[:, column] |= (times >= begin) & (times < end)
    return hidden


def _layout(record: type[Record]) -> dict[str, tuple[tuple[str, ...], type]]:
    """Return letters and kind of each array."""
    hints = get_type_hints(record, include_extras=True)
    notes = {field.name: hints[field.name].__metadata__ for field in fields(record)}
    return {name: (tuple(note[0].split()), note[1] if len(note) > 1 else float) for name, note in notes.items()}


def _shape(letters: tuple[str, ...], sizes: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(sizes[letter] if letter.isalpha() else int(letter) for letter in letters)


def _named(letters: tuple[str, ...], shape: tuple[int, ...]) -> list[int]:
    return [size for letter, size in zip(letters, shape, strict=True) if letter.isalpha()]
