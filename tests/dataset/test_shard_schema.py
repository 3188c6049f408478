from pathlib import Path

from kinesynth.dataset.schema import load_schema

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


def test_units_and_ranges_are_stated() -> None:
    schema = load_schema()
    for name, field in {**schema.clip, **schema.view}.items():
        if field.dtype == "float32":
            assert field.unit, name
            assert field.range is not None, name
