"""Coordinates, markers, tables and configurations that are not what they should be."""

import os
from collections.abc import Callable
from pathlib import Path

import yaml
from case import Case, written

from kinesynth.clips import read_clips
from kinesynth.config_file import load_config
from kinesynth.opensim_files import read_storage
from kinesynth.opensim_files.trc import read_trc

STORAGE = "Coordinates\nversion=1\nnRows={rows}\nnColumns=3\ninDegrees=yes\nendheader\n{labels}\n{table}"
LABELS = "time\thip_flexion_r\tknee_angle_r"
TRC = (
    "PathFileType\t4\t(X/Y/Z)\twalk.trc\n"
    "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames\n"
    "{rate}\t100\t{frames}\t{markers}\t{units}\t100\t1\t2\n"
    "Frame#\tTime\t{names}\n\t\tX1\tY1\tZ1\tX2\tY2\tZ2\n\n{table}"
)
TRC_TABLE = "1\t0.00\t1\t2\t3\t4\t5\t6\n2\t0.01\t1\t2\t3\t4\t5\t6\n"
CLIP = {"clip_id": "c1", "subject": "s1", "action": "walk", "split": "train", "source": "procedural"}
COLUMNS = ("clip_id", "subject", "action", "split", "source", "path", "start", "end", "model", "static")


def mot(name: str, *says: str, labels: str = LABELS, table: str, rows: int = 2) -> Case:
    text = STORAGE.format(rows=rows, labels=labels, table=table)
    return Case(f"mot {name}", lambda folder: read_storage(written(folder, "walk.mot", text)), ("walk.mot", *says))


def trc(name: str, *says: str, table: str = TRC_TABLE, names: str = "RASI\t\t\tLASI\t\t", **header: object) -> Case:
    values = {"rate": 100, "frames": 2, "markers": 2, "units": "mm", **header}
    text = TRC.format(table=table, names=names, **values)
    return Case(f"trc {name}", lambda folder: read_trc(written(folder, "walk.trc", text)), ("walk.trc", *says))


def raw(name: str, reader: Callable[[Path], object], content: str | bytes, *says: str) -> Case:
    file = f"input.{name.split(maxsplit=1)[0]}"
    return Case(name, lambda folder: reader(written(folder, file, content)), (file, *says))


def tsv(name: str, *says: str, **changes: str) -> Case:
    lines = "\n".join(
        "\t".join(row.get(column, "") for column in COLUMNS) for row in (CLIP, {**CLIP, "clip_id": "c2", **changes})
    )
    return raw(f"tsv {name}", read_clips, "\t".join(COLUMNS) + "\n" + lines + "\n", "line 3", *says)


def configure(path: Path) -> None:
    """Read a configuration as Snakemake does."""
    values = yaml.safe_load(path.read_text())
    load_config(values, path.name)


def config(name: str, text: str, *says: str) -> Case:
    return Case(f"yaml {name}", lambda folder: configure(written(folder, "mine.yaml", text)), ("mine.yaml", *says))


def pipe(folder: Path, name: str) -> Path:
    """Return a pipe that nobody writes to: who opens it waits for ever."""
    os.mkfifo(folder / name)
    return folder / name


def sparse(folder: Path, name: str) -> Path:
    """Return a file of six gigabytes that takes no room."""
    with (folder / name).open("wb") as stream:
        stream.truncate(6 << 30)
    return folder / name


# each level names the one below ten times: a thousand million words when written out
BOMB = "views: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{below}'] * 10)}]\n" for below, name in zip("abcdefgh", "bcdefghi", strict=True)
)

