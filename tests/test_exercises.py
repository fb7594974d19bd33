"""Every exercise refuses its wrong answers with words that teach, accepts its right ones, and shows no traceback."""

import importlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from attnkit.exercises.checking import Blank, Case, Exercise, Slip, Verdict, agrees_with, fills, misfilled, numbers

ROOT = Path(__file__).parents[1]
# A chapter without exercises is caught in tests/house.py.
SLUGS = sorted(
    path.stem for path in (ROOT / "attnkit" / "exercises").glob("*.py") if path.stem not in {"__init__", "checking"}
)


def exercises_of(slug):
    module = importlib.import_module(f"attnkit.exercises.{slug}")
    return [thing for thing in vars(module).values() if isinstance(thing, Exercise)]


EXERCISES = [pytest.param(exercise, id=f"{slug}-{exercise.name}") for slug in SLUGS for exercise in exercises_of(slug)]


def faults(exercise):
    """Return where an exercise does not keep its word; none where it does."""
    found = [] if exercise.wrong and exercise.right else ["ships no wrong or no right answers"]
    for number, (answer, words) in enumerate(exercise.wrong):
        verdict = exercise.check(answer)
        if verdict.kind != "wrong" or words not in verdict.words:
            found.append(f"wrong answer {number} wants {words!r}; got {verdict!r}")
    for number, answer in enumerate(exercise.right):
        verdict = exercise.check(answer)
        if not verdict or verdict.words != exercise.praise:
            found.append(f"right answer {number} got {verdict!r}")
    return found


@pytest.mark.parametrize("exercise", EXERCISES)
def test_each_wrong_answer_is_refused_with_its_words_and_each_right_one_accepted(exercise):
    assert faults(exercise) == []


@pytest.mark.parametrize("convert", [np.array, torch.tensor, lambda x: np.asarray(x).tolist()])
@pytest.mark.parametrize("exercise", [param for param in EXERCISES if not callable(param.values[0].right[0])])
def test_numbers_are_accepted_from_any_library(exercise, convert):
    for answer in exercise.right:
        assert exercise.check(convert(answer))


@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.parametrize("answer", [None, ..., (None, None), [1.0, ...]])
def test_an_open_answer_is_told_the_task_again(exercise, answer):
    verdict = exercise.check(answer)
    assert not verdict
    assert verdict.kind == "open"
    assert verdict.words.endswith(f"The task: {exercise.question}")


@pytest.mark.parametrize("slug", SLUGS)
def test_each_chapter_has_three_exercises_or_more_with_names_of_their_own(slug):
    names = [exercise.name for exercise in exercises_of(slug)]
    assert len(names) >= 3
    assert len(names) == len(set(names))


def test_an_exercise_which_breaks_its_word_is_caught():
    def ship(judge):
        return Exercise("guard", "1 + 1?", judge, "2.", wrong=((3, "too many"),), right=(2,))

    assert faults(ship(lambda answer: None if answer == 2 else "That is too many.")) == []
    assert faults(ship(lambda _: None)) == ["wrong answer 0 wants 'too many'; got Right. 2."]
    assert len(faults(ship(lambda _: "That is too many."))) == 1
    assert len(faults(ship(lambda answer: None if answer == 2 else "No."))) == 1
    assert faults(Exercise("empty", "", lambda _: None, "", wrong=(), right=(1,))) != []


# --- the frame, on a task of its own: the doubled matrix -------------------------------------------------------------

MATRIX = np.arange(6.0).reshape(2, 3)
TWICE = Exercise(
    "twice",
    "Double the matrix.",
    agrees_with(
        lambda matrix: 2 * matrix,
        (Case({"matrix": MATRIX}), Case({"matrix": -MATRIX}, "These numbers are negative.")),
        ("n_rows", "n_columns"),
        slips=(Slip(lambda matrix: matrix, "Nothing is doubled."), Slip(lambda _: 1 / 0, "Slips may raise.")),
    ),
    "Twice as much.",
    wrong=(),
    right=(),
)


def raises(error):
    def answer(_matrix):
        raise error

    return answer


def in_place(matrix):
    matrix *= 2
    return matrix


