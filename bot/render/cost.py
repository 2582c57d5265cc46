"""What it costs: the sentence that decides, the numbers per table and column, and the ways out side by side."""

from actions.assess.values import LedgerEntry, Strategy
from actions.catalog.risk import Risk
from bot.render.assessed import Assessed, Book, Phase, Trial
from bot.render.foreign import code, foreign, worded
from bot.render.limits import some
from bot.wording.assessed import lost_amount, lost_name, since_deploy
from bot.wording.measures import count, length

#: What a card holds; the rest is one press away.
MOST_LOSSES = 5
MOST_LOCKS = 3
MOST_PHASES = 11

RISK_SIGNS = {Risk.NONE: "🟢", Risk.LOW: "🟢", Risk.MEDIUM: "🟡", Risk.HIGH: "🔴", Risk.CRITICAL: "🔴"}


def risk_words(risk: Risk | None) -> str:
    if risk is None:
        return "⚪ Risk not known"
    return f"{RISK_SIGNS[risk]} No risk" if risk is Risk.NONE else f"{RISK_SIGNS[risk]} {risk.value.capitalize()} risk"


def consequence(found: Assessed) -> str:
    """One sentence without markup: what is gone afterwards."""
    if found.book is not None and not found.ledger:
        return _taken_back(found.book)
    if found.strategy == "app-only":
        return "Nothing in the database is touched"
    if found.strategy != "downgrade" and found.book is None:
        return f"Lost: {found.chosen.data_lost}" if found.chosen else "What would be lost is not known"
    if not found.ledger:
        chosen = found.chosen
        if chosen is not None and chosen.data_lost and not chosen.data_lost.startswith("nothing"):
            return f"Lost: {chosen.data_lost}"
        return "Nothing that was counted would be lost"
    return f"{total(found)} would be lost{_since_total(found)}"


def _taken_back(book: Book) -> str:
    part = book.scope or ("all of it" if book.target == "all" else book.target)
    risky = f"; {count(len(book.no_way_back), 'step')} of {book.steps} cannot be undone" if book.no_way_back else ""
    return f"By the runbook {book.title}, {part}{risky}"


def runbook(book: Book) -> str:
    """What it takes back, what stays, what it is meant for, and what people have to do."""
    time = f", {foreign(book.expected_time, 40)}" if book.expected_time else ""
    note = f" ({foreign(book.risk_note, 120)})" if book.risk_note else ""
    lines = [f"*Runbook {foreign(book.title, 80)}*: {count(book.steps, 'step')}{time}{note}"]
    lines += some(book.phases, MOST_PHASES, "more phases", said=_phase)
    if book.keeps:
        lines.append(f"Stays as it is: {foreign(', '.join(book.keeps), 200)}")
    if book.triggers:
        lines.append(f"Meant for: {'; '.join(some(book.triggers, 4, said=lambda each: foreign(each, 80)))}")
    if book.for_people:
        lines.append(
            f"☑️ People tick {count(len(book.for_people), 'thing')} during the run: {'; '.join(some(book.for_people, 4, said=lambda each: foreign(each, 80)))}"
        )
    if book.no_way_back:
        lines.append(f"⚠️ Cannot be undone: {'; '.join(some(book.no_way_back, 4, said=lambda each: foreign(each, 80)))}")
    return "\n".join(lines)


def _phase(each: Phase) -> str:
    return f"• *{foreign(each.title, 80)}*{': ' if each.about else ''}{worded(', '.join(each.about), 200)}"


def total(found: Assessed) -> str:
    """`1,204 values and about 3,000 rows`."""
    parts = []
    for whole_rows in (True, False):
        entries = [entry for entry in found.ledger if (entry.column is None) == whole_rows]
        if entries:
            exact = all(entry.exact for entry in entries)
            parts.append(
                lost_amount(sum(entry.rows for entry in entries), None if whole_rows else "column", exact=exact)
            )
    said = " and ".join(parts)
    return said[:1].upper() + said[1:]


def _since_total(found: Assessed) -> str:
    known = [entry.written_since_deploy for entry in found.ledger if entry.written_since_deploy is not None]
    if not known:
        return "; how many were written since the deploy is not known"
    least = "at least " if len(known) < len(found.ledger) else ""
    return f", {least}{sum(known):,} of them written since the deploy"


def losses(found: Assessed) -> str | None:
    """Per table and column; None where the way that was asked for has no such ledger."""
    if not found.ledger or (found.strategy != "downgrade" and found.book is None):
        return None
    lines = some(
        found.ledger, MOST_LOSSES, "more tables and columns: see the ledger", said=lambda entry: f"• {loss(entry)}"
    )
    return "\n".join(["*What would be lost*", *lines])


def loss(entry: LedgerEntry) -> str:
    estimate = "" if entry.exact else " (an estimate)"
    since = since_deploy(entry.written_since_deploy, None) or "how many since the deploy is not known"
    amount = lost_amount(entry.rows, entry.column, exact=entry.exact)
    return f"{code(lost_name(entry.table, entry.column), 90)}: *{amount}*{estimate}, {since}"


def trial(found: Assessed) -> str:
    """Whether the downgrade was tried, and how that went."""
    tried: Trial | None = found.trial
    if tried is None:
        return " ".join(["⚠️ *Not tried on a copy.*", *(worded(gap, 200) for gap in found.gaps[:2])])
    copy = "a copy with the data" if tried.with_data else "an empty copy of the schema"
    if not tried.succeeds:
        return f"❌ *Tried on {copy}: it fails.* {foreign(tried.error or '', 300)}"
    gaps = "".join(f"\n⚠️ {worded(gap, 200)}" for gap in found.gaps[:2])
    return f"✅ *Tried on {copy}: it works*, in {length(tried.seconds)}.{_locks(tried)}{gaps}"


def _locks(tried: Trial) -> str:
    if not tried.locks:
        return ""
    strong = [lock for lock in tried.locks if "Exclusive" in lock[1]] or list(tried.locks)
    return f" It locks {', '.join(some(strong, MOST_LOCKS, said=_lock))}."


def _lock(lock: tuple[str, str, float | None]) -> str:
    relation, _, seconds = lock
    return code(relation, 80) + (f" for {length(seconds)}" if seconds is not None else "")


def ways(found: Assessed) -> str | None:
    """The recommended one is marked, and the one that was asked for; each with its cost and the reason."""
    if not found.strategies:
        return None
    return "\n".join(["*Ways out*", *(_way(each, found.strategy) for each in found.strategies[:6])])


def _way(each: Strategy, asked: str | None) -> str:
    sign = "⭐" if each.recommended else "•" if each.possible else "🚫"
    marks = [
        *(["recommended"] if each.recommended else []),
        *(["this request"] if each.name == asked else []),
        *([] if each.possible else ["not possible"]),
    ]
    took = f"; takes about {length(each.estimated_seconds)}" if each.estimated_seconds is not None else ""
    marked = f" ({', '.join(marks)})" if marks else ""
    loses = f"loses {worded(each.data_lost, 160)}{took}. " if each.possible else ""
    return f"{sign} *{foreign(each.name, 40)}*{marked}: {loses}{worded(each.why, 360)}"
