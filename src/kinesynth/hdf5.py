"""HDF5 files that a full disk cannot turn into a crash, and that cannot lead a reader out of themselves.

What a stranger's file says is data: a link to another file, an array whose bytes lie in another file, or one that
declares a thousand times what is stored, is refused before it is followed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py

_GROWTH = 1 << 20  # bytes by which the file in memory grows
MAX_BYTES = 16 << 30  # of one array; a minute of depth in full HD takes half of it
_MAX_COMPRESSED = 1100  # declared bytes per stored one; deflate packs 1032 to one at best
_SMALL = 1 << 16  # bytes, below which nobody counts


@contextmanager
def new_file(path: Path, libver: tuple[str, str] | None = None) -> Iterator[h5py.File]:
    """Yield an HDF5 file in memory, which is written to `path` once the block has ended well.

    Where a disk is full, HDF5 cannot close its own file, and ends the process by SIGSEGV later.

    Raises:
        OSError: the file cannot be written.
    """
    options = {"driver": "core", "backing_store": False, "block_size": _GROWTH}
    with h5py.File(path, "w", libver=libver, track_order=True, **options) as file:
        yield file
        file.flush()
        image = file.id.get_file_image()
    path.write_bytes(image)


@contextmanager
def whole_file(path: Path) -> Iterator[h5py.File]:
    """Yield a file to be read, all of which lies in it.

    Raises:
        OSError: it is missing or no HDF5 file, or `require_own` fails.
    """
    with h5py.File(path, "r") as file:
        require_own(file)
        yield file


def require_own(group: h5py.Group) -> None:
    """Require that all below a group lies in its file, and is stored in about the size that it declares.

    Raises:
        OSError: something is a link elsewhere, has its bytes elsewhere, is larger than it can be, or stands in two
            places, by which a small file would be read without end.
    """
    found: list[tuple[bytes, int]] = []
    group.id.links.visit(lambda name, link: found.append((name, link.type)), info=True)  # it must not raise in there
    for name, kind in found:
        _require_hard(name, kind)
        item = h5py.h5o.open(group.id, name)
        if (places := h5py.h5o.get_info(item).rc) > 1:
            raise OSError(f"{name.decode('utf-8', 'replace')} is a link: what it holds stands in {places} places")
        if isinstance(item, h5py.h5d.DatasetID):
            _require_stored(name.decode("utf-8", "replace"), item)


def own_members(group: h5py.h5g.GroupID) -> list[str]:
    """Return the names of a group's members, all of which are its file's own, in the order in which they were made.

    Raises:
        OSError: one is a link elsewhere.
    """
    tracked = group.get_create_plist().get_link_creation_order() & h5py.h5p.CRT_ORDER_TRACKED
    order = h5py.h5.INDEX_CRT_ORDER if tracked else h5py.h5.INDEX_NAME
    found: list[tuple[bytes, int]] = []
    group.links.iterate(lambda name, link: found.append((name, link.type)), idx_type=order, info=True)
    for name, kind in found:
        _require_hard(name, kind)
    return [name.decode() for name, _ in found]


def own_dataset(group: h5py.h5g.GroupID, name: str) -> h5py.h5d.DatasetID:
    """Return an array of a group that is the file's own.

    Raises:
        KeyError: there is none of that name.
        OSError: as `require_own`.
    """
    if not group.links.exists(name.encode()):
        raise KeyError(f"no {name} in {h5py.h5i.get_name(group).decode('utf-8', 'replace')}")
    _require_hard(name.encode(), group.links.get_info(name.encode()).type)
    array = h5py.h5d.open(group, name.encode())
    _require_stored(name, array)
    return array


def _require_hard(name: bytes, kind: int) -> None:
    if kind != h5py.h5l.TYPE_HARD:
        raise OSError(f"{name.decode('utf-8', 'replace')} is a link, expected content of the file's own")


def _require_stored(name: str, array: h5py.h5d.DatasetID) -> None:
    layout = array.get_create_plist()
    if layout.get_layout() == h5py.h5d.VIRTUAL or layout.get_external_count():
        raise OSError(f"{name} has its bytes in another file, expected content of the file's own")
    declared = array.get_type().get_size()
    for size in array.shape or ():
        declared *= size
    if declared > MAX_BYTES or declared > _SMALL + _MAX_COMPRESSED * array.get_storage_size():
        stored = array.get_storage_size()
        raise OSError(f"{name} declares {declared / 1e9:.3g} GB and stores {stored / 1e9:.3g}")
