"""What people put into a dialog, out of `view.state.values`. Never raises: what is not there is None."""

from collections.abc import Mapping

from bot.render.buttons import Field


def written(values: object, field: Field) -> str | None:
    """What was written or chosen; None when nothing was."""
    element = _element(values, field)
    chosen = element.get("selected_option")
    found = chosen.get("value") if isinstance(chosen, Mapping) else element.get("value")
    return (found.strip() or None) if isinstance(found, str) else None


def ticked(values: object, field: Field) -> bool:
    """Whether any of its boxes is ticked."""
    chosen = _element(values, field).get("selected_options")
    return isinstance(chosen, list) and bool(chosen)


def _element(values: object, field: Field) -> Mapping[str, object]:
    """Its block is named after the field, or after the field and what its options depend on."""
    for name, block in values.items() if isinstance(values, Mapping) else ():
        if isinstance(name, str) and name.partition(":")[0] == field.value and isinstance(block, Mapping):
            element = block.get(field.value)
            return element if isinstance(element, Mapping) else {}
    return {}
