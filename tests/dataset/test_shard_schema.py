import re
from dataclasses import fields
from pathlib import Path

from kinesynth.dataset.schema import load_schema
from kinesynth.skeleton.definition import SkeletonDefinition

DOCUMENT = Path(__file__).parents[2] / "docs" / "dataset.md"


def test_the_document_describes_every_field_as_the_schema_does() -> None:
    text = DOCUMENT.read_text()
    schema = load_schema()
    for name, field in {**schema.clip, **schema.view}.items():
        shape = f"({', '.join(map(str, field.shape))})"
        assert f"\n| `{name}` | {shape} | {field.dtype} | {field.unit} |" in text, name
        assert field.description in text, name
    for attributes in (schema.file_attributes, schema.clip_attributes, schema.view_attributes):
        for name, attribute in attributes.items():
            assert f"| `{name}` | {attribute.type} | {attribute.description} |" in text
    for name, measure in schema.clip_quality.items():
        assert f"| `{name}` | {measure.type} | {measure.unit} | {measure.description} |" in text


def test_the_document_describes_nothing_else() -> None:
    """Every row of its tables that names a field or an attribute stands in the schema, in the same order."""
    schema = load_schema()
    rows = re.findall(r"^\| `([\w/]+)` \|", DOCUMENT.read_text(), re.MULTILINE)
    file, clip, view = schema.file_attributes, schema.clip_attributes, schema.view_attributes
    names = [*file, *clip, *schema.clip, *schema.clip_quality, *view, *schema.view]
    assert [name for name in rows if name in names] == [name for name in names if name in rows]
    assert {*names} - {*rows} <= {"schema"}
    assert {*rows} - {*names} <= {field.name for field in fields(SkeletonDefinition)}


def test_units_and_ranges_are_stated() -> None:
    schema = load_schema()
    for name, field in {**schema.clip, **schema.view}.items():
        if field.dtype == "float32":
            assert field.unit, name
            assert field.range is not None, name
