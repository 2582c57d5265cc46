"""The catalog's JSON Schema, with which editors complete and check it while one types.

`python -m actions.catalog.schema` prints it; `docs/catalog.schema.json` is that output.
"""

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import to_jsonable_python

from actions.catalog.catalog import CatalogFile
from actions.catalog.durations import spell_duration

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


class _Schema(GenerateJsonSchema):
    """Defaults in the spelling of the catalog; a default that is a whole mapping says nothing and is left out."""

    def encode_default(self, dft: Any) -> Any:
        match dft:
            case timedelta():
                return spell_duration(dft)
            case Path():
                return str(dft)
            case _:
                return to_jsonable_python(dft)

    def default_schema(self, schema: Any) -> JsonSchemaValue:
        if isinstance(schema.get("default"), BaseModel) or schema.get("default", ...) is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)


def json_schema() -> dict[str, Any]:
    """The schema of one catalog file."""
    schema = CatalogFile.model_json_schema(schema_generator=_Schema)
    # YAML anchors need a place to live; compose files use the same prefix for it.
    schema["patternProperties"] = {"^x-": {}}
    _without_titles(schema)
    return {"$schema": DIALECT, "title": "Backout catalog", **schema}


def _without_titles(node: object) -> None:
    """Titles made from Python names would hide the descriptions in an editor's pop-up."""
    match node:
        case dict():
            if isinstance(node.get("title"), str):
                del node["title"]
            for inner in node.values():
                _without_titles(inner)
        case list():
            for inner in node:
                _without_titles(inner)
        case _:
            pass


def text() -> str:
    """The published form."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
