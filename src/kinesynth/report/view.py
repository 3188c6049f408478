"""`kinesynth view`: one clip with its labels over the pixels, as a video, a page, or a recording for Rerun."""

from pathlib import Path

from kinesynth.atomic import atomic_path, write_text
from kinesynth.errors import BadInput
from kinesynth.file_names import takes_file_names
from kinesynth.report.clip_section import open_clip, section_of
from kinesynth.report.rerun_clip import write_rerun
from kinesynth.report.templates import page
from kinesynth.report.video import clip_video


@takes_file_names
def view(shard: Path, clip: str, *, output: Path | None = None) -> None:
    """Show a clip: all views with skeleton, muscles and forces over the pixels, activations and forces beside them.

    Args:
        shard: the HDF5 file.
        clip: the clip's name.
        output: a .mp4 or a .html file, or a .rrd for Rerun's viewer, with cameras in space and all curves on one time
            line; default: <clip>.html here.

    Raises:
        BadInput: the file is no shard, has no such clip, or the output is of another kind.
        MissingDependency: rerun-sdk is not installed, and a .rrd is asked for.
    """
    target = output or Path(f"{clip}.html")
    if target.suffix == ".mp4":
        record, skeleton, person = open_clip(shard, clip)
        with atomic_path(target) as temporary:
            temporary.write_bytes(clip_video(record, skeleton, float(person["mass_kg"])))
    elif target.suffix == ".html":
        write_text(target, page("view.html", clip=section_of(shard, clip, with_video=True)))
    elif target.suffix == ".rrd":
        record, skeleton, person = open_clip(shard, clip)
        write_rerun(target, clip, record, skeleton, person)
    else:
        raise BadInput(target, "suffix", repr(target.suffix), ".mp4, .html or .rrd", "name the output so")
