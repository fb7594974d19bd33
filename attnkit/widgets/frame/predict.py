"""A question to answer before anything is shown; every answer, right or wrong, gets its reason."""

from __future__ import annotations

import html
from typing import Any

import traitlets

from attnkit.widgets.frame.widget import Table, Widget


class Predict(Widget):
    """A question with answers to choose from; the reader commits to one before the reveal.

    Parameters
    ----------
    question : str
        The question.
    answers : sequence of (text, reason, right)
        At least two answers, exactly one of them right; ``reason`` says why it is right or what it overlooks.
    chosen : int or None
        The answer that the reader has committed to; None before that.

    Attributes
    ----------
    right : bool or None
        Whether the reader was right; None before the answer.

    Examples
    --------
    >>> Predict(
    ...     question="2 · 3 = ?", answers=[("6", "Two threes.", True), ("5", "That is the sum.", False)], chosen=1
    ... ).right
    False
    """

    module = "frame/predict"

    question = traitlets.Unicode("").tag(sync=True)
    answers = traitlets.List().tag(sync=True)
    chosen = traitlets.Int(None, allow_none=True).tag(sync=True)

    def __init__(self, *, question: str, answers: Any, chosen: int | None = None) -> None:
        super().__init__(question=question, answers=answers, chosen=chosen)

    @property
    def right(self) -> bool | None:
        """Whether the committed answer is the right one; None before the reader has committed."""
        return None if self.chosen is None else self.answers[self.chosen][2]

    def label(self) -> str:
        """Return the question."""
        return self.question

    def table(self) -> Table:
        """Return each answer with its verdict and its reason."""
        rows = [[text, "right" if right else "wrong", reason] for text, reason, right in self.answers]
        return Table(self.question, ["answer", "verdict", "reason"], rows)

    def picture(self) -> None:
        """Return None: a question is text."""

    def _static_body(self) -> str:
        return "".join(
            f"<details><summary>{html.escape(text)}</summary>"
            f"<p>{verdict.capitalize()}. {html.escape(reason)}</p></details>"
            for text, verdict, reason in self.table().rows
        )

    @traitlets.validate("question")
    def _check_question(self, proposal: Any) -> str:
        if not proposal["value"].strip():
            raise traitlets.TraitError("question must be a sentence; got an empty string")
        return proposal["value"]

    @traitlets.validate("answers")
    def _check_answers(self, proposal: Any) -> list[list[Any]]:
        wanted = "answers must be two or more (text, reason, right), exactly one of them right"
        answers = [list(answer) for answer in proposal["value"]]
        for answer in answers:
            if [type(part) for part in answer] != [str, str, bool]:
                raise traitlets.TraitError(f"{wanted}; got {answer!r}")
        if len(answers) < 2 or sum(right for _, _, right in answers) != 1:
            raise traitlets.TraitError(f"{wanted}; got {len(answers)}, {sum(a[2] for a in answers)} of them right")
        return answers

    @traitlets.validate("chosen")
    def _check_chosen(self, proposal: Any) -> int | None:
        chosen = proposal["value"]
        if chosen is not None and not 0 <= chosen < len(self.answers):
            raise traitlets.TraitError(f"chosen must be None or from 0 to {len(self.answers) - 1}; got {chosen}")
        return chosen
