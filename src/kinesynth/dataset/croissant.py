"""The dataset's description for machines: Croissant 1.1 (MLCommons), JSON-LD made from schema.json and the index.

The record set `clips` is index.parquet, which readers of Croissant load; `clip` and `view` describe the arrays of the
shards, field by field, as schema.json has them.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kinesynth.dataset.front_matter import TAGS, all_licenses
from kinesynth.dataset.schema import Field, load_schema
from kinesynth.licenses import licenses

VERSION = "http://mlcommons.org/croissant/1.1"
Json = dict[str, Any]
_INDEX, _SHARDS = "index", "shards"
_TYPES = {"f": "sc:Float", "i": "sc:Integer", "u": "sc:Integer", "b": "sc:Boolean"}
_ROW_TYPES = {str: "sc:Text", int: "sc:Integer", float: "sc:Float", bool: "sc:Boolean"}
# The terms that every Croissant file declares, as the specification has them.
_TERMS = ("arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "extract", "field", "fileProperty",
          "fileObject", "fileSet", "format", "includes", "isArray", "isLiveDataset", "jsonPath", "key", "md5",
          "parentField", "path", "recordSet", "references", "regex", "repeated", "replace", "samplingRate", "separator",
          "source", "subField", "transform")  # fmt: skip
_DESCRIPTION = (
    "Synthetic video from several views with OpenSim joint angles, body scales, joint centres, ground reaction forces, "
    "joint moments and muscle activations for every frame."
)
_CONTEXT: Json = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    "description": {"@container": "@language"},
    **{term: f"cr:{term}" for term in _TERMS},
}


def croissant(
    rows: Sequence[Mapping[str, Any]], person: Mapping[str, Any], sizes: Mapping[str, int], index: Path
) -> str:
    """Return the JSON-LD.

    Args:
        rows: the index, one row per delivered clip.
        person: the attributes of a shard.
        sizes: lengths of the axes J, B, M and A.
        index: index.parquet, beside which the text will lie.
    """
    schema = load_schema()
    sizes = {**sizes, "K": 2 * sizes["B"]}
    metadata = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": VERSION,
        "name": "kinesynth",
        "description": _DESCRIPTION,
        "license": [licenses()[each].url if each in licenses() else each for each in all_licenses([*map(dict, rows)])],
        "creator": {"@type": "sc:Organization", "name": "The Kinesynth developers"},
        "version": str(person["kinesynth_version"]),
        "datePublished": str(person["created"]),
        "citeAs": "Kinesynth, the works that its CITATIONS.md names, and the sources of the motions",
        "keywords": list(TAGS),
        "distribution": _files(index),
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "clips",
                "description": "one row per delivered clip",
                "key": {"@id": "clips/clip_id"},
                "field": [_column(name, value) for name, value in rows[0].items()],
            },
            _arrays("clip", "arrays of a clip, below /clips/<clip_id> of its shard", schema.clip, sizes),
            _arrays("view", "arrays of a camera, below /clips/<clip_id>/views/<camera>", schema.view, sizes),
        ],
    }
    return json.dumps(metadata, indent=1) + "\n"


def _files(index: Path) -> list[Json]:
    digest = hashlib.sha256(index.read_bytes()).hexdigest()
    return [
        {
            "@type": "cr:FileObject",
            "@id": _INDEX,
            "description": "one row per delivered clip",
            "contentUrl": index.name,
            "encodingFormat": "application/x-parquet",
            "sha256": digest,
        },
        {
            "@type": "cr:FileSet",
            "@id": _SHARDS,
            "description": "HDF5 files of up to some clips of one person each",
            "encodingFormat": "application/x-hdf5",
            "includes": "shards/*.h5",
        },
    ]


def _column(name: str, value: Any) -> Json:
    """Return a field of the index; measures of quality are described as the schema does."""
    measure = load_schema().clip_quality.get(name)
    return {
        "@type": "cr:Field",
        "@id": f"clips/{name}",
        "description": f"{measure.description}, {measure.unit}" if measure else name.replace("_", " "),
        "dataType": _ROW_TYPES[type(value)],
        "source": {"fileObject": {"@id": _INDEX}, "extract": {"column": name}},
    }


def _arrays(name: str, description: str, fields: Mapping[str, Field], sizes: Mapping[str, int]) -> Json:
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "description": description,
        "field": [_array(f"{name}/{path}", field, sizes) for path, field in fields.items()],
    }


def _array(name: str, field: Field, sizes: Mapping[str, int]) -> Json:
    """Return the field of an array: type, shape (-1 along an axis that varies), and what it is in which unit."""
    shape = [str(sizes.get(str(axis), -1) if isinstance(axis, str) else axis) for axis in field.shape]
    words = [
        field.description,
        f"unit {field.unit}" if field.unit else "",
        f"frame {field.frame}" if field.frame else "",
    ]
    kind = "b" if field.dtype == "bool" else field.dtype[0]
    return {
        "@type": "cr:Field",
        "@id": name,
        "description": "; ".join(filter(None, words)),
        "dataType": _TYPES[kind],
        "isArray": True,
        "arrayShape": ",".join(shape),
        "source": {"fileSet": {"@id": _SHARDS}, "extract": {"fileProperty": "content"}},
    }
