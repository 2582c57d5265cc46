"""A change in one short sentence, for people."""

from typing import assert_never

from actions.assess.schema.changes import AttributeChange, Change, Changed, Gone, New, Renamed, Reordered
from actions.assess.schema.naming import SchemaObject
from actions.assess.schema.values import Column, Constraint, Enum
from actions.assess.schema.wording import display, noun, short_type, title

_LONGEST = 60

#: Too long to quote; that they changed is what there is to say.
_TEXTS = frozenset({"definition", "body", "shape"})

_LABELS = frozenset({"labels", "label_names"})

_WORDS = {
    "enabled": "state",
    "generated": "generation",
    "identity_kind": "identity",
    "not_null_form": "form of NOT NULL",
    "owned_by": "owner column",
    "privileges": "rights",
    "shape": "columns",
    "using": "condition",
}
#: How a thing is when the attribute is true.
_STATES = {
    "cycles": "cycling",
    "row_security": "under row security",
    "row_security_forced": "under row security for its owner",
    "security_definer": "run with its owner's rights",
}


def describe(change: Change) -> str:
    """What changed, in one line without a full stop."""
    match change:
        case Gone(before=thing):
            return f"{noun(thing)} `{title(thing)}` is gone"
        case New(after=thing):
            return f"{noun(thing)} `{title(thing)}` is new{_particulars(thing)}"
        case Renamed(before=before, after=after):
            return f"{noun(before)} `{title(before)}` is renamed to `{title(after)}`"
        case Changed(before=thing, attributes=attributes):
            return f"{noun(thing)} `{title(thing)}` {_list([_phrase(thing, a) for a in attributes])}"
        case Reordered(identity=identity):
            return f"table `{display(identity)}` has its columns in another order"
        case _:
            assert_never(change)


def _particulars(thing: SchemaObject) -> str:
    match thing:
        case Column():
            return f" ({short_type(thing.type)}{'' if thing.nullable else ', not null'})"
        case Enum(labels=labels):
            return f" ({_cut(', '.join(labels))})"
        case Constraint(definition=definition):
            return f" ({_cut(definition)})"
    return ""


def _phrase(thing: SchemaObject, change: AttributeChange) -> str:
    match thing, change:
        case Column(), AttributeChange(name="type", before=str(before), after=str(after)):
            same_name = before == after
            return f"changes from {short_type(before)} to {'another ' if same_name else ''}{short_type(after)}"
        case _, AttributeChange(name="nullable", after=after):
            return "accepts NULL" if after else "no longer accepts NULL"
        case Enum(), AttributeChange(name=name, before=tuple(before), after=tuple(after)) if name in _LABELS:
            return _labels_renamed(before, after) if name == "label_names" else _labels(before, after)
        case _, AttributeChange(before=tuple(before), after=tuple(after), name=name) if name not in _TEXTS:
            return _members(_word(name), before, after)
        case _:
            return _plain_phrase(thing, change)


def _plain_phrase(thing: SchemaObject, change: AttributeChange) -> str:
    word = _word(change.name)
    if change.name in _TEXTS and not isinstance(thing, Constraint):
        return f"changes its {word}"
    if isinstance(change.after, bool):
        return f"is {'now' if change.after else 'no longer'} {_STATES.get(change.name, word)}"
    if change.before is None:
        return f"gets the {word} {_shown(change.after)}"
    if change.after is None:
        return f"loses its {word} {_shown(change.before)}"
    return f"changes its {word} from {_shown(change.before)} to {_shown(change.after)}"


def _word(name: str) -> str:
    return _WORDS.get(name, name.replace("_", " "))


def _labels(before: tuple[object, ...], after: tuple[object, ...]) -> str:
    gone = [label for label in before if label not in after]
    new = [label for label in after if label not in before]
    phrases = [f"loses the label{'s' * (len(gone) > 1)} {_list([_shown(g) for g in gone])}"] if gone else []
    phrases += [f"gains the label{'s' * (len(new) > 1)} {_list([_shown(n) for n in new])}"] if new else []
    return _list(phrases) or "has its labels in another order"


def _labels_renamed(before: tuple[object, ...], after: tuple[object, ...]) -> str:
    pairs = [f"{_shown(old)} to {_shown(new)}" for old, new in zip(before, after, strict=True)]
    return f"renames its label{'s' * (len(pairs) > 1)} {_list(pairs)}"


def _members(word: str, before: tuple[object, ...], after: tuple[object, ...]) -> str:
    gone = [_shown(one) for one in before if one not in after]
    new = [_shown(one) for one in after if one not in before]
    phrases = [f"loses {_list(gone)}"] if gone else []
    phrases += [f"gains {_list(new)}"] if new else []
    return f"{_list(phrases)} in its {word}" if phrases else f"changes the order of its {word}"


def _shown(value: object) -> str:
    return f"`{_cut(value)}`" if isinstance(value, str) else _cut(str(value))


def _cut(text: str) -> str:
    flat = " ".join(text.split())
    flat = "".join(letter if letter.isprintable() else "?" for letter in flat)
    return flat if len(flat) <= _LONGEST else flat[: _LONGEST - 1] + "…"


def _list(phrases: list[str]) -> str:
    return " and ".join([", ".join(phrases[:-1]), phrases[-1]] if len(phrases) > 1 else phrases)