def one_number_off(matrix):
    doubled = 2 * matrix
    doubled[1, 2] += 1
    return doubled


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (lambda matrix: matrix + matrix, "Right. Twice as much."),
        (lambda matrix: [list(row) for row in 2 * matrix], "Right. Twice as much."),
        (lambda matrix: tuple(torch.tensor(2 * matrix, requires_grad=True)), "Right. Twice as much."),
        (lambda matrix: torch.tensor(2 * matrix, dtype=torch.bfloat16), "Right. Twice as much."),
        (lambda matrix: matrix.copy(), "Not yet. Nothing is doubled."),
        (
            lambda matrix: 2 * np.abs(matrix),
            (
                "Not yet. The shape is right; 5 of 6 numbers are not. "
                "The first is at [0, 1]: yours is 2, and it should be -2. These numbers are negative."
            ),
        ),
        (
            one_number_off,
            (
                "Not yet. The shape is right; 1 of 6 numbers are not. "
                "The first is at [1, 2]: yours is 11, and it should be 10."
            ),
        ),
        (
            lambda matrix: matrix * np.nan,
            (
                "Not yet. The shape is right; 6 of 6 numbers are not. "
                "The first is at [0, 0]: yours is nan, and it should be 0."
            ),
        ),
        (
            lambda matrix: 2 * matrix.T,
            (
                "Not yet. The shape should be (n_rows=2, n_columns=3); yours is (3, 2). "
                "It looks transposed: the rows belong to n_rows."
            ),
        ),
        (lambda matrix: 2 * matrix[:1], "Not yet. The shape should be (n_rows=2, n_columns=3); yours is (1, 3)."),
        (
            in_place,
            (
                "Not yet. Your function changes `matrix` in place, so whoever called it loses the numbers. "
                "Make a new array, for example from `matrix.copy()`."
            ),
        ),
        (
            raises(KeyError("rows")),
            "Not yet. Your function raises KeyError: 'rows'. It was called with `matrix` of shape (2, 3).",
        ),
        (
            raises(RuntimeError()),
            "Not yet. Your function raises RuntimeError: no message. It was called with `matrix` of shape (2, 3).",
        ),
        (
            lambda: MATRIX,
            (
                "Not yet. Your function raises TypeError: <lambda>() takes 0 positional arguments but 1 was given. "
                "It was called with `matrix` of shape (2, 3)."
            ),
        ),
        (2 * MATRIX, "Not yet. Pass the function itself, `check(my_function)`, and not what it returns."),
        (
            lambda _matrix: "2",
            "Not yet. The shape should be (n_rows=2, n_columns=3); yours is ().",
        ),
        (
            lambda _matrix: [[1, 2], [3]],
            (
                "Not yet. This list cannot be read as numbers. "
                "A NumPy array, a torch tensor or nested lists with equally long rows can."
            ),
        ),
        (
            lambda _matrix: in_place,
            "Not yet. Numbers are wanted here, and this is a function. Call it, and pass what it returns.",
        ),
        (
            lambda _matrix: None,
            (
                "Not answered yet. Your function returns None: it is still to be written, or a `return` is missing. "
                "The task: Double the matrix."
            ),
        ),
        (
            lambda _matrix: ...,
            (
                "Not answered yet. Your function returns None: it is still to be written, or a `return` is missing. "
                "The task: Double the matrix."
            ),
        ),
        (
            raises(NotImplementedError),
            "Not answered yet. Your function is still to be written. The task: Double the matrix.",
        ),
    ],
)
def test_the_frame_says_what_it_sees(answer, verdict):
    assert repr(TWICE.check(answer)) == verdict


def test_a_torch_function_on_numpy_inputs_is_told_how_to_make_a_tensor():
    assert "`torch.as_tensor(x)` makes a tensor of one." in TWICE.check(torch.relu).words


def test_an_overflow_inside_an_answer_is_no_warning():
    # pytest turns a warning into an error, and the frame would retell it.
    assert "numbers are not" in TWICE.check(lambda matrix: np.exp(matrix + 1e4)).words


def test_each_case_gets_fresh_inputs():
    calls = []

    def hoards(matrix):
        calls.append(matrix)
        return 2 * matrix

    assert TWICE.check(hoards)
    assert all(given is not MATRIX for given in calls)
    in_place(calls[0])
    assert TWICE.check(hoards)
    np.testing.assert_array_equal(MATRIX, np.arange(6.0).reshape(2, 3))


def test_a_verdict_is_said_in_words_and_its_text_is_escaped():
    verdict = TWICE.check(raises(ValueError("<script>alert(1)</script> & `<b>`")))
    page = verdict._repr_html_()
    assert page.startswith('<p class="attnkit-verdict attnkit-verdict-wrong"><strong>Not yet.</strong> ')
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; <code>&lt;b&gt;</code>" in page
    assert "<script" not in page
    assert "<b>" not in page
    assert "style=" not in page
    assert "<strong>Right.</strong>" in Verdict("right", "")._repr_html_()
    assert "<strong>Not answered yet.</strong>" in Verdict("open", "")._repr_html_()


def test_an_exercise_shown_at_the_end_of_a_cell_does_not_give_its_answer_away():
    assert repr(TWICE) == "Exercise(name='twice', question='Double the matrix.')"


def test_one_number_may_come_in_brackets_and_an_infinite_one_not_at_all():
    assert numbers([[2.5]], {}).shape == ()
    with pytest.raises(ValueError, match=r"should be \(\) \(one number\); yours is \(2,\)"):
        numbers([2.5, 2.5], {})
    with pytest.raises(ValueError, match="NaN, ∞ or"):
        numbers(np.inf, {})


PARTS = (
    Blank("third", 1 / 3, {0.3: "Divide 1 by 3.", 3: "Upside down."}),
    Blank("seventh", 1 / 7, {7: "Upside down."}),
)


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ((0.33, 0.14), None),
        ((0.32, 7), "The third is not 0.32."),
        ((0.3, 0.14), "The third is not 0.3. Divide 1 by 3."),
        ((0.304, 0.14), "The third is not 0.304. Divide 1 by 3."),
        ((0.33, 7), "The seventh is not 7. Upside down."),
        ((0.33, 390001), "The seventh is not 390001."),
    ],
)
def test_a_pencil_rounds_to_two_digits_and_hears_of_its_first_wrong_number(answer, complaint):
    assert fills(PARTS)(answer) == complaint


def test_a_pencil_task_wants_a_finite_number_for_each_blank():
    with pytest.raises(ValueError, match=r"should be \(third, seventh=2\); yours is \(1,\)"):
        fills(PARTS)([0.33])
    with pytest.raises(ValueError, match="NaN, ∞ or"):
        fills(PARTS)([0.33, np.nan])


def test_each_slip_of_a_pencil_task_is_a_wrong_answer_of_its_own():
    assert misfilled(PARTS) == (
        ([0.3, 1 / 7], "Divide 1 by 3."),
        ([3, 1 / 7], "Upside down."),
        ([1 / 3, 7], "Upside down."),
    )


def test_importing_the_exercises_loads_no_torch():
    modules = ", ".join(f"attnkit.exercises.{slug}" for slug in SLUGS)
    code = f"import sys, {modules}; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
