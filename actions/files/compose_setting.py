"""Switching one environment variable of one service in a compose file; what is not about it stays letter by letter.

The file is read for where things are, never written anew from what was read: comments and order survive.
"""

import json
import re

import yaml

from actions.errors import ConfigurationError

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*(?:=[A-Za-z0-9_./-]*)?")
_NOT_TEXT = re.compile(r"[\d.eE_+-]+|0x[0-9a-fA-F]+|(?i:true|false|yes|no|on|off|null|y|n|~)|\d+(:\d+)+")


def switch(text: str, service: str, name: str, value: str) -> str:
    """ConfigurationError when the file is none that compose could read, or writes its parts in a way that we do not."""
    root = _mapping(_read(text), "the file") if text.strip() else None
    if root is None:
        return f"{text}services:\n  {service}:\n    environment:\n      {name}: {_scalar(value)}\n"
    services = _child(root, "services")
    if services is None:
        return _append(text, f"services:\n  {service}:\n    environment:\n      {name}: {_scalar(value)}\n")
    entry = _child(_mapping(services, "`services`"), service)
    if entry is None:
        block = (f"{service}:", "  environment:", f"    {name}: {_scalar(value)}")
        return _insert_first(text, _mapping(services, "`services`"), block)
    settings = _child(_mapping(entry, f"`{service}`"), "environment")
    if settings is None:
        own = ("environment:", f"  {name}: {_scalar(value)}")
        return _insert_first(text, _mapping(entry, f"`{service}`"), own)
    if isinstance(settings, yaml.SequenceNode):
        return _in_list(text, settings, name, value)
    return _in_mapping(text, _mapping(settings, "`environment`"), name, value)


def _in_mapping(text: str, node: yaml.MappingNode, name: str, value: str) -> str:
    found = [held for key, held in node.value if key.value == name]
    if found:
        return _replaced(text, found[-1], _scalar(value), is_value=True)
    return _insert_first(text, node, (f"{name}: {_scalar(value)}",))


def _in_list(text: str, node: yaml.SequenceNode, name: str, value: str) -> str:
    item = _scalar(f"{name}={value}")
    found = [each for each in node.value if str(each.value).partition("=")[0] == name]
    if found:
        return _replaced(text, found[-1], item, is_value=False)
    if node.flow_style:
        end = node.end_mark.index - 1
        return f"{text[:end]}{', ' if node.value else ''}{item}{text[end:]}"
    first = node.value[0].start_mark
    dash = text.rindex("-", 0, first.index)
    indent = " " * (dash - (text.rfind("\n", 0, dash) + 1))
    at = text.rfind("\n", 0, dash) + 1
    return f"{text[:at]}{indent}- {item}\n{text[at:]}"


def _replaced(text: str, node: yaml.Node, scalar: str, *, is_value: bool) -> str:
    start, end = node.start_mark.index, node.end_mark.index
    gap = " " if is_value and start == end and not text[:start].endswith(" ") else ""
    return f"{text[:start]}{gap}{scalar}{text[end:]}"


def _insert_first(text: str, node: yaml.MappingNode, block: tuple[str, ...]) -> str:
    if node.flow_style or not node.value:
        raise ConfigurationError(
            "This compose file writes in braces what would have to be changed",
            next_step="Write it as a block, one key a line.",
        )
    first = node.value[0][0].start_mark
    at = text.rfind("\n", 0, first.index) + 1
    newline = "\r\n" if "\r\n" in text else "\n"
    return text[:at] + "".join(f"{' ' * first.column}{line}{newline}" for line in block) + text[at:]


def _append(text: str, block: str) -> str:
    return f"{text}{'' if text.endswith(chr(10)) else chr(10)}{block}"


def _scalar(value: str) -> str:
    if _PLAIN.fullmatch(value) and not _NOT_TEXT.fullmatch(value):
        return value
    # Compose fills in `$NAME` itself; a doubled dollar is one.
    return json.dumps(value.replace("$", "$$"), ensure_ascii=False)


def _read(text: str) -> yaml.Node | None:
    try:
        found: yaml.Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        # Not "from": parsers quote what they read.
        raise ConfigurationError("The compose file is not YAML", next_step="Mend it, then try again.") from None
    return found


def _mapping(node: yaml.Node | None, what: str) -> yaml.MappingNode:
    if not isinstance(node, yaml.MappingNode):
        raise ConfigurationError(f"{what[:1].upper()}{what[1:]} in the compose file is no mapping")
    return node


def _child(node: yaml.MappingNode, key: str) -> yaml.Node | None:
    for name, value in node.value:
        if name.value == key and not (isinstance(value, yaml.ScalarNode) and value.value == ""):
            return value  # type: ignore[no-any-return]  # its types are loose
    return None
