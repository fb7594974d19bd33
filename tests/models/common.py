"""What the tests of several models share."""

from __future__ import annotations

import torch

# The choices in which a stack of Transformer blocks can differ.
STACKS = {
    "sinusoidal": {},
    "learned": {"positions": "learned"},
    "rotary": {"positions": "rotary"},
    "alibi": {"positions": "alibi", "heads": 4},
    "none": {"positions": "none", "scaled": False},
    "post": {"norm": "post", "layers": 1},
}


def close(found, wanted):
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-12)


def expect_that_rows_can_be_chosen(model, source, mask, previous):
    """A beam keeps some sentences twice and drops others, with and without padding."""
    rows = torch.tensor([2, 0, 2, 2])
    for seen in (mask, torch.ones_like(mask)):
        memory = model.encode(source, seen)
        assert (memory.mask is None) == seen.all()
        step = model.step(previous[:, 0], model.start(memory), memory)
        chosen = model.step(previous[rows, 1], step.state.select(rows), memory.select(rows))
        close(chosen.logits, model.step(previous[:, 1], step.state, memory).logits[rows])
        assert chosen.state.position == 2
