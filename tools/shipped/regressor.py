"""Train the joint regressor that ships for the free body, into the package.

    python -m tools.shipped.regressor [--folder build/free_regressor] [--subjects 24]

Subjects are drawn as the workflow draws them; each takes poses from all over the ranges of its joints. They pass
through the workflow's own stages: virtual markers, scaling, inverse kinematics, regressor. A quarter of the subjects,
and hence of the poses, is kept for the test. Run it again whenever the free body, the markers or the skeleton change.
"""

import argparse
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from kinesynth.body.free.build import build_body
from kinesynth.body.model import load_body
from kinesynth.body.proportions import Proportions, proportions_of
from kinesynth.body.virtual_markers import virtual_markers
from kinesynth.fitting.regressor import SHIPPED, joint_regressor
from kinesynth.kinematics.inverse_kinematics import inverse_kinematics
from kinesynth.kinematics.scaling import scale_model
from kinesynth.motion.subject import write_subject
from kinesynth.procedural.plan import Plan, standing
from kinesynth.procedural.solve import relaxed_hands, solve
from kinesynth.seeds import generator
from kinesynth.skeleton.builder import build_skeleton
from kinesynth.stage_file import Clip, StageFile, progress, write_stage
from kinesynth.subjects.sampled import sample_shape

FPS, FRAMES = 10.0, 32
SLOWEST_HZ, QUICKEST_HZ = 0.1, 0.5
FACING_X = Rotation.from_euler("y", np.pi / 2.0)
Range = tuple[float, float]
# Degrees, by the names of `Plan`; well inside what joints allow (Kapandji), since all of them move at once.
ANGLES: dict[str, tuple[Range, ...]] = {
    "pelvis_angles": ((-15, 35), (-12, 12), (-25, 25)),
    "trunk": ((-10, 30), (-12, 12), (-18, 18)),
    "neck": ((-25, 30), (-20, 20), (-45, 45)),
    "shoulders": ((-30, 110), (5, 70), (-35, 35)),
    "elbows": ((5, 120),),
    "forearms": ((-50, 70),),
    "wrists": ((-40, 40),),
    "foot_pitch": ((-35, 15),),
    "foot_yaw": ((-5, 20),),
    "toes": ((0, 30),),
}
# Leg lengths, of each ankle from where it stands: outward, up, forward; and of the pelvis: up.
STEP: tuple[Range, ...] = ((-0.05, 0.30), (0.0, 0.40), (-0.40, 0.40))
SINK: Range = (-0.30, 0.0)


def train(folder: Path, subjects: int) -> None:
    """Run the stages in `folder` and train on them."""
    body, skeleton = folder / "model.npz", folder / "generic.osim"
    build_body(output=body)
    build_skeleton(output=skeleton)
    shards = [run_subject(folder, body, skeleton, f"f{k:02d}") for k in progress(range(subjects), "subjects")]
    motion, ik = (list(paths) for paths in zip(*shards, strict=True))
    joint_regressor(body=body, motion=motion, ik=ik, output=SHIPPED)


def run_subject(folder: Path, body: Path, skeleton: Path, subject: str) -> tuple[Path, Path]:
    """Draw a subject and take it through the stages; return its motion and inverse kinematics."""
    path, log = folder / subject, folder / f"{subject}.log"
    record, motion, markers, model, ik = (
        path.with_suffix(end) for end in (".json", ".motion.h5", ".markers.h5", ".osim", ".ik.h5")
    )
    body_model = load_body(body)
    shape = sample_shape(body_model, subject, seed=0, density_kg_m3=985.0)
    write_subject(record, body_model, shape, subject=subject, split="train", density_kg_m3=985.0)
    write_motion(motion, proportions_of(body_model, shape.betas), shape.betas, subject)
    virtual_markers(body=body, motion=motion, output=markers)
    scale_model(
        body=body, subject=record, skeleton=skeleton, output=model, report=path.with_suffix(".scale.json"), log=log
    )
    inverse_kinematics(markers=markers, model=model, output=ik, log=log)
    return motion, ik


def write_motion(path: Path, proportions: Proportions, betas: np.ndarray, subject: str) -> None:
    """Write a subject's poses as a motion stage of one clip."""
    posed = solve(proportions, varied(proportions, generator(0, subject, "poses")))
    orient = (FACING_X * Rotation.from_rotvec(posed.pose[:, 0])).as_rotvec()
    left, right = relaxed_hands(FRAMES)
    arrays = {
        "betas": betas,
        "global_orient": orient,
        "body_pose": posed.pose[:, 1:].reshape(FRAMES, -1),
        "left_hand_pose": left,
        "right_hand_pose": right,
        "transl": FACING_X.apply(posed.pelvis) - proportions.joints[0],
    }
    clip = Clip(f"{subject}_poses", arrays, {"subject": subject, "fps": FPS, "n_frames": FRAMES})
    write_stage(path, StageFile({clip.clip_id: clip}))


def varied(proportions: Proportions, rng: np.random.Generator) -> Plan:
    """Return a plan in which every joint sways through its range, each at a rate of its own."""
    plan = standing(proportions, FRAMES, rng)
    angles = {name: np.radians(sway(getattr(plan, name).shape, ranges, rng)) for name, ranges in ANGLES.items()}
    step = proportions.leg_length * sway(plan.ankles.shape, STEP, rng)
    step[:, 0, 0] *= -1.0  # outward of the right foot is -x
    sink = proportions.leg_length * sway((FRAMES, 1), (SINK,), rng) * [0.0, 1.0, 0.0]
    return plan.but(**angles, ankles=plan.ankles + step, pelvis=plan.pelvis + sink)


def sway(shape: tuple[int, ...], ranges: tuple[Range, ...], rng: np.random.Generator) -> np.ndarray:
    """Return sines of random rate and phase, `shape` (T, ..., [A]), that fill the `ranges` (A, 2) of the last axis."""
    rate = rng.uniform(SLOWEST_HZ, QUICKEST_HZ, shape[1:])
    phase = rng.uniform(0.0, 2.0 * np.pi, shape[1:])
    times = np.arange(shape[0]).reshape(-1, *(1 for _ in shape[1:])) / FPS
    low, high = np.array(ranges).T if len(ranges) > 1 else np.array(ranges[0])
    return np.asarray(low + 0.5 * (high - low) * (1.0 + np.sin(2.0 * np.pi * rate * times + phase)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("build/free_regressor"), help="where stages are written")
    parser.add_argument("--subjects", type=int, default=24, help="how many people to draw")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    train(arguments.folder, arguments.subjects)
