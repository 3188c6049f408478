"""The workflow's only Python: the configuration, the clip table, and which shard needs what."""

import gc
import hashlib
import shlex
import sys
from dataclasses import fields

from kinesynth.clips import read_clips, stated_people
from kinesynth.config_file import load_config, shaping_config
from kinesynth.errors import KinesynthError
from kinesynth.layout import CARD, CARD_PICTURE, CHECKSUMS, CROISSANT, FILES, METRICS, REJECTED, SCALE_REPORT
from kinesynth.same_motion import require_distinct
from kinesynth.shards import ShardSize, assign_shards

# A plan's million objects live as long as the plan: looking for garbage among them takes an eighth of its time.
gc.set_threshold(100_000, 50, 50)

try:
    CONFIG = load_config(config)
    CLIPS = read_clips(CONFIG.clips)
    STATED = stated_people(CONFIG.clips, CLIPS, CONFIG.subjects)
    if workflow.is_main_process:  # each cluster job reads the rules again, after the main process has looked
        require_distinct(CONFIG.clips, CLIPS)
except KinesynthError as error:
    print(f"kinesynth: {error}", file=sys.stderr)
    sys.exit(2)

SHARD_SIZE = ShardSize(
    CONFIG.clips_per_shard, CONFIG.frames_per_shard, CONFIG.motion.fps, CONFIG.motion.max_clip_seconds
)
SHARDS = assign_shards(CLIPS, SHARD_SIZE)
SHARDS_BY_SUBJECT = {}
for shard, rows in SHARDS.items():
    SHARDS_BY_SUBJECT.setdefault(rows[0].subject, []).append(shard)
SUBJECTS = list(SHARDS_BY_SUBJECT)
# The regressor learns from as many people as it can, and from shards that stay as they are when clips are added.
TRAINING_SHARDS = sorted(
    [shard for shard, rows in SHARDS.items() if rows[0].split == "train"] or SHARDS,
    key=lambda shard: int(shard.rpartition("_")[2]),
)
SUBJECTS_TABLE = f"--subjects {shlex.quote(CONFIG.subjects)}" if CONFIG.subjects else ""
MARKER_VERTICES = f"--marker-vertices {shlex.quote(CONFIG.body.marker_vertices)}" if CONFIG.body.marker_vertices else ""
SHAPING_CONFIG = shaping_config(CONFIG)
CONFIG_SHA256 = hashlib.sha256(SHAPING_CONFIG.encode()).hexdigest()


wildcard_constraints:
    subject=r"[A-Za-z0-9][A-Za-z0-9_-]*",
    shard=r"[A-Za-z0-9][A-Za-z0-9_-]*_\d\d\d+",


def flags(section):
    """Return a section of the configuration as the flags of its verb, ready for a shell."""
    words = []
    for field in fields(section):
        value, name = getattr(section, field.name), field.name.replace("_", "-")
        if isinstance(value, bool):
            words += [f"--{name}" if value else f"--no-{name}"]
        elif value == ():
            words += [f"--no-{name}"]
        elif value != "":
            words += [f"--{name}", *(value if isinstance(value, tuple) else (value,))]
    return " ".join(shlex.quote(str(word)) for word in words)


def subject_of(wildcards):
    """Return the subject of a shard."""
    return SHARDS[wildcards.shard][0].subject


def of_subject(pattern):
    """Return an input function: `pattern` filled with the subject of the job's shard."""
    return lambda wildcards: pattern.format(subject=subject_of(wildcards))


def shards_of(pattern):
    """Return an input function: `pattern` filled with each shard of the job's subject."""
    return lambda wildcards: [pattern.format(shard=shard) for shard in SHARDS_BY_SUBJECT[wildcards.subject]]


def rows_of_shape(wildcards):
    """Return the rows of a subject's first shard, which tell its shape; rows added later do not change it."""
    return SHARDS[SHARDS_BY_SUBJECT[wildcards.subject][0]]


def fingerprint(rows, files=True):
    """Return a digest of table rows and, unless told otherwise, of their files' sizes and dates.

    As a param it makes Snakemake rerun what these clips touch and nothing else, while a clip's missing or broken file
    stays a matter of its stage, which rejects that clip and goes on.
    """
    digest = hashlib.sha256()
    for row in rows:
        digest.update(repr(row).encode())
        for file in (row.path, row.model, row.static, row.labels, row.grf) if files else ():
            if file is not None and file.exists():
                status = file.stat()
                digest.update(f"{status.st_size} {status.st_mtime_ns}".encode())
    return digest.hexdigest()[:16]
