"""What a YAML parser's complaint means for the person who wrote the file.

The parser's own words are not passed on: some of them quote the file, and quoting may show a secret.
"""

import re

import yaml

from actions.catalog.problems import Place, Problem, problem_at

_MEANINGS = (
    ("maximum nesting depth", "This is nested too deeply."),
    ("mapping values are not allowed", "A `:` is not expected here. Put the text in quotes, or check the indentation."),
    (
        "could not find expected ':'",
        "This is neither `key: value` nor `- item`; is a `:` missing here or one line above?",
    ),
    ("did not find expected ',' or ']'", "A list that began with `[` is not closed."),
    ("did not find expected ',' or '}'", "A mapping that began with `{` is not closed."),
    ("did not find expected key", "The indentation does not fit the lines above."),
    ("did not find expected '-' indicator", "The indentation does not fit the list items above."),
    ("block sequence entries are not allowed", "A list item (`- `) cannot begin here; start it on a line of its own."),
    ("found unexpected end of stream", "A quote is opened and never closed."),
    ("while scanning a quoted scalar", "A quoted text is not closed."),
    ("unknown escape character", "A backslash in double quotes begins an escape; use single quotes."),
    ("cannot start any token", "A value cannot begin with this character; put it in quotes."),
    ("did not find expected node content", "A value is missing or is not finished here."),
    ("expected alphabetic or numeric", "A value beginning with `&` or `*` needs quotes."),
)


def explain(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    """One problem for the place where the parser gave up."""
    complaint = f"{error.context or ''} {error.problem or ''}"
    unclosed = "unexpected end of stream" in complaint and error.context_mark
    mark = error.context_mark if unclosed else error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = re.split(r"\r\n|\r|\n", text.rstrip("\r\n"))
    if line >= len(lines):
        line, column = len(lines) - 1, len(lines[-1])
    place = Place(file=file, line=line + 1, column=column + 1)

    for near in (line, line - 1):
        indentation = lines[near][: len(lines[near]) - len(lines[near].lstrip())] if near >= 0 else ""
        if "\t" in indentation:
            place = Place(file=file, line=near + 1, column=indentation.index("\t") + 1)
            return problem_at(place, "This line is indented with a tab; YAML wants spaces.")

    for words, meaning in _MEANINGS:
        if words in complaint:
            return problem_at(place, meaning)
    return problem_at(place, "This is not valid YAML; look at the indentation and quotes around here.")
