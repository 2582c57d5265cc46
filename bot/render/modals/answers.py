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


def block_of(values: object, field: Field) -> str:
    """Named after the field, or after the field and what its options depend on: where an error about it is said."""
    names = values if isinstance(values, Mapping) else ()
    return next(
        (name for name in names if isinstance(name, str) and name.partition(":")[0] == field.value), field.value
    )


def _element(values: object, field: Field) -> Mapping[str, object]:
    block = values.get(block_of(values, field)) if isinstance(values, Mapping) else None
    element = block.get(field.value) if isinstance(block, Mapping) else None
    return element if isinstance(element, Mapping) else {}