MOT = (
    raw("mot empty", read_storage, b"", "table", "endheader"),
    raw("mot is binary", read_storage, bytes(range(256)) * 40, "endheader"),
    raw("mot ends after its header", read_storage, STORAGE.format(rows=2, labels=LABELS, table=""), "rows"),
    Case("mot missing", lambda folder: read_storage(folder / "walk.mot"), ("walk.mot", "file")),
    Case("mot is a pipe", lambda folder: read_storage(pipe(folder, "walk.mot")), ("walk.mot", "regular")),
    Case("mot of six gigabytes", lambda folder: read_storage(sparse(folder, "walk.mot")), ("walk.mot", "GB")),
    mot("with NaN", "row 2, knee_angle_r", table="0\t1\t2\n1\t1\tNaN\n"),
    mot("with a short row", "row 2", table="0\t1\t2\n1\t1\n"),
    mot("with a word for a number", "row 1", table="0\tone\t2\n1\t1\t2\n"),
    mot("with times that fall", "time", table="1\t1\t2\n0\t1\t2\n"),
    mot("with a time twice", "time", table="0\t1\t2\n0\t1\t2\n"),
    mot("with fewer rows than it says", "nrows", table="0\t1\t2\n1\t1\t2\n", rows=1000),
    mot(
        "with a column twice", "hip_flexion_r", labels="time\thip_flexion_r\thip_flexion_r", table="0\t1\t2\n1\t1\t2\n"
    ),
    mot("without time", "time", labels="a\thip_flexion_r\tknee_angle_r", table="0\t1\t2\n1\t1\t2\n"),
)
MARKERS = (
    trc("with a header only", "frames", table=""),
    raw("trc empty", read_trc, b"", "header"),
    raw("trc is something else", read_trc, "hello\nworld\n" * 10, "header"),
    Case("trc is a pipe", lambda folder: read_trc(pipe(folder, "walk.trc")), ("walk.trc", "regular")),
    Case("trc of six gigabytes", lambda folder: read_trc(sparse(folder, "walk.trc")), ("walk.trc", "GB")),
    trc("with a marker twice", "RASI", names="RASI\t\t\tRASI\t\t"),
    trc("with more markers than names", "NumMarkers", names="RASI\t\t\t\t\t"),
    trc("without a count of frames", "NumFrames", frames="many"),
    trc("with a rate that its times contradict", "DataRate", rate=50),
    trc("in furlongs", "Units", units="furlong"),
    trc("with rate zero", "DataRate", rate=0),
    trc("with rate nan", "DataRate", rate="nan"),
    trc("with a negative rate", "DataRate", rate=-100),
    trc("with times that fall", "Time", table="1\t0.01\t1\t2\t3\t4\t5\t6\n2\t0.00\t1\t2\t3\t4\t5\t6\n"),
    trc("cut off in a row", "frame 2", table=TRC_TABLE[:-6]),
    trc("with a word for a number", "frame 1", table="1\t0\tx\t2\t3\t4\t5\t6\n2\t0.01\t1\t2\t3\t4\t5\t6\n"),
    trc("with an infinite position", "frame 1", table="1\t0\tinf\t2\t3\t4\t5\t6\n2\t0.01\t1\t2\t3\t4\t5\t6\n"),
    trc("with a huge position", "frame 1", table="1\t0\t1e30\t2\t3\t4\t5\t6\n2\t0.01\t1\t2\t3\t4\t5\t6\n"),
)
TABLES = (
    raw("tsv empty", read_clips, b"", "header"),
    raw("tsv in another encoding", read_clips, "clip_id\tß".encode("utf-16"), "encoding"),
    raw("tsv without a column", read_clips, "clip_id\tsubject\n", "header"),
    raw("tsv with commas", read_clips, ",".join(COLUMNS) + "\n", "header"),
    Case("tsv is a pipe", lambda folder: read_clips(pipe(folder, "clips.tsv")), ("clips.tsv", "regular")),
    Case("tsv of six gigabytes", lambda folder: read_clips(sparse(folder, "clips.tsv")), ("clips.tsv", "GB")),
    tsv("with path traversal in a clip id", "clip_id", clip_id="../../etc/c2"),
    tsv("with an absolute clip id", "clip_id", clip_id="/etc/passwd"),
    tsv("with path traversal in a subject", "subject", subject=".."),
    tsv("with a shell command for a subject", "subject", subject="$(touch executed)"),
    tsv("with a clip id twice", "clip_id", clip_id="c1"),
    tsv("with a clip id that only looks the same", "clip_id", clip_id="c１"),
    tsv("with a name written right to left", "characters", clip_id="a\u202eb"),
    tsv("with a negative start", "start", start="-1"),
    tsv("with an end before its start", "end", start="2", end="1"),
    tsv("with an endless clip", "end", end="inf"),
    tsv("with an unknown source", "source", source="webcam"),
    tsv("with one person in two splits", "split", split="test"),
    tsv("without a file", "path", source="amass"),
)
CONFIGURATIONS = (
    config("with an unknown key", "renderer: {width: 100}", "renderer"),
    config("with a key in the wrong place", "width: 100", "width"),
    config("with a word for a number", "motion: {fps: fast}", "motion.fps"),
    config("with a rate beyond all cameras", "motion: {fps: 1.0e+9}", "motion.fps"),
    config("with NaN", "motion: {max_clip_seconds: .nan}", "motion.max_clip_seconds"),
    config("with an infinite clip", "motion: {max_clip_seconds: .inf}", "motion.max_clip_seconds"),
    config("with negative frames", "frames_per_shard: -5", "frames_per_shard"),
    config("with an odd width", "render: {width: 255}", "render.width"),
    config("with a missing body", "body: {model: nowhere.npz}", "body.model"),
    config("that is a list", "[1, 2]", "mine.yaml"),
    config("that is a word", "hello", "mine.yaml"),
    config("that multiplies itself", BOMB, "mine.yaml"),
    config("with a value that multiplies itself", BOMB.replace("views", "x") + "render: {views: *i}", "mine.yaml"),
)
CASES = (*MOT, *MARKERS, *TABLES, *CONFIGURATIONS)
