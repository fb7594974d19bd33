"""The frame of every exercise: an answer goes in, a verdict in words comes out.

An :class:`Exercise` ships with answers that its judge must refuse, each with words that the refusal must contain,
and with answers that it must accept. The tests run them all, so a judge that is too kind or too strict is found.

A judge takes the reader's answer, which may be a function or numbers, and returns a complaint in words, or None.
The helpers below read and compare; what they cannot accept, they raise as an :class:`AnswerError`.
"""

from __future__ import annotations

import copy
import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

# A float32 answer is nearer than this to the truth, and the slips that we look for are further away.
TOLERANCE = 1e-4
# A judge may square and add what is smaller than this.
HUGE = 1e100
# A pencil rounds to two digits behind the point.
PENCIL = 0.005
HEADINGS = {"right": "Right.", "wrong": "Not yet.", "open": "Not answered yet."}


class AnswerError(ValueError):
    """What is wrong with an answer, in words for the reader."""


class UnansweredError(AnswerError):
    """There is no answer to judge."""


@dataclass(frozen=True, repr=False)
class Verdict:
    """What the check has to say; true where the answer is right. ``kind`` is a key of ``HEADINGS``."""

    kind: str
    words: str

    def __bool__(self) -> bool:
        return self.kind == "right"

    def __repr__(self) -> str:
        return f"{HEADINGS[self.kind]} {self.words}"

    def _repr_html_(self) -> str:
        # Words may quote the reader's own error message: they are escaped before backticks become <code>.
        words = re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(self.words))
        classes = f"attnkit-verdict attnkit-verdict-{self.kind}"
        return f'<p class="{classes}"><strong>{HEADINGS[self.kind]}</strong> {words}</p>'


@dataclass(frozen=True)
class Exercise:
    """A task with its judge, and the answers that hold the judge to its word.

    Parameters
    ----------
    name : str
        What the verdicts and the tests call it.
    question : str
        The task in one or two sentences; it is told again to whoever has not answered.
    judge : callable
        Takes an answer; returns a complaint in words, or None where the answer is right.
    praise : str
        What the reader hears after a right answer.
    wrong : tuple of (answer, words)
        Answers that must be refused with a complaint that contains these words.
    right : tuple of answers
        Answers that must be accepted.

    Examples
    --------
    >>> half = Exercise(
    ...     "half",
    ...     "What is half of 6?",
    ...     lambda answer: None if answer == 3 else "Twice it is not 6.",
    ...     "3 + 3 = 6.",
    ...     wrong=((12, "Twice"),),
    ...     right=(3, 3.0),
    ... )
    >>> half.check(12)
    Not yet. Twice it is not 6.
    >>> half.check(...)
    Not answered yet. There is no answer here so far. The task: What is half of 6?
    >>> bool(half.check(3))
    True
    """

    name: str
    question: str
    # A notebook cell that ends with an exercise should not give its answers away.
    judge: Callable[[Any], str | None] = field(repr=False)
    praise: str = field(repr=False)
    wrong: tuple[tuple[Any, str], ...] = field(repr=False)
    right: tuple[Any, ...] = field(repr=False)

    def check(self, answer: Any) -> Verdict:
        """Return the verdict on an answer; whatever the answer does, nothing is raised and no traceback shown."""
        if _missing(answer):
            return Verdict("open", f"There is no answer here so far. The task: {self.question}")
        try:
            complaint = self.judge(answer)
        except UnansweredError as error:
            return Verdict("open", f"{error} The task: {self.question}")
        except AnswerError as error:
            complaint = str(error)
        return Verdict("right", self.praise) if complaint is None else Verdict("wrong", complaint)


class Case(NamedTuple):
    """Inputs, by name, on which an answer is tried; ``advice`` is for those who fail here and not before."""

    inputs: Mapping[str, Any]
    advice: str = ""


class Slip(NamedTuple):
    """A well-known wrong answer and the words for it. It is a pair (answer, words), as ``Exercise.wrong`` wants."""

    answer: Callable[..., Any]
    words: str


