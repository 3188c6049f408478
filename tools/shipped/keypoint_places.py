"""Where BlazePose's points sit on the skeleton, measured on rendered people whose skeletons are known.

    python -m tools.shipped.keypoint_places FOLDER --people 8      # writes the clips, and says how to render them
    python -m tools.shipped.keypoint_places FOLDER                 # once they are rendered: prints the table's rows

Drawn people walk, squat and kick before two phones, and walk inside a laboratory's ring of cameras. The detector looks
at the videos as `predict` lets it. Of each point the place on its body, in the generic skeleton's size, is searched
that is nearest to all lines of sight (robustly), right and left taken together. The rows of set `blazepose33` in
`kinesynth_train/predict/tables/landmarks.csv` are these.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import yaml

from kinesynth.clips import ClipRow, write_clips
from kinesynth.drawn_view import DrawnView
from kinesynth.layout import FILES, SCALE_REPORT
from kinesynth.skeleton import SkeletonDefinition, SkeletonLayer
from kinesynth.stage_file import Clip, read_stage
from kinesynth_train.calibration import Camera
from kinesynth_train.predict.detector.blazepose import BlazePose
from kinesynth_train.predict.detector.people import detect_people
from kinesynth_train.predict.landmarks import keypoint_sets, places
from kinesynth_train.predict.tracks import follow, main_person, of_person
from kinesynth_train.predict.videos import open_video

SET, FPS, START, SECONDS = "blazepose33", 10.0, 0.3, 1.2
CLIPS = (("walking", "phones"), ("squat", "phones"), ("kicking", "phones"), ("walking", "laboratory"))
MIN_CONFIDENCE = 0.5
ROUNDS, OUTLIER_M = 8, 0.04  # from a line of sight, at which it weighs a quarter


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines of sight of one point in one view, in the axes of its body, the right side's.

    Attributes:
        origins, directions: (N, 3) m and unit vectors.
        scale: (3,) factors of the body.
        ring: whether the camera is of the laboratory's ring.
    """

    origins: np.ndarray
    directions: np.ndarray
    scale: np.ndarray
    ring: bool


def prepare(folder: Path, people: int) -> None:
    """Write the clips and the configuration of a run, and say how to start it."""
    folder.mkdir(parents=True, exist_ok=True)
    subjects = [f"k{number:02}" for number in range(1, people + 1)]
    clips = [
        ClipRow(f"{who}_{action}_{rig}", who, action, "train", "procedural", start=START, end=START + SECONDS, rig=rig)
        for who in subjects
        for action, rig in CLIPS
    ]
    write_clips(folder / "clips.tsv", clips)
    config = {"clips": str((folder / "clips.tsv").absolute()), "motion": {"fps": FPS},
              "render": {"preset": "preview", "width": 960, "height": 720}}  # fmt: skip
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    wanted = " ".join(FILES["render_views"].format(shard=f"{subject}_000") for subject in subjects)
    print(f"snakemake --cores all --directory {folder} --configfile {folder}/config.yaml -- {wanted}")  # noqa: T201


def lines_of(folder: Path) -> dict[str, list[Lines]]:
    """Return the lines of sight of every point, by the name of the right one, in all views that are rendered."""
    network = BlazePose()
    found: dict[str, list[Lines]] = {}
    for rendered in sorted((folder / FILES["render_views"].format(shard="x")).parent.glob("*.h5")):
        subject = rendered.stem.rpartition("_")[0]
        skeleton = SkeletonDefinition.from_osim(folder / FILES["scale_model"].format(subject=subject))
        told = json.loads((folder / SCALE_REPORT.format(subject=subject)).read_text(encoding="utf-8"))
        factors = dict(zip(told["body_names"], told["scale_factors"], strict=True))
        angles = read_stage(folder / FILES["inverse_kinematics"].format(shard=rendered.stem)).clips
        for clip_id, clip in read_stage(rendered).clips.items():
            transforms = SkeletonLayer(skeleton)(torch.tensor(angles[clip_id].arrays["angles"])).transforms.numpy()
            for camera, points in _seen(clip, network):
                for name, (body, _, _) in places(SET).items():
                    index = skeleton.body_names.index(body)
                    lines = _lines(name, camera, points, transforms[:, index])
                    right = f"R{name[1:]}" if name.startswith("L") else name
                    ring = camera.name.startswith("lab")
                    found.setdefault(right, []).append(Lines(*lines, np.array(factors[body]), ring))
    return found


