"""Promise: the loss is the mean over words alone, and REINFORCE points on the mean where the exact gradient points."""

from __future__ import annotations

import math

import pytest
import torch

from attnkit.training.loss import cross_entropy, reinforce
from attnkit.weighted_sum import Attention, sampled_weights, softmax

FOLLOWING = torch.tensor([[3, 6, 2, 0, 0], [4, 2, 0, 0, 0], [5, 6, 3, 4, 2]])  # <pad> is 0


def test_cross_entropy_is_the_mean_over_the_words():
    torch.manual_seed(0)
    logits = torch.randn(3, 5, 7, requires_grad=True)
    chances = [
        logits[b, t].softmax(0)[FOLLOWING[b, t]].item() for b in range(3) for t in range(5) if FOLLOWING[b, t] != 0
    ]
    loss = cross_entropy(logits, FOLLOWING)
    assert loss.item() == pytest.approx(-sum(map(math.log, chances)) / 10, rel=1e-6)
    loss.backward()
    assert (logits.grad[FOLLOWING == 0] == 0).all()
    assert (logits.grad[FOLLOWING != 0] != 0).all()


def test_reinforce_is_that_of_a_pencil():
    # One sentence, two words and a <pad>; the second word was found with chance ¼ and the first with ½.
    logits = torch.log(torch.tensor([[[0.25, 0.25, 0.5], [0.5, 0.25, 0.25], [0.1, 0.1, 0.8]]]))
    following = torch.tensor([[2, 1, 0]])
    scores = torch.log(torch.tensor([[[0.75, 0.25, 0.0], [0.2, 0.8, 0.0], [0.5, 0.5, 0.0]]]))
    weights = torch.tensor([[[1.0, 0, 0], [0, 1.0, 0], [1.0, 0, 0]]])
    baseline = torch.tensor(-1.0)
    loss = reinforce(logits, Attention(scores, weights, weights), following, baseline)
    rewards, choices = [math.log(0.5), math.log(0.25)], [math.log(0.75), math.log(0.8)]
    wanted = -sum((reward + 1) * choice for reward, choice in zip(rewards, choices, strict=True)) / 2
    assert loss.item() == pytest.approx(wanted, abs=1e-7)
    assert baseline.item() == pytest.approx(-0.9 + 0.1 * sum(rewards) / 2, rel=1e-6)


def test_reinforce_points_on_the_mean_where_the_exact_gradient_points():
    """Over many draws its gradient is that of the mean reward, whatever the baseline."""
    scores = torch.tensor([0.3, -0.7, 1.1, 0.2, -0.4])
    mask = torch.tensor([True, True, True, False, True])
    # Looking at place j gives the word the chance rewards[j].
    chances = torch.tensor([0.9, 0.1, 0.3, 0.5, 0.6])
    exact = scores.clone().requires_grad_()
    (softmax(exact, mask) * chances.log()).sum().backward()
    draws = 40_000
    generator = torch.Generator().manual_seed(0)
    weights = sampled_weights(scores.expand(draws, 1, 5), generator, mask)
    found = chances.log()[weights.argmax(-1)]
    logits = torch.stack([torch.log1p(-found.exp()), found], dim=-1)  # of two words, the second is right
    for start in (0.0, -1.2):
        leaf = scores.clone().requires_grad_()
        seen = torch.where(mask, leaf.expand(draws, 1, 5), -torch.inf)
        reinforce(
            logits, Attention(seen, weights, weights), torch.ones(draws, 1, dtype=torch.int64), torch.tensor(start)
        ).backward()
        torch.testing.assert_close(-leaf.grad, exact.grad, atol=0.01, rtol=0)


def test_reinforce_leaves_the_words_to_the_cross_entropy_and_pads_alone():
    torch.manual_seed(0)
    logits = torch.randn(3, 5, 7, requires_grad=True)
    scores = torch.randn(3, 5, 11, requires_grad=True)
    weights = torch.zeros(3, 5, 11)
    weights[..., 4] = 1
    reinforce(logits, Attention(scores, weights, weights), FOLLOWING, torch.tensor(0.0)).backward()
    assert logits.grad is None
    assert (scores.grad[FOLLOWING == 0] == 0).all()
    assert (scores.grad[FOLLOWING != 0] != 0).all()


def test_a_step_with_nothing_to_look_at_has_no_choice():
    scores = torch.full((1, 2, 3), -torch.inf)
    scores[0, 0] = torch.tensor([0.0, 1.0, -torch.inf])
    scores.requires_grad_()
    weights = torch.tensor([[[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]])
    baseline = torch.tensor(-2.0)
    logits = torch.zeros(1, 2, 7)
    loss = reinforce(logits, Attention(scores, weights, weights), torch.tensor([[3, 4]]), baseline)
    loss.backward()
    assert torch.isfinite(scores.grad).all()
    assert loss.item() == pytest.approx(-(-math.log(7) + 2) * math.log(math.e / (1 + math.e)), rel=1e-6)
    nowhere = reinforce(logits, Attention(scores, weights * 0, weights), torch.tensor([[3, 4]]), baseline)
    assert nowhere.item() == 0
    assert baseline.item() == pytest.approx(-1.8 - 0.1 * math.log(7), rel=1e-6)