def agrees_with(
    formula: Callable[..., Any],
    cases: tuple[Case, ...],
    axes: tuple[str, ...],
    *,
    slips: tuple[Slip, ...] = (),
    symptom: Callable[[np.ndarray, np.ndarray], str | None] = lambda _result, _wanted: None,
) -> Callable[[Any], str | None]:
    """Return a judge that tries a function on each case and compares it with the formula.

    Parameters
    ----------
    formula : callable
        The right answer; it takes the inputs of a case in their order.
    cases : tuple of Case
        The first one that fails gives the complaint, so they go from the usual to the special.
    axes : tuple of str
        The name of each axis of the result.
    slips : tuple of Slip
        Wrong answers to look for: whoever returns the same numbers gets their words.
    symptom : callable
        Takes the result and the wanted array, of the same shape; returns what strikes the eye, or None.

    Returns
    -------
    callable
        A judge for :class:`Exercise`.
    """

    def judge(answer: Any) -> str | None:
        # A slip explains an answer only if both agree on every case so far, the well answered ones included.
        explaining = slips
        for case in cases:
            result, wanted = call(answer, case), numbers(formula(*case.inputs.values()))
            explaining = tuple(slip for slip in explaining if _slipped(result, slip, case))
            if same(result, wanted):
                continue
            if explaining:
                return explaining[0].words
            words = (
                shape_complaint(result, dict(zip(axes, wanted.shape, strict=True)))
                or symptom(result, wanted)
                or _first_difference(result, wanted)
            )
            return f"{words} {case.advice}".strip()
        return None

    return judge


class Blank(NamedTuple):
    """A number that a pencil task asks for, by name; ``slips`` holds well-known wrong ones with the words for each."""

    name: str
    wanted: float
    slips: Mapping[float, str]


def fills(blanks: tuple[Blank, ...]) -> Callable[[Any], str | None]:
    """Return a judge that wants one number for each blank, in this order; the first wrong one gives the complaint.

    Examples
    --------
    >>> blanks = Blank("sum", 5, {6: "That is the product."}), Blank("product", 6, {})
    >>> fills(blanks)((6, 5))
    'The sum is not 6. That is the product.'
    >>> fills(blanks)((5, 5.5))
    'The product is not 5.5.'
    """
    axes = {", ".join(blank.name for blank in blanks): len(blanks)}

    def judge(answer: Any) -> str | None:
        for number, blank in zip(numbers(answer, axes), blanks, strict=True):
            if abs(number - blank.wanted) > PENCIL:
                words = (words for slip, words in blank.slips.items() if abs(number - slip) <= PENCIL)
                return f"The {blank.name} is not {number:.6g}. {next(words, '')}".strip()
        return None

    return judge


def misfilled(blanks: tuple[Blank, ...]) -> tuple[tuple[list[float], str], ...]:
    """Return for each slip the right numbers with this one among them, and its words, as ``Exercise.wrong`` wants."""
    right = [blank.wanted for blank in blanks]
    return tuple(
        ([*right[:place], slip, *right[place + 1 :]], words)
        for place, blank in enumerate(blanks)
        for slip, words in blank.slips.items()
    )


def call(answer: Any, case: Case) -> np.ndarray:
    """Return what the reader's function makes of copies of the inputs, as an array; refuse what goes wrong in it."""
    if not callable(answer):
        raise AnswerError("Pass the function itself, `check(my_function)`, and not what it returns.")
    given = copy.deepcopy(dict(case.inputs))
    try:
        with np.errstate(all="ignore"):  # an overflow is told in words below, not as a warning
            result = answer(*given.values())
    except NotImplementedError:
        raise UnansweredError("Your function is still to be written.") from None
    except Exception as error:  # noqa: BLE001 - a reader's function may raise anything
        raise AnswerError(_retold(error, case)) from None
    for name, value in case.inputs.items():
        if not np.array_equal(given[name], value):
            raise AnswerError(
                f"Your function changes `{name}` in place, so whoever called it loses the numbers. "
                f"Make a new array, for example from `{name}.copy()`."
            )
    if _missing(result):
        raise UnansweredError("Your function returns None: it is still to be written, or a `return` is missing.")
    return numbers(result)


