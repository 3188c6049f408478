"""Size of the person, and how fast and how far the body moves."""

from collections.abc import Iterator, Sequence

import numpy as np

from kinesynth.dataset.person import Person
from kinesynth.dataset.record import ClipRecord
from kinesynth.skeleton.tables import both_sides

Found = tuple[str, float, str]  # check, value, where it is worst
_ARMS = ("arm_", "elbow_", "pro_sup", "wrist_")
STATURE = 1.125  # over thigh, shank, hip to pelvis, up the trunk to the head: 1.111 to 1.142 in the demo's people


def body_values(person: Person) -> Iterator[Found]:
    """Yield what can be said of a shard's person without motion."""
    skeleton = person.skeleton
    yield "mass", float(skeleton.masses.sum()) / person.mass_kg, ""
    yield "height", person.height_m, ""
    yield "body_mass_index", person.mass_kg / person.height_m**2, ""


def motion_values(clip: ClipRecord, person: Person) -> Iterator[Found]:
    """Yield values of size, speed and reach of a clip."""
    arrays, fps = clip.arrays, clip.fps
    centres = arrays["keypoints"][:, : len(person.skeleton.body_names)].astype(float)
    names = person.skeleton.body_names
    yield "stature", suggested_stature(centres, person) / person.height_m, ""
    yield from _bones(centres, person)
    yield from _scales(arrays["scales"], person)
    yield from _angles(clip, person)
    if len(centres) > 1:
        pelvis = np.linalg.norm(np.diff(centres[:, 0], axis=0), axis=-1) * fps
        yield "pelvis_speed", float(pelvis.max()), worst(pelvis)
        limbs = np.linalg.norm(np.diff(centres - centres[:, :1], axis=0), axis=-1) * fps
        yield "limb_speed", float(limbs.max()), worst(limbs, names)
    yield "sunk", max(0.0, -float(centres[..., 1].min())), worst(-centres[..., 1], names)
    moved = arrays["smplx/transl"] - centres[:, 0]
    yield "fit", float(np.sqrt(np.square(moved - moved.mean(axis=0)).sum(axis=1).mean())), ""


def suggested_stature(centres: np.ndarray, person: Person) -> float:
    """Return the stature (m) that lengths of thigh, shank and trunk suggest, of joint centres (T, B, 3)."""
    names = ("femur_r", "tibia_r", "talus_r", "pelvis", "abdomen", "torso", "head", "femur_l")
    hip, knee, ankle, pelvis, waist, torso, head, other = centres[:, person.bodies(names)].swapaxes(0, 1)
    ends = ((hip, knee), (knee, ankle), ((hip + other) / 2, pelvis), (pelvis, waist), (waist, torso), (torso, head))
    return STATURE * sum(float(np.median(np.linalg.norm(a - b, axis=-1))) for a, b in ends)


def worst(values: np.ndarray, names: Sequence[str] = ()) -> str:
    """Return where (T,) or (T, N) values are greatest: the frame, and which of the N."""
    frame, *others = map(int, np.unravel_index(int(np.argmax(values)), values.shape))
    return ", ".join([f"frame {frame}", *(names[index] for index in others)])


def _bones(centres: np.ndarray, person: Person) -> Iterator[Found]:
    """Compare distances of joint centres with the skeleton's, where the joint between them does not slide."""
    skeleton = person.skeleton
    slides = (skeleton.axis_coordinates[:, 3:] >= 0).any(axis=1)
    fixed = np.flatnonzero(~slides & (skeleton.parents >= 0) & ~skeleton.child_places.any(axis=1))
    found = np.linalg.norm(centres[:, fixed] - centres[:, skeleton.parents[fixed]], axis=-1)
    off = 1000 * np.abs(found - np.linalg.norm(skeleton.parent_places[fixed], axis=-1))
    yield "bones", float(off.max()), worst(off, [skeleton.body_names[index] for index in fixed])


def _scales(scales: np.ndarray, person: Person) -> Iterator[Found]:
    """Compare mass centres with the generic skeleton's, which scaling stretches as it does all that sits on a body."""
    rows = {row["body"]: [float(row[f"mass_centre_{axis}"]) for axis in "xyz"] for row in both_sides("bodies")}
    names = person.skeleton.body_names
    if set(names) <= set(rows):
        off = 1000 * np.abs(np.array([rows[name] for name in names]) * scales - person.skeleton.mass_centres)
        yield "scales", float(off.max()), names[int(off.max(axis=1).argmax())]


def _angles(clip: ClipRecord, person: Person) -> Iterator[Found]:
    """Yield how far beyond their ranges valid angles are, how fast they are, and whether couplers hold."""
    skeleton, fps = person.skeleton, clip.fps
    angles, valid = clip.arrays["angles"].astype(float), clip.arrays["quality/angle_valid"]
    turns = ~skeleton.coordinate_translational
    low, high = skeleton.coordinate_ranges.T
    beyond = np.where(valid & turns & ~skeleton.coordinate_free, np.maximum(low - angles, angles - high), -np.inf)
    yield "range", max(float(np.degrees(beyond.max())), 0.0), worst(beyond, skeleton.coordinate_names)
    off = np.degrees(np.abs(skeleton.coupled(angles) - angles))
    yield "coupling", float(off.max()), worst(off, skeleton.coordinate_names)
    if len(angles) > 1:
        speed = np.degrees(np.abs(np.diff(angles, axis=0))) * fps * (valid[1:] & valid[:-1] & turns)
        arm = np.array([name.startswith(_ARMS) for name in skeleton.coordinate_names])
        for check, chosen in (("angular_speed", speed * ~arm), ("arm_speed", speed * arm)):
            yield check, float(chosen.max()), worst(chosen, skeleton.coordinate_names)
