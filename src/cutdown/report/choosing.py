"""What was chosen to meet a length: what is left out, what the plan was chosen from, and what is in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cutdown.plan import Candidate, EditPlan, Passage
from cutdown.report.phrases import joined, moment, percent, text
from cutdown.timeline import Chapter

_MOST_DOUBTS: Final = 20  # that are linked above the table; it has all of them
_PARTS: Final = ("coverage", "compression", "calm", "grounded", "score")


def doubts(plan: EditPlan) -> str:
    """Links to the decisions that a person should look at; empty where there are none."""
    unsure = plan.doubtful
    if not unsure:
        return ""
    listed = ", ".join(
        f'<a href="#{text(action.id)}"><code>{text(action.id)}</code></a> ({percent(action.confidence)} sure)'
        for action in unsure[:_MOST_DOUBTS]
    )
    more = f" and {len(unsure) - _MOST_DOUBTS} more" if len(unsure) > _MOST_DOUBTS else ""
    return f'<p class="pointer">Look at these first: {listed}{more}.</p>'


def left_out(plan: EditPlan, before: str) -> str:
    """Every passage that is left out for the length, and how much of the matter stays; empty where nothing is.

    Args:
        plan: what was decided; a passage that a person brought back is not listed.
        before: relative path of the recording.
    """
    passages = plan.left_out
    if plan.selection is None or not passages:
        return ""
    changed = len(passages) < len(plan.selection.left_out)
    told = (
        "Some of what the director left out was brought back since."
        if changed
        else f"{percent(plan.selection.coverage)} of the recording's terms are still heard, each counted as often as it "
        f"is said. Another choice of this length could be worth at most {plan.selection.gap:.1%} more."
    )
    rows = joined(_passage_row(passage, before) for passage in passages)
    return (
        f"<p>{told}</p><details><summary>{len(passages)} passage{'s' if len(passages) > 1 else ''}, worth {percent(sum(p.worth for p in passages))} of "
        'everything that is said</summary><table class="passages"><thead><tr><th scope="col">In the recording</th>'
        '<th scope="col" class="figure">Worth</th><th scope="col">What is said</th></tr></thead>'
        f"<tbody>\n{rows}\n</tbody></table></details>"
    )


def _passage_row(passage: Passage, before: str) -> str:
    return (
        f'<tr><td data-label="Recording">{moment(before, "before", passage.start, passage.end)}</td>'
        f'<td data-label="Worth" class="figure">{passage.worth:.1%}</td>'
        f'<td data-label="Said"><del>{text(passage.quote)}</del></td></tr>'
    )


def chosen_from(candidates: Sequence[Candidate]) -> str:
    """The candidates with their scores; empty where there was only one."""
    if not candidates:
        return ""
    rows = joined(
        f'<tr><th scope="row">{one.number}{" (chosen)" if one.chosen else ""}</th>'
        + "".join(
            f'<td data-label="{part}" class="figure">{_share(getattr(one, part))}</td>' for part in _PARTS
        )
        + "</tr>"
        for one in candidates
    )
    heads = "".join(f'<th scope="col" class="figure">{part.capitalize()}</th>' for part in _PARTS)
    return (
        '<table class="candidates"><thead><tr><th scope="col">Candidate</th>'
        f"{heads}</tr></thead><tbody>\n{rows}\n</tbody></table>"
    )


def _share(value: float | None) -> str:
    return "–" if value is None else percent(value)


def chapter_list(chapters: Sequence[Chapter], after: str) -> str:
    """The chapters of the result, each a link to its start; empty where there is only one.

    Args:
        chapters: in order.
        after: relative path of the result.
    """
    if len(chapters) < 2:
        return ""
    items = joined(
        f"<li>{moment(after, 'after', chapter.start, chapter.end)} {text(chapter.title)}</li>"
        for chapter in chapters
    )
    return f'<ol class="lines">\n{items}\n</ol>'
