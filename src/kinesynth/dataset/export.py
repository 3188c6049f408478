"""`kinesynth export`: shards in the formats of other programs."""

from importlib import import_module
from pathlib import Path

from kinesynth.dataset.exports.clips import check_folders, check_shards, whole_folder
from kinesynth.errors import BadInput
from kinesynth.file_names import takes_file_names

OF_THE_BODY = ("smplx", "coco", "bedlam")  # formats that need the body model


@takes_file_names
def export(
    shards: list[Path],
    *,
    opensim: Path | None = None,
    smplx: Path | None = None,
    coco: Path | None = None,
    bedlam: Path | None = None,
    webdataset: Path | None = None,
    visualizer: Path | None = None,
    body: Path | None = None,
) -> None:
    """Write shards in the formats of other programs; each folder appears whole or not at all.

    A folder of an earlier export is replaced; one that holds anything else is refused.

    Args:
        shards: HDF5 files; those of one subject for `opensim`.
        opensim: a folder for the model and, per clip, markers, angles, forces, moments and activations.
        smplx: a folder for the fitted bodies as AMASS has them: an SMPL-X .npz per clip, z up. It needs `body`.
        coco: a folder for pictures with person boxes, masks and keypoints, of COCO (17) and of Halpe (26). It needs
            `body`, for faces and feet.
        bedlam: a folder for pictures and, per shard and camera, an .npz with a row per picture, as BEDLAM's: the fitted
            body in the camera's frame. It needs `body`.
        webdataset: a folder for a tar per shard: labels, and the cameras' videos as they are.
        visualizer: a folder for a .json per clip that the OpenCap Visualizer (visualizer.opencap.ai) shows.
        body: the body model that the shards were made with (the run's stages/body/model.npz).

    Raises:
        BadInput: a file is missing or unreadable, two shards have one name, no format is asked for, a folder holds
            something else, or the body is missing or another's.
    """
    folders = {
        "opensim": opensim, "smplx": smplx, "coco": coco, "bedlam": bedlam, "webdataset": webdataset,
        "visualizer": visualizer,
    }  # fmt: skip
    wanted = {name: folder for name, folder in folders.items() if folder is not None}
    if not wanted:
        formats = ", ".join(f"--{name}" for name in folders)
        raise BadInput("export", "format", "none", f"one of {formats}", "name a folder to write")
    check_shards(shards)
    check_folders(list(wanted.values()), shards)
    for name, folder in wanted.items():
        # Each format needs packages of its own, and those of the others may be missing.
        write = import_module(f"kinesynth.dataset.exports.{name}").write
        with whole_folder(folder) as temporary:
            write(shards, temporary, **({"body": body} if name in OF_THE_BODY else {}))
