"""The cases of the shared folder as clip tables, and the clean inputs that their motions are held against."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from kinesynth.clips import ClipRow, read_clips
from tools.cases.verdicts import Expectation

SOURCE_OF = {".trc": "markers", ".c3d": "markers", ".npz": "amass", ".mot": "opensim", ".sto": "opensim"}
LOADER = "loader_fork_hangs"  # its fault lies in reading shards, not in a motion


def row_of(clip_id: str, path: Path, model: Path | None = None, start: float | None = None) -> ClipRow:
    """Return the line of a table for a motion file; its suffix tells the source."""
    source = SOURCE_OF[path.suffix.lower()]
    return ClipRow(clip_id, "walker", "walk", "train", source, path, start, model=model)


def case_rows(folder: Path, start: float | None = None) -> list[ClipRow]:
    """Return the clips of a case's folder: those of its own table, or its one motion file.

    A file `MODEL` names the .osim of its motions.
    """
    named = folder / "MODEL"
    model = folder / named.read_text(encoding="utf-8").strip() if named.exists() else None
    if (folder / "clips.tsv").exists():
        rows = read_clips(folder / "clips.tsv")
        return [row_of(row.clip_id, row.path, model) for row in rows if row.path is not None]
    (path,) = (path for path in sorted(folder.iterdir()) if path.suffix.lower() in SOURCE_OF)
    return [row_of(folder.name, path, model, start)]


def jobs(cases: Path, expectations: Sequence[Expectation]) -> Iterator[tuple[list[ClipRow], list[Expectation]]]:
    """Yield what runs together: the clips of a folder, and what is expected of each."""
    for folder in dict.fromkeys(each.case.partition("/")[0] for each in expectations):
        wanted = [each for each in expectations if each.case.partition("/")[0] == folder]
        rows = case_rows(cases / folder, wanted[0].start)
        by_clip = {each.case.partition("/")[2] or folder: each for each in wanted}
        yield rows, [by_clip[row.clip_id] for row in rows]


def write_clean(cases: Path, folder: Path) -> dict[str, ClipRow]:
    """Write the inputs that the cases were made from before their faults; return their lines by name."""
    folder.mkdir(parents=True, exist_ok=True)
    windows = (cases / "trc_crlf_bom/walk.trc").read_bytes().decode("utf-8-sig")
    (folder / "clean.trc").write_text(windows.replace("\r\n", "\n"), encoding="utf-8")
    unfit = cases / "mot_unfit_model_sinks_the_shard"
    (folder / "clean.mot").write_bytes((unfit / "good.mot").read_bytes())
    with np.load(cases / "amass_float32_fps_int/walk_poses.npz") as file:
        arrays = {name: file[name] for name in file.files}
    np.savez(folder / "clean.npz", **{**arrays, "mocap_framerate": np.array(120.0)})
    model = unfit / (unfit / "MODEL").read_text(encoding="utf-8").strip()
    return {
        name: row_of("clean", folder / name, model if name.endswith(".mot") else None)
        for name in ("clean.trc", "clean.mot", "clean.npz")
    }
