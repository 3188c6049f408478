"""Motions whose dynamics are known, on any model of the family."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from kinesynth.isolation import isolated
from kinesynth.records import Kinematics
from kinesynth.stage_file import StageFile, write_stage

Motion = tuple[list[str], np.ndarray]


def both(values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return `values` for the right and the left side."""
    return {f"{name}_{side}": value for name, value in values.items() for side in "rl"}


def standing(model: Path, frames: int) -> Motion:
    return planted(model, {}, frames)


def squat(model: Path, fps: float, seconds: float = 2.0) -> Motion:
    times = np.arange(round(seconds * fps)) / fps
    depth = 0.4 * (1.0 - np.cos(2.0 * np.pi * np.clip((times - 0.25) / 1.5, 0.0, 1.0)))
    legs = both({"hip_flexion": 1.6 * depth, "knee_angle": 2.0 * depth, "ankle_angle": 0.9 * depth})
    return planted(model, {**legs, "pelvis_tilt": -0.5 * depth}, len(times))


def jump(model: Path, fps: float) -> Motion:
    """Crouch, push off, fly for 0.35 s and land softly: constant accelerations of the pelvis, feet hanging below."""
    times = np.arange(round(2.0 * fps)) / fps
    flight, push = 0.35, 0.35
    speed = 9.80665 * flight / 2.0
    start = 1.0 - flight / 2.0
    air = np.clip(np.abs(times - 1.0) / (flight / 2.0), 0.0, 1.0)
    rise = speed * flight / 4.0 * (1.0 - air**2)
    before = np.clip((start - np.where(times < 1.0, times, 2.0 - times)) / push, 0.0, 2.35)
    # Legs stretch at `speed` when the feet leave the floor and again when they meet it.
    pushing, sinking = np.sin(0.5 * np.pi * before), 0.5 + 0.5 * np.cos(np.pi * (before - 1.0) / 1.35)
    crouch = speed * push * 2.0 / np.pi * np.where(before < 1.0, pushing, sinking)
    knee = 2.0 * np.arccos(1.0 - crouch / 0.82)
    legs = both({"hip_flexion": knee / 2.0, "knee_angle": knee, "ankle_angle": knee / 2.0})
    names, angles = planted(model, legs, len(times))
    angles[:, names.index("pelvis_ty")] += rise
    return names, angles


def planted(model: Path, values: Mapping[str, np.ndarray], frames: int) -> Motion:
    """Return names and angles (T, J) of a motion whose heels stay where they are, on the floor."""
    return isolated(_planted, model.absolute(), dict(values), frames, timeout_seconds=60.0, log=Path("/dev/null"))


def _planted(model: Path, values: dict[str, np.ndarray], frames: int) -> Motion:
    from kinesynth.dynamics.body_motion import foot_motion
    from kinesynth.opensim_models.couplers import coupled
    from kinesynth.opensim_models.opened import coordinate_names, open_model

    body = open_model(model)
    names = list(coordinate_names(body))
    angles = np.zeros((frames, len(names)))
    for name, value in values.items():
        angles[:, names.index(name)] = value
    angles = coupled(body, angles)
    heels = foot_motion(body, angles).heel[..., 3].mean(axis=1)
    angles[:, names.index("pelvis_tx")] -= heels[:, 0]
    angles[:, names.index("pelvis_ty")] -= heels[:, 1]
    return names, angles


def write_angles(path: Path, clips: Mapping[str, np.ndarray], names: list[str], fps: float) -> Path:
    """Write a stage file that holds angles only."""
    record = {
        clip_id: Kinematics.partly(angles=angles).clip(clip_id, {"fps": fps}) for clip_id, angles in clips.items()
    }
    write_stage(path, StageFile(record, {}, {"coordinate_names": names}))
    return path
