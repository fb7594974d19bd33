"""What training makes small: the cross-entropy of the words, and for hard attention the REINFORCE term beside it."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from attnkit.decoding import PAD
from attnkit.weighted_sum import Attention


def cross_entropy(logits: Tensor, following: Tensor) -> Tensor:
    r"""Mean over the words of :math:`-\log p(y_t)`, in nats; ``<pad>`` does not count.

    Parameters
    ----------
    logits
        Shape (batch, n_target, vocabulary).
    following
        The words that should follow, int64, (batch, n_target).

    Examples
    --------
    >>> cross_entropy(torch.zeros(1, 2, 7), torch.tensor([[3, 0]])).exp()
    tensor(7.0000)
    """
    return functional.cross_entropy(logits.flatten(0, 1), following.flatten(), ignore_index=PAD)


def reinforce(logits: Tensor, attention: Attention, following: Tensor, baseline: Tensor) -> Tensor:
    r"""REINFORCE: make a choice likelier after a reward above the baseline, and less likely after one below.

    .. math:: L = -\frac{1}{n} \sum_t (r_t - b) \log \alpha_{t, s_t}, \qquad r_t = \log p(y_t \mid s_t)

    Its gradient with respect to the scores is an estimate of that of the mean reward, which drawing a position does
    not let through. The reward itself passes no gradient here: it is the cross-entropy's to raise.

    Parameters
    ----------
    logits
        Shape (batch, n_target, vocabulary).
    attention
        Scores, and weights that are 1 on the drawn position :math:`s_t`, both (batch, n_target, n_source).
    following
        The words that should follow, int64, (batch, n_target); ``<pad>`` does not count.
    baseline
        :math:`b`, of shape (): the moving average of earlier rewards. It is moved on in place,
        :math:`b \leftarrow 0.9 b + 0.1 \bar r`.

    Returns
    -------
    loss
        :math:`L`, the mean over the n words, of shape ().

    Notes
    -----
    Source: Xu et al. 2015, "Show, Attend and Tell", §4.1, with this moving average.
    They reward all choices of a sentence with its log-probability; here each has that of its own word.
    They also raise the entropy of the weights, and look softly half of the time; we do neither.
    """
    rewards = -functional.cross_entropy(logits.detach().flatten(0, 1), following.flatten(), reduction="none")
    # Where a window lies behind the last word there is nothing to choose.
    chosen = (following != PAD) & attention.weights.any(dim=-1)
    scores = torch.where(chosen[..., None], attention.scores, 0.0)
    drawn = attention.weights.argmax(dim=-1, keepdim=True)
    choices = torch.log_softmax(scores, dim=-1).gather(-1, drawn)[..., 0][chosen]
    rewards = rewards.reshape(following.shape)[chosen]
    loss = -((rewards - baseline) * choices).sum() / max(len(choices), 1)
    if len(choices):
        baseline.lerp_(rewards.mean(), 0.1)
    return loss
