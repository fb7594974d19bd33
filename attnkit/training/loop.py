"""The training loop, which can be stopped at any step and goes on as if it had not been."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from tqdm import tqdm

from attnkit.training import files
from attnkit.training.batches import Batches
from attnkit.training.history import History, Validation
from attnkit.training.interrupt import interrupts_wait
from attnkit.training.options import Options
from attnkit.training.run import Run

if TYPE_CHECKING:
    from attnkit.language import Pair, Vocabulary
    from attnkit.models import Translator

LOOK = 20  # steps from one reading of the losses to the next, so that no step waits for its loss to be read


def train(  # noqa: PLR0917, a model, its data and their vocabularies are told apart by place
    model: Translator,
    pairs: Sequence[Pair],
    valid: Sequence[Pair],
    options: Options,
    source: Vocabulary,
    target: Vocabulary,
    *,
    path: str | os.PathLike[str] | None = None,
    record: dict[str, Any] | None = None,
    progress: bool = True,
    resume: bool = False,
) -> History:
    """Train a translator in place.

    Adam follows the cross-entropy of the reference's words. Everything that is left to chance is drawn from
    ``options.seed``, so the same model, pairs and options give the same weights on the same machine.

    Parameters
    ----------
    model
        The translator, with fresh weights as a rule.
    pairs, valid
        Pairs to learn from, and others to validate on.
    options
        How to train.
    source, target
        The vocabularies of the two sides.
    path
        Where to write the translator, by :func:`attnkit.checkpoints.save`, at each validation. Beside it, under
        :func:`attnkit.training.resume_path`, stands what is needed to go on. None writes nothing.
    record
        What to write down about the run beside options and history.
    progress
        Whether to show a bar with loss, words a second and the time left, and a line for each validation.
    resume
        Go on where an interrupted run of the same model, pairs and options has stopped; begin if there is none.
        The weights will be bit for bit those of a run without interruption.

    Returns
    -------
    history
        Losses, BLEU and exact match of each validation, and words and seconds of all steps.

    Raises
    ------
    ValueError
        If the loss is no longer a finite number (the files keep the last good weights), there is nothing to train or
        validate on, or the interrupted run is another one.
    KeyboardInterrupt
        After Ctrl-C, once the step under way is whole and the files are written.
    """
    if resume and path is None:
        raise ValueError("resume needs the path of the run; got path=None")
    batches = Batches(pairs, source, target, batch_size=options.batch_size, seed=options.seed)
    held_back = Batches(valid, source, target, batch_size=options.batch_size)
    run = Run(model, options, batches)
    every = options.validate_every or len(batches)
    with torch.random.fork_rng(devices=[]), interrupts_wait() as interrupted:
        torch.manual_seed(options.seed)
        if resume and files.resume_path(path).exists():
            files.read(path, run)
        history = run.history
        with tqdm(total=run.steps, initial=history.steps, unit="step", disable=not progress) as bar:
            while history.steps < run.steps:
                run.advance(min(history.steps + LOOK, (history.steps // every + 1) * every, run.steps), interrupted)
                speed = history.words / history.seconds
                bar.set_postfix_str(f"loss {run.recent_loss:.3f}, {speed:,.0f} words/s", refresh=False)
                bar.update(history.steps - bar.n)
                whole = history.steps % every == 0 or history.steps == run.steps
                if whole:
                    history.validations.append(run.validate(held_back, valid, source, target))
                    if progress:
                        bar.write(summary(history.validations[-1]), file=sys.stderr)
                if path is not None and (whole or interrupted()):
                    files.write(path, run, source, target, record or {})
                if interrupted():
                    raise KeyboardInterrupt(f"Stopped at step {history.steps} of {run.steps}")
    model.eval()
    return history


def summary(one: Validation) -> str:
    """Return what a validation has found, on one line.

    Examples
    --------
    >>> summary(Validation(313, 12.5, 1.25, 0.75, 45.25, 0.125))
    'step 313: loss 1.250, on unseen pairs 0.750, BLEU 45.2, exact match 12.5%'
    >>> summary(Validation(313, 12.5, 1.25, 0.75, None, None))
    'step 313: loss 1.250, on unseen pairs 0.750'
    """
    quality = "" if one.bleu is None else f", BLEU {one.bleu:.1f}, exact match {one.exact_match:.1%}"
    return f"step {one.step}: loss {one.train_loss:.3f}, on unseen pairs {one.valid_loss:.3f}{quality}"
