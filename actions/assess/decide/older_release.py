"""Can the older release work with the newer schema? As far as the difference between the schemas tells.

Additions go unnoticed. What is required, gone, renamed or of another type breaks it. The rest depends on what the
older release does with it, which nobody sees from here: that is said, not guessed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from actions.assess.decide.facts import Difference, DifferenceKind, OlderRelease
from actions.assess.decide.wording import listed, quoted


class Fit(Enum):
    YES = "yes"
    PERHAPS = "perhaps"
    NO = "no"


@dataclass(frozen=True, kw_only=True, slots=True)
class Compatibility:
    """What the older release would meet on the newer schema."""

    fit: Fit
    #: Phrases without a full stop: the worst that were found; what speaks against it, or what is not known.
    because: tuple[str, ...]


_Kind = DifferenceKind

#: What each difference means for the older release, and how it is said before the objects' names.
MEANING: Mapping[DifferenceKind, tuple[Fit, str]] = {
    _Kind.ADDED_TABLE: (Fit.YES, "new tables, which it does not look at"),
    _Kind.ADDED_COLUMN: (Fit.YES, "new columns that may stay empty"),
    _Kind.ADDED_INDEX: (Fit.YES, "new indexes"),
    _Kind.ADDED_OTHER: (Fit.YES, "new things that nothing older uses"),
    _Kind.REMOVED_INDEX: (Fit.YES, "indexes that are gone, which only makes it slower"),
    _Kind.ADDED_REQUIRED_COLUMN: (Fit.NO, "required columns that it does not know, so that its inserts fail"),
    _Kind.REMOVED_TABLE: (Fit.NO, "tables that it expects and that are gone"),
    _Kind.REMOVED_COLUMN: (Fit.NO, "columns that it expects and that are gone"),
    _Kind.REMOVED_OTHER: (Fit.NO, "things that it can rely on and that are gone"),
    _Kind.RENAMED: (Fit.NO, "other names than it expects"),
    _Kind.CHANGED_TYPE: (Fit.NO, "other types than it expects"),
    _Kind.CHANGED_OTHER: (Fit.NO, "things that are not what it expects"),
    _Kind.ADDED_RULE: (Fit.PERHAPS, "rules that it does not know and can break"),
    _Kind.ADDED_LABEL: (Fit.PERHAPS, "labels that it does not know and can read"),
    _Kind.ADDED_TRIGGER: (Fit.PERHAPS, "triggers or row policies that act on what it writes and reads"),
    _Kind.REMOVED_RULE: (Fit.PERHAPS, "rules that it can rely on and that are gone"),
    _Kind.WIDENED_TYPE: (Fit.PERHAPS, "values that can be larger than it expects"),
    _Kind.CHANGED_DEFAULT: (Fit.PERHAPS, "other defaults than it expects"),
    _Kind.REWRITTEN_VALUES: (Fit.PERHAPS, "values that were rewritten since"),
    _Kind.UNSEEN: (Fit.PERHAPS, "changes that we could not see into"),
}


def compatibility(older: OlderRelease) -> Compatibility:
    """The worst of what the differences mean; having been tried counts more than any of them."""
    if older.works_on_newer_schema is not None:
        if older.works_on_newer_schema:
            return Compatibility(fit=Fit.YES, because=("it was started on a copy with the newer schema and worked",))
        return Compatibility(fit=Fit.NO, because=("it was started on a copy with the newer schema and did not work",))
    if older.differences is None:
        return Compatibility(fit=Fit.PERHAPS, because=("it is not known what differs between the two schemas",))
    worst = max((MEANING[d.kind][0] for d in older.differences), key=list(Fit).index, default=Fit.YES)
    return Compatibility(fit=worst, because=_phrases(older.differences, worst))


def _phrases(differences: tuple[Difference, ...], fit: Fit) -> tuple[str, ...]:
    objects: dict[DifferenceKind, set[str]] = {}
    for difference in differences:
        objects.setdefault(difference.kind, set()).add(difference.object)
    return tuple(
        f"{meaning} ({listed([quoted(name) for name in sorted(objects[kind])])})"
        for kind, (means, meaning) in MEANING.items()
        if means is fit and kind in objects
    )
