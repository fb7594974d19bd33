"""Exercises that check themselves: ``checking`` is the frame, and beside it stands one file a chapter.

A chapter takes its exercises by name and shows the verdict::

    from attnkit.exercises import scoring

    scoring.cosine.check(my_cosine_scores)
"""

from attnkit.exercises.checking import Exercise, Verdict

__all__ = ["Exercise", "Verdict"]
