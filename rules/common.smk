"""The workflow's only Python: the configuration, the clip table, and which shard needs what."""

import hashlib
import shlex
import sys

from kinesynth.clips import assign_shards, read_clips
from kinesynth.config import load_config
from kinesynth.errors import KinesynthError

try:
    CONFIG = load_config(config)
    CLIPS = read_clips(CONFIG.clips)
except KinesynthError as error:
    print(f"kinesynth: {error}", file=sys.stderr)
    sys.exit(2)

SHARDS = assign_shards(CLIPS, CONFIG.clips_per_shard)
SUBJECTS = list(dict.fromkeys(row.subject for row in CLIPS))
TRAINING_SHARDS = [shard for shard, rows in SHARDS.items() if rows[0].split == "train"] or list(SHARDS)
ROWS_BY_SUBJECT = {subject: [row for row in CLIPS if row.subject == subject] for subject in SUBJECTS}
MARKER_VERTICES = f"--marker-vertices {shlex.quote(CONFIG.body.marker_vertices)}" if CONFIG.body.marker_vertices else ""
CONFIG_SHA256 = hashlib.sha256(repr(CONFIG).encode()).hexdigest()


wildcard_constraints:
    subject=r"[A-Za-z0-9][A-Za-z0-9_-]*",
    shard=r"[A-Za-z0-9][A-Za-z0-9_-]*_\d\d\d+",


def subject_of(wildcards):
    """Return the subject of a shard."""
    return SHARDS[wildcards.shard][0].subject


def of_subject(pattern):
    """Return an input function: `pattern` filled with the subject of the job's shard."""
    return lambda wildcards: pattern.format(subject=subject_of(wildcards))


def shards_of(pattern):
    """Return an input function: `pattern` filled with each shard of the job's subject."""
    return lambda wildcards: [
        pattern.format(shard=shard) for shard, rows in SHARDS.items() if rows[0].subject == wildcards.subject
    ]


def fingerprint(rows):
    """Return a digest of table rows and of their files' sizes and dates.

    As a param it makes Snakemake rerun what these clips touch and nothing else, while a clip's missing or broken file
    stays a matter of its stage, which rejects that clip and goes on.
    """
    digest = hashlib.sha256()
    for row in rows:
        digest.update(repr(row).encode())
        for file in (row.path, row.model, row.static):
            if file is not None and file.exists():
                digest.update(f"{file.stat().st_size} {file.stat().st_mtime_ns}".encode())
    return digest.hexdigest()[:16]