def _seen(clip: Clip, network: BlazePose) -> Iterator[tuple[Camera, np.ndarray]]:
    """Yield each view's camera and the points (T, 33, 3), px and confidence, that the detector sees in it."""
    for view in sorted({name.partition("/")[0] for name in clip.arrays if name.endswith("/video")}):
        drawn = DrawnView.of(clip, view)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "view.mp4"
            path.write_bytes(drawn.video.tobytes())
            video = open_video(path)
            people = detect_people(video, network, (0.0, np.inf), lambda _: None).points
        lens = np.zeros(5) if drawn.distortion is None else drawn.distortion
        camera = Camera(view, video.width, video.height, drawn.K, lens, drawn.world_to_camera)
        tracks = follow(people, FPS)
        yield camera, of_person(people, tracks[main_person(people, tracks, None)])


def _lines(name: str, camera: Camera, points: np.ndarray, body: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return origins and directions (N, 3) of a point's lines of sight from its body's transforms (T, 4, 4)."""
    seen = points[:, keypoint_sets()[SET].index(name)]
    known = seen[:, 2] >= MIN_CONFIDENCE
    plane = camera.on_plane(seen[known, :2])
    sight = np.concatenate([plane, np.ones_like(plane[:, :1])], axis=1) @ camera.world_to_camera[:3, :3]
    sight /= np.linalg.norm(sight, axis=1, keepdims=True)
    turn, away = body[known, :3, :3], camera.centre - body[known, :3, 3]
    mirror = [1.0, 1.0, -1.0 if name.startswith("L") else 1.0]
    return np.einsum("nji,nj->ni", turn, away) * mirror, np.einsum("nji,nj->ni", turn, sight) * mirror


def place_of(views: list[Lines]) -> tuple[np.ndarray, float]:
    """Return the place (3,) m on the generic body nearest to lines of sight, and how far they miss it (median, m).

    The phones, all in front, and the ring about the person count alike, however many pictures each has.
    """
    origins, sight = (np.concatenate([getattr(view, each) for view in views]) for each in ("origins", "directions"))
    scale = np.concatenate([np.tile(view.scale, (len(view.origins), 1)) for view in views])
    ring = np.concatenate([np.full(len(view.origins), view.ring) for view in views])
    usual = np.where(ring, 1.0 / max(ring.sum(), 1), 1.0 / max((~ring).sum(), 1))
    across = np.eye(3) - sight[:, :, None] * sight[:, None, :]
    place, weight = np.zeros(3), usual
    for _ in range(ROUNDS):
        moved = across * scale[:, None, :]
        matrix = np.einsum("n,nji,njk->ik", weight, moved, moved)
        side = np.einsum("n,nji,nj->i", weight, moved, np.einsum("nij,nj->ni", across, origins))
        place = np.linalg.solve(matrix, side)
        miss = np.linalg.norm(np.einsum("nij,nj->ni", across, scale * place - origins), axis=1)
        weight = usual / (1.0 + (miss / OUTLIER_M) ** 2) ** 2
    return place, float(np.median(miss))


def main() -> None:
    """Read the flags, and prepare or measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--people", type=int, default=0, help="write the clips of so many, and measure nothing yet")
    options = parser.parse_args()
    if options.people:
        prepare(options.folder, options.people)
        return
    known = places(SET)
    for name, views in lines_of(options.folder).items():
        (x, y, z), miss = place_of(views)
        body, _, spread = known[name]
        row = f"{name},{SET},{body},{x:.3f},{y:.3f},{z:.3f},{spread:g}"
        count = sum(len(view.origins) for view in views)
        print(f'{row},"rendered people, {count} views of it, {1e3 * miss:.0f} mm off (median)"')  # noqa: T201


if __name__ == "__main__":
    main()
