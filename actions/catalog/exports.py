"""How rows of tables become a tree of files, for systems that can live on files."""

import re
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from actions.catalog.entry import Also, Entry, InEditor, Named, expected, sentence
from actions.catalog.values import Comparable, Flag, Identifier, InsidePath, TableName
from actions.catalog.wording import shown_key

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def _file_template(text: str) -> str:
    plain = _PLACEHOLDER.sub("", text)
    if not _PLACEHOLDER.search(text) or "{" in plain or "}" in plain or "{}" in text:
        raise expected("a path with columns in braces, such as `{id}/definition.yml`")
    return text


FileTemplate = Annotated[
    InsidePath,
    AfterValidator(_file_template),
    InEditor({"type": "string", "pattern": r"\{[^{}]+\}", "examples": ["{id}/definition.yml"]}),
]


class ExportedField(Entry):
    """One value of a file. A column alone is short for `column`."""

    short_form: ClassVar[str | None] = "column"

    column: Identifier = Field(description="The column that it comes from.")
    parse: Literal["json"] | None = Field(
        default=None, description="`json`: the column holds JSON as text; write it as a tree."
    )
    default: Any = Field(default=None, description="What is written where the column is empty.")


def _from_columns(written: Any) -> Any:
    if isinstance(written, list | tuple) and all(isinstance(column, str) for column in written):
        return {column: column for column in written}
    return written


ExportedFields = Annotated[
    dict[Identifier, ExportedField],
    BeforeValidator(_from_columns),
    Also(type="array", items={"type": "string"}, description="Short for columns that keep their names."),
]


class _Rows(Entry):
    """Rows of a table and what is written of each."""

    table: TableName = Field(description="The table: `requirements`, or `app.requirements` with its schema.")
    where: dict[Identifier, Comparable] = Field(
        default_factory=dict, description="Only rows in which these columns have these values."
    )
    fields_: ExportedFields = Field(
        default_factory=dict,
        alias="fields",
        description="What is written, in this order: name in the file to column. Left out: every column by its name.",
    )


class RelatedRows(_Rows):
    """Rows of another table that belong to each row."""

    match: dict[Identifier, Identifier] = Field(
        min_length=1, description="How they belong: column of this table to column of the row."
    )
    order_by: tuple[Identifier, ...] = Field(default=(), description="Their order. Left out: by the primary key.")
    single: Flag = Field(default=False, description="`true`: at most one, written as a mapping; `false`: a list.")


class Export(_Rows, Named):
    """One file for each row of a table; files of an earlier export are replaced."""

    folder: InsidePath = Field(description="The folder under which the files go, inside the service's folder.")
    file: FileTemplate = Field(description="The file of a row, with columns in braces: `{id}/definition.yml`.")
    format: Literal["yaml", "json"] = Field(default="yaml", description="How files are written.")
    root: Identifier | None = Field(
        default=None, description="A key under which everything in the file stands. Left out: at the top."
    )
    related: dict[Identifier, RelatedRows] = Field(
        default_factory=dict, description="Key in the file to the rows of other tables that belong there."
    )

    @model_validator(mode="after")
    def _related_keys_are_new(self) -> Self:
        for key in self.related:
            if key in self.fields_:
                raise sentence(f"{shown_key(key)} is both a field and a list of related rows; give one another name.")
        return self
