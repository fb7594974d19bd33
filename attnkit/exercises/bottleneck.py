"""Exercises of chapter 1: an LSTM step with a pencil and in code, the context, its room, and what gets through it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from attnkit.bottleneck import LSTMState, LSTMWeights, encode, lstm_step
from attnkit.exercises.checking import Blank, Case, Exercise, Slip, agrees_with, fills, misfilled

_RANDOM = np.random.default_rng(1)
Numbers = np.ndarray


def _sigmoid(numbers: Any) -> Any:
    return 1 / (1 + np.exp(-numbers))


# --- a step by pencil ------------------------------------------------------------------------------------------------

_CELL = 0.8 * 2 + 0.25 * 0.5
_STEP = (
    Blank(
        "input gate",
        0.25,
        {
            0.75: "That is σ(+ln 3); the sum is −ln 3, so the gate is less than half open.",
            -0.8: "That is tanh. A gate is a share, from 0 to 1: use σ.",
        },
    ),
    Blank(
        "forget gate",
        0.8,
        {
            0.2: "That is the share that is forgotten. The gate is the share that is kept: σ(ln 4).",
            15 / 17: "That is tanh. A gate is a share, from 0 to 1: use σ.",
        },
    ),
    Blank(
        "candidate",
        0.5,
        {
            _sigmoid(np.log(3) / 2): "That is σ. The candidate is no gate: it may be negative, so use tanh.",
            0.8: "That is tanh(ln 3); the sum is half of that.",
        },
    ),
    Blank(
        "output gate",
        0.6,
        {
            0.4: "That is σ(−ln 1.5), with the wrong sign.",
            5 / 13: "That is tanh. A gate is a share, from 0 to 1: use σ.",
        },
    ),
    Blank(
        "new cell",
        _CELL,
        {
            0.25 * 2 + 0.8 * 0.5: "You swapped two gates: the forget gate goes with the old cell, "
            "the input gate with the candidate.",
            0.2 * 2 + 0.25 * 0.5: "You kept the share that should go: at a forget gate of 1 nothing is forgotten.",
            2 + 0.25 * 0.5: "The old cell is kept whole here, as before forget gates were invented: "
            "multiply it by the forget gate.",
            0.8 * 2 + 0.5: "The candidate is written whole here: multiply it by the input gate.",
            0.8 * 2: "That is what is kept: add what is written, input gate times candidate.",
            0.25 * 0.5: "That is what is written: add what is kept, forget gate times old cell.",
        },
    ),
    Blank(
        "new hidden state",
        0.6 * np.tanh(_CELL),
        {
            0.6 * _CELL: "The cell is shown as it is, and so the hidden state could leave −1 to 1: "
            "take tanh of the cell first.",
            np.tanh(_CELL): "That is tanh of the cell: multiply it by the output gate.",
            np.tanh(0.6 * _CELL): "The order is turned around: first tanh of the cell, then the output gate.",
            0.6 * np.tanh(2): "That shows the old cell: the step changes the cell first and shows the new one.",
            0.6 * _sigmoid(_CELL): "The cell went through σ: it goes through tanh.",
        },
    ),
)


def _step_by_library() -> list[float]:
    sums = np.log([1 / 3, 4.0, 3**0.5, 1.5])
    weights = LSTMWeights(np.zeros((4, 1)), np.zeros((4, 1)), sums)
    return np.concatenate(lstm_step(np.zeros(1), LSTMState(np.zeros(1), np.full(1, 2.0)), weights)).tolist()


pencil = Exercise(
    name="pencil",
    question="In one LSTM step the sums W x + U h + b are −ln 3 for the input gate, ln 4 for the forget gate, ½ ln 3 "
    "for the candidate and ln 1.5 for the output gate, and the old cell is 2. Give six numbers: input gate, forget "
    "gate, candidate, output gate, new cell, new hidden state.",
    judge=fills(_STEP),
    praise="σ(ln n) = n / (n + 1) opens the gates; the cell keeps 0.8 · 2 and gains 0.25 · 0.5, and of tanh(1.725) "
    "0.6 is shown.",
    wrong=(
        *misfilled(_STEP),
        ((0.25, 0.8, 0.5, 0.6, 1.7, 0.5), "The new cell is not 1.7."),
        ((1.725, 0.563), "The shape should be"),
        (lstm_step, "this is a function"),
    ),
    right=((0.25, 0.8, 0.5, 0.6, 1.725, 0.563), _step_by_library()),
)

# --- a step in code --------------------------------------------------------------------------------------------------


def _step(*arrays: Numbers) -> LSTMState:
    inputs, hidden, cell, *weights = arrays
    return lstm_step(inputs, LSTMState(hidden, cell), LSTMWeights(*weights)).state


def _lstm(finish: Callable[..., Iterable[Numbers]], rows: str = "stacked") -> Callable[..., list[Numbers]]:
    """Return a step which makes the new hidden state and cell of four sums and the old cell by ``finish``."""

    def step(*arrays: Numbers) -> list[Numbers]:
        inputs, hidden, cell, input_weights, recurrent_weights, bias = arrays
        sums = input_weights @ inputs + recurrent_weights @ hidden + bias
        sums = sums.reshape(4, -1) if rows == "stacked" else sums.reshape(-1, 4).T
        return list(finish(*sums, cell))

    return step


def _usual(i: Numbers, f: Numbers, g: Numbers, o: Numbers, cell: Numbers) -> tuple[Numbers, Numbers]:
    cell = _sigmoid(f) * cell + _sigmoid(i) * np.tanh(g)
    return _sigmoid(o) * np.tanh(cell), cell


def _new_cell(i: Numbers, f: Numbers, g: Numbers, o: Numbers, cell: Numbers) -> Numbers:
    return _usual(i, f, g, o, cell)[1]


def _shown(o: Numbers, cell: Numbers) -> tuple[Numbers, Numbers]:
    return _sigmoid(o) * np.tanh(cell), cell


def _step_lists(*arrays: Numbers) -> tuple[list[float], list[float]]:
    x, h, old, w, u, b = (array.tolist() for array in arrays)
    size, hidden, cell = len(h), [], []

    def total(row: int) -> float:
        products = sum(a * c for a, c in zip(w[row], x, strict=True)) + sum(
            a * c for a, c in zip(u[row], h, strict=True)
        )
        return products + b[row]

    for d in range(size):
        i, f, o = (float(_sigmoid(total(gate * size + d))) for gate in (0, 1, 3))
        cell.append(f * old[d] + i * float(np.tanh(total(2 * size + d))))
        hidden.append(o * float(np.tanh(cell[d])))
    return hidden, cell


def _step_joined(*arrays: Numbers) -> Numbers:
    inputs, hidden, cell, input_weights, recurrent_weights, bias = arrays
    both = np.concatenate([input_weights, recurrent_weights], axis=1) @ np.concatenate([inputs, hidden])
    return np.array(_usual(*np.split(both + bias, 4), cell))


def _step_torch(*arrays: Numbers) -> Any:
    import torch

    x, h, c, w, u, b = (torch.as_tensor(array, dtype=torch.float32).requires_grad_() for array in arrays)
    return [part[0] for part in torch.lstm_cell(x[None], (h[None], c[None]), w, u, b, torch.zeros_like(b))]


_STEP_SLIPS = (
    Slip(
        _lstm(lambda i, f, o, g, cell: _usual(i, f, g, o, cell)),
        "You take the third block of rows for the output gate. The order is input gate, forget gate, candidate, "
        "output gate.",
    ),
    Slip(
        _lstm(lambda f, i, g, o, cell: _usual(i, f, g, o, cell)),
        "Input gate and forget gate are swapped: the first block of rows is the input gate's, and the forget gate "
        "goes with the old cell.",
    ),
    Slip(
        _lstm(lambda i, g, f, o, cell: _usual(i, f, g, o, cell)),
        "You take the second block of rows for the candidate. The order is input gate, forget gate, candidate, "
        "output gate.",
    ),
    Slip(
        _lstm(_usual, rows="interleaved"),
        "You take every fourth row for a gate. The rows of a gate stand together: the first d_hidden are the "
        "input gate's.",
    ),
    Slip(
        _lstm(lambda i, f, g, o, cell: _shown(o, _sigmoid(f) * cell + _sigmoid(i) * _sigmoid(g))),
        "Your candidate goes through σ. It is no gate: what is written may be negative, so use tanh.",
    ),
    Slip(
        _lstm(
            lambda i, f, g, o, cell: (
                np.tanh(o) * np.tanh(_new_cell(i, f, g, o, cell)),
                _new_cell(i, f, g, o, cell),
            )
        ),
        "Your output gate goes through tanh. A gate is a share, from 0 to 1: use σ.",
    ),
    Slip(
        _lstm(
            lambda i, f, g, o, cell: (
                np.tanh(o) * np.tanh(np.tanh(f) * cell + np.tanh(i) * np.tanh(g)),
                np.tanh(f) * cell + np.tanh(i) * np.tanh(g),
            )
        ),
        "Your gates go through tanh. A gate is a share, from 0 to 1: use σ; tanh is for the candidate.",
    ),
    Slip(
        _lstm(lambda i, f, g, o, cell: (_sigmoid(o) * _new_cell(i, f, g, o, cell), _new_cell(i, f, g, o, cell))),
        "Your hidden state shows the cell as it is: take tanh of the new cell first, then the output gate.",
    ),
    Slip(
        _lstm(
            lambda i, f, g, o, cell: (np.tanh(_sigmoid(o) * _new_cell(i, f, g, o, cell)), _new_cell(i, f, g, o, cell))
        ),
        "You take tanh of the gated cell. The order is the other one: tanh of the cell, then the output gate.",
    ),
    Slip(
        _lstm(lambda i, f, g, o, cell: (_sigmoid(o) * np.tanh(cell), _new_cell(i, f, g, o, cell))),
        "Your hidden state shows the old cell: change the cell first, and show the new one.",
    ),
    Slip(
        _lstm(lambda i, f, g, o, cell: _usual(i, -f, g, o, cell)),
        "You keep 1 − f of the old cell. The forget gate is the share that is kept.",
    ),
    Slip(
        _lstm(lambda i, _f, g, o, cell: _shown(o, cell + _sigmoid(i) * np.tanh(g))),
        "Your old cell is kept whole: multiply it by the forget gate.",
    ),
    Slip(
        _lstm(lambda _i, f, g, o, cell: _shown(o, _sigmoid(f) * cell + np.tanh(g))),
        "Your candidate is written whole: multiply it by the input gate.",
    ),
    Slip(
        lambda x, hidden, cell, w, u, bias: _step(x, hidden, cell, w, u, 0 * bias),
        "The bias is missing: each sum is W x + U h + b.",
    ),
    Slip(
        lambda x, hidden, cell, w, u, bias: _step(x, 0 * hidden, cell, w, u, bias),
        "The last hidden state is not read: each sum is W x + U h + b.",
    ),
    Slip(lambda *arrays: _step(*arrays)[::-1], "You return (cell, hidden): the hidden state comes first."),
)

my_lstm_step = Exercise(
    name="lstm_step",
    question="Write `my_lstm_step(inputs, hidden, cell, input_weights, recurrent_weights, bias)`: shapes "
    "(d_input,), twice (d_hidden,), (4 · d_hidden, d_input), (4 · d_hidden, d_hidden) and (4 · d_hidden,), with the "
    "rows in torch's order: input gate, forget gate, candidate, output gate. Return the new hidden state and cell.",
    judge=agrees_with(
        _step,
        (
            Case(
                {
                    "inputs": _RANDOM.normal(size=3),
                    "hidden": np.tanh(_RANDOM.normal(size=5)),
                    "cell": _RANDOM.normal(size=5),
                    "input_weights": _RANDOM.normal(size=(20, 3)),
                    "recurrent_weights": _RANDOM.normal(size=(20, 5)),
                    "bias": _RANDOM.normal(size=20),
                }
            ),
        ),
        ("hidden and cell", "d_hidden"),
        slips=_STEP_SLIPS,
    ),
    praise="Four products, three σ, two tanh: that is what torch's `nn.LSTM` does at each word.",
    wrong=(
        *_STEP_SLIPS,
        (lambda *arrays: _step(*arrays)[0], "should be (hidden and cell=2, d_hidden=5)"),
        (lambda *arrays: np.stack(_step(*arrays), axis=-1), "It looks transposed"),
        (lambda x, hidden, _cell, w, u, bias: x @ w + hidden @ u + bias, "raises ValueError"),
        (lstm_step, "raises TypeError"),
        (_lstm(lambda i, f, g, o, cell: _usual(i, f, np.abs(g), o, cell)), "numbers are not"),
    ),
    right=(_step, _step_lists, _step_joined, _step_torch, _lstm(_usual)),
)

# --- the context -----------------------------------------------------------------------------------------------------


def _run(embeddings: Numbers, *weights: Numbers, carries: tuple[int, int] = (1, 1)) -> Numbers:
    """Return hidden state and cell after each word, (n_source, 2, d_hidden); what is not carried starts at 0 again."""
    state, states = np.zeros((2, len(weights[-1]) // 4)), []
    for word in embeddings:
        state = np.array(_step(word, *(np.array(carries)[:, None] * state), *weights))
        states.append(state)
    return np.array(states)


def _context(embeddings: Numbers, mask: Numbers, *weights: Numbers) -> LSTMState:
    return encode(embeddings, LSTMWeights(*weights), mask).context


def _context_own(embeddings: Numbers, mask: Numbers, *weights: Numbers) -> list[Numbers]:
    hidden = cell = np.zeros(len(weights[-1]) // 4)
    for word, is_word in zip(embeddings, mask, strict=True):
        if is_word:
            hidden, cell = _step_joined(word, hidden, cell, *weights)
    return [hidden, cell]


def _context_torch(embeddings: Numbers, mask: Numbers, *weights: Numbers) -> Any:
    import torch

    lstm = torch.nn.LSTM(embeddings.shape[1], len(weights[-1]) // 4, dtype=torch.float64)
    w, u, b = (torch.nn.Parameter(torch.as_tensor(array)) for array in weights)
    lstm.weight_ih_l0, lstm.weight_hh_l0, lstm.bias_ih_l0 = w, u, b
    lstm.bias_hh_l0 = torch.nn.Parameter(torch.zeros_like(b))
    _, (hidden, cell) = lstm(torch.as_tensor(embeddings[mask]))
    return hidden[0], cell[0]


_CONTEXT_SLIPS = (
    Slip(
        lambda x, _mask, *weights: _run(x, *weights)[-1],
        "Your encoder reads on into the padding, and each step there changes the state. "
        "The context is the state after the last word.",
    ),
    Slip(
        lambda x, mask, *weights: _run(np.where(mask[:, None], x, 0), *weights)[-1],
        "You set the padding to 0 and read it all the same: a step forgets and writes at 0 too. Stop at the last word.",
    ),
    Slip(
        lambda x, mask, *weights: _run(x[mask], *weights).mean(0),
        "That is the mean over all words. The context is the last state alone.",
    ),
    Slip(
        lambda x, mask, *weights: _run(x[mask], *weights).sum(0),
        "That is the sum over all words. The context is the last state alone.",
    ),
    Slip(
        lambda x, mask, *weights: _run(x[mask], *weights)[0],
        "That is the state after the first word: the context is the one after the last.",
    ),
    Slip(
        lambda x, mask, *weights: _run(x[mask][::-1], *weights)[-1],
        "You read from the last word to the first, so the context is the state after the first word: read in order.",
    ),
    Slip(
        lambda x, mask, *weights: _run(x[mask], *weights, carries=(0, 0))[-1],
        "Each word starts from zeros, so the context holds the last word alone. Carry the state to the next step.",
    ),
    Slip(
        lambda x, mask, *weights: _run(x[mask], *weights, carries=(1, 0))[-1],
        "The cell is not carried on: each step starts from the last hidden state and from the last cell.",
    ),
    Slip(
        lambda x, mask, *weights: _run(x[mask], *weights, carries=(0, 1))[-1],
        "The hidden state is not carried on: each step starts from the last hidden state and from the last cell.",
    ),
    Slip(
        lambda x, mask, *weights: _context(x, ~mask, *weights),
        "Your mask is the wrong way round: True stands on words and False on padding.",
    ),
    Slip(
        lambda *arrays: _context(*arrays)[::-1],
        "You return (cell, hidden): the hidden state comes first.",
    ),
)
_ENCODER = {
    "input_weights": _RANDOM.normal(size=(20, 3)),
    "recurrent_weights": _RANDOM.normal(size=(20, 5)),
    "bias": _RANDOM.normal(size=20),
}

context = Exercise(
    name="context",
    question="Write `my_context(embeddings, mask, input_weights, recurrent_weights, bias)`: start from zeros, read the "
    "words of embeddings, shape (n_source, d_input), and return the hidden state and the cell after the last word. "
    "The mask is True on words and False on the padding behind them.",
    judge=agrees_with(
        _context,
        (
            Case({"embeddings": _RANDOM.normal(size=(7, 3)), "mask": np.ones(7, dtype=bool), **_ENCODER}),
            Case(
                {"embeddings": _RANDOM.normal(size=(7, 3)), "mask": np.arange(7) < 4, **_ENCODER},
                "Here the last three positions are padding.",
            ),
        ),
        ("hidden and cell", "d_hidden"),
        slips=_CONTEXT_SLIPS,
    ),
    praise="However many words there were, a decoder without attention gets these numbers and no others.",
    wrong=(
        *_CONTEXT_SLIPS,
        (lambda *arrays: _context(*arrays)[0], "should be (hidden and cell=2, d_hidden=5)"),
        (lambda x, _mask, *weights: _run(x, *weights)[:, 0], "yours is (7, 5)"),
        (lambda x, _mask, *weights: _run(x[:-1], *weights)[-1], "numbers are not"),
        (
            lambda x, mask, *weights: _run(x, *weights)[-1] if mask.all() else _run(x[:-1], *weights)[-1],
            "Here the last three positions are padding.",
        ),
    ),
    right=(_context, _context_own, _context_torch, lambda x, mask, *weights: _run(x[: mask.sum()], *weights)[-1]),
)

# --- how much room there is ------------------------------------------------------------------------------------------

_HIDDEN_ALONE = "That is the hidden state alone: the decoder starts from hidden state and cell."
_CELLS_TOO = "You counted the cells too: the states are the hidden states, one for each word."
_ROOM = (
    Blank(
        "size of the context of 8 words",
        2 * 64,
        {64: _HIDDEN_ALONE, 8 * 2 * 64: "The context does not grow with the sentence: it is the state after one word."},
    ),
    Blank(
        "size of the context of 50 words",
        2 * 64,
        {
            64: _HIDDEN_ALONE,
            50 * 2 * 64: "The context does not grow with the sentence: it is the state after one word, the last.",
        },
    ),
    Blank("size of the states of 8 words", 8 * 64, {64: "There is a state for each word.", 8 * 2 * 64: _CELLS_TOO}),
    Blank("size of the states of 50 words", 50 * 64, {64: "There is a state for each word.", 50 * 2 * 64: _CELLS_TOO}),
    Blank(
        "room for each of 50 words",
        128 / 50,
        {
            64 / 50: "That shares out the hidden state alone: the context has a cell too.",
            128 / 8: "That is the room for each of 8 words.",
            64: "That is what a word has in the states. The context is shared out among all words.",
            50 / 128: "That is upside down: numbers in the context, divided by words.",
        },
    ),
)

room = Exercise(
    name="room",
    question="An encoder is one LSTM with d_hidden = 64. Give five numbers: how many numbers are in the context of 8 "
    "words, in the context of 50 words, in the hidden states of 8 words, in the hidden states of 50 words, and how "
    "many numbers of the context there are for each of the 50 words.",
    judge=fills(_ROOM),
    praise="The states grow with the sentence and the context does not: that is the bottleneck.",
    wrong=(
        *misfilled(_ROOM),
        ((128, 128, 512, 3200, 25), "The room for each of 50 words is not 25."),
        ((128, 512), "The shape should be"),
    ),
    right=((128, 128, 512, 3200, 2.56), np.array([128, 128, 8 * 64, 50 * 64, 128 / 50])),
)

# --- did the first word survive? -------------------------------------------------------------------------------------

# A made corpus of 101 translations with up to 5 words out of 7, of which a part is wrong.
_SENTENCES = np.arange(5) < _RANDOM.integers(2, 6, size=(101, 1))
_REFERENCES = _RANDOM.integers(1, 8, size=(101, 5)) * _SENTENCES
_HYPOTHESES = np.where(_RANDOM.random((101, 5)) < 0.7, _REFERENCES, _RANDOM.integers(1, 8, size=(101, 5))) * _SENTENCES
_LINKS = (_RANDOM.random((101, 5)) < 0.4) & _SENTENCES


def _survival(hypotheses: Numbers, references: Numbers, links: Numbers) -> Numbers:
    counted = links.any(-1)
    return ((hypotheses == references) | ~links).all(-1)[counted].mean()


def _survival_loops(hypotheses: Numbers, references: Numbers, links: Numbers) -> float:
    survived = []
    for hypothesis, reference, linked in zip(hypotheses, references, links, strict=True):
        places = [i for i, is_linked in enumerate(linked) if is_linked]
        if places:
            survived.append(all(hypothesis[i] == reference[i] for i in places))
    return sum(survived) / len(survived)


def _survival_by_metrics(hypotheses: Numbers, references: Numbers, links: Numbers) -> float:
    from attnkit.language import Pair
    from attnkit.metrics import first_word_survival

    gold = [frozenset((int(i), 0) for i in np.flatnonzero(linked)) for linked in links]
    pairs = [
        Pair((), tuple(reference), sure, sure, frozenset())
        for reference, sure in zip(references.tolist(), gold, strict=True)
    ]
    return first_word_survival(hypotheses.tolist(), pairs)


def _survival_torch(hypotheses: Numbers, references: Numbers, links: Numbers) -> Any:
    import torch

    hypotheses, references, links = (torch.as_tensor(array) for array in (hypotheses, references, links))
    kept = (hypotheses == references).masked_fill(~links, value=True).all(dim=1)
    return kept[links.any(dim=1)].double().mean()


def _found_anywhere(hypotheses: Numbers, references: Numbers, links: Numbers) -> Numbers:
    stands = (references[:, :, None] == hypotheses[:, None, :]).any(-1)
    return (stands | ~links).all(-1)[links.any(-1)].mean()


_SURVIVAL_SLIPS = (
    Slip(
        _found_anywhere,
        "You look for the linked words anywhere in the translation. A “no” that has moved to another verb is another "
        "“no”: compare at the same place.",
    ),
    Slip(
        lambda hypotheses, references, links: (hypotheses == references)[links.any(-1), 0].mean(),
        "You look at the first word of the translation. The source's first word may stand further on: "
        "look at the places that are linked to it.",
    ),
    Slip(
        lambda hypotheses, references, _links: (hypotheses == references)[:, 0].mean(),
        "You compare the first words of translation and reference. The source's first word may stand further on: "
        "look at the places that are linked to it.",
    ),
    Slip(
        lambda hypotheses, references, links: ((hypotheses == references) & links).any(-1)[links.any(-1)].mean(),
        "One linked word is enough for you: the first word has survived where all its linked words stand.",
    ),
    Slip(
        lambda hypotheses, references, links: (hypotheses == references)[links].mean(),
        "You give the share of linked words: wanted is the share of pairs, so a word with two links counts once.",
    ),
    Slip(
        lambda hypotheses, references, links: ((hypotheses == references) | ~links).all(-1).mean(),
        "You count pairs without a link as survived: where the first word has no effect, nothing can be asked. "
        "Leave them out.",
    ),
    Slip(
        lambda hypotheses, references, links: (((hypotheses == references) | ~links).all(-1) & links.any(-1)).mean(),
        "You count pairs without a link as lost: where the first word has no effect, nothing can be asked. "
        "Leave them out.",
    ),
    Slip(
        lambda hypotheses, references, links: (hypotheses == references).all(-1)[links.any(-1)].mean(),
        "You ask for the whole sentence, which is exact match: look at the linked places alone.",
    ),
    Slip(
        lambda hypotheses, references, links: ((hypotheses == references) | ~links).all(-1)[links.any(-1)].sum(),
        "That is how many have survived: divide by the number of pairs with a link.",
    ),
    Slip(
        lambda *arrays: 1 - _survival(*arrays),
        "That is the share that was lost: wanted is the share that has survived.",
    ),
)

survival = Exercise(
    name="survival",
    question="Write `my_survival(hypotheses, references, links)`: word numbers of shape (n_pairs, n_target), 0 behind "
    "a sentence's end, and True where the reference's word is linked to the source's first word. Of the pairs with "
    "such a link, return the share, from 0 to 1, in which every linked word stands in the hypothesis at its place.",
    judge=agrees_with(
        _survival,
        (Case({"hypotheses": _HYPOTHESES, "references": _REFERENCES, "links": _LINKS}),),
        (),
        slips=_SURVIVAL_SLIPS,
    ),
    praise="So what becomes of the first word can be counted, and compared between short and long sentences.",
    wrong=(
        *_SURVIVAL_SLIPS,
        (lambda hypotheses, references, links: (hypotheses == references)[links], "(one number)"),
        (lambda hypotheses, _references, links: hypotheses[links.any(-1)] @ links, "raises ValueError"),
        (lambda *_arrays: 0.4, "numbers are not"),
    ),
    right=(_survival, _survival_loops, _survival_by_metrics, _survival_torch),
)