def numbers(answer: Any, axes: Mapping[str, int] | None = None) -> np.ndarray:
    """Return an answer as a float64 array, whichever library made it; where axes are named, it must have them.

    Examples
    --------
    >>> numbers(([1, 2], np.ones(2)))
    array([[1., 2.],
           [1., 1.]])
    >>> numbers([1, 2], {"n_keys": 3})
    Traceback (most recent call last):
    attnkit.exercises.checking.AnswerError: The shape should be (n_keys=3); yours is (2,).
    """
    if callable(answer):
        raise AnswerError("Numbers are wanted here, and this is a function. Call it, and pass what it returns.")
    try:
        array = np.asarray(_plain(answer), dtype=float)
    except (TypeError, ValueError, RuntimeError):
        raise AnswerError(
            f"This {type(answer).__name__} cannot be read as numbers. "
            "A NumPy array, a torch tensor or nested lists with equally long rows can."
        ) from None
    if axes is not None:
        if not axes and array.size == 1:
            array = array.reshape(())
        if complaint := shape_complaint(array, axes):
            raise AnswerError(complaint)
        if not (np.abs(array) < HUGE).all():
            raise AnswerError("Finite numbers are wanted; yours hold NaN, ∞ or something astronomic.")
    return array


def same(result: np.ndarray, wanted: np.ndarray) -> bool:
    """Return whether two arrays have the same shape and, within ``TOLERANCE``, the same numbers."""
    return result.shape == wanted.shape and np.allclose(result, wanted, rtol=TOLERANCE, atol=TOLERANCE)


def shape_complaint(result: np.ndarray, axes: Mapping[str, int]) -> str | None:
    """Return what is wrong with a shape, in words, or None; ``axes`` names each axis with its length."""
    shape = tuple(axes.values())
    if result.shape == shape:
        return None
    wanted = f"({', '.join(f'{name}={length}' for name, length in axes.items())})" if axes else "() (one number)"
    complaint = f"The shape should be {wanted}; yours is {result.shape}."
    if len(shape) > 1 and result.shape == shape[::-1]:
        return f"{complaint} It looks transposed: the rows belong to {next(iter(axes))}."
    return complaint


def _slipped(result: np.ndarray, slip: Slip, case: Case) -> bool:
    try:
        return same(result, call(slip.answer, case))
    except AnswerError:  # what cannot even run here is not what the reader did
        return False


def _first_difference(result: np.ndarray, wanted: np.ndarray) -> str:
    different = np.argwhere(~np.isclose(result, wanted, rtol=TOLERANCE, atol=TOLERANCE))
    place = tuple(int(i) for i in different[0])
    return (
        f"The shape is right; {len(different)} of {wanted.size} numbers are not. "
        f"The first is at {list(place)}: yours is {result[place]:.4g}, and it should be {wanted[place]:.4g}."
    )


def _retold(error: Exception, case: Case) -> str:
    message = next(iter(str(error).splitlines()), "no message")
    inputs = ", ".join(
        f"`{name}` of shape {value.shape}" if isinstance(value, np.ndarray) else f"`{name}` = {value}"
        for name, value in case.inputs.items()
    )
    words = f"Your function raises {type(error).__name__}: {message.rstrip('.')}. It was called with {inputs}."
    if "Tensor" in message:
        words += " The inputs are NumPy arrays: `torch.as_tensor(x)` makes a tensor of one."
    return f"{words} {case.advice}".strip()


def _missing(answer: Any) -> bool:
    if isinstance(answer, (list, tuple)):
        return any(_missing(item) for item in answer)
    return answer is None or answer is Ellipsis


def _plain(answer: Any) -> Any:
    # Every array library has tolist(), torch also for tensors that need gradients: no library is imported here.
    if isinstance(answer, (list, tuple)):
        return [_plain(item) for item in answer]
    return answer.tolist() if hasattr(answer, "tolist") else answer
