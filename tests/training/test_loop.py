"""Promise: training is Adam as torch has it, the seed decides all, and a run that was stopped ends as if it had not."""

from __future__ import annotations

import signal
import threading

import pytest
import torch
from torch.nn import functional

from attnkit import checkpoints
from attnkit.decoding import PAD, translate
from attnkit.language import Pair, Vocabulary
from attnkit.models import Config, build
from attnkit.training import Batches, Options, resume_path, train
from attnkit.training.interrupt import interrupts_wait
from attnkit.training.run import Run

WORDS = list("abcdefg")
SOURCE = Vocabulary.from_sentences([WORDS])
TARGET = Vocabulary.from_sentences([[word.upper() for word in WORDS]])


def made(n, *, seed, longest=5):
    """Return n different pairs whose target is the source backwards, in capitals."""
    generator = torch.Generator().manual_seed(seed)
    found = {}
    while len(found) < n:
        length = int(torch.randint(1, longest + 1, (), generator=generator))
        source = tuple(WORDS[i] for i in torch.randint(0, 7, (length,), generator=generator).tolist())
        found[source] = Pair(source, tuple(word.upper() for word in reversed(source)), None, None, frozenset())
    return list(found.values())


PAIRS = made(53, seed=0)
VALID = made(11, seed=1)
OPTIONS = Options(epochs=2, batch_size=7, learning_rate=0.01, seed=5)  # 8 steps an epoch
DESIGNS = {
    "plain": ({}, {}),
    "dropout": ({"dropout": 0.4}, {"schedule": "linear"}),
    "scheduled sampling": ({"input_feeding": True}, {"forcing": "linear", "forcing_share": 0.3}),
    "reinforce": ({"choice": "reinforce"}, {"validate_every": 5}),
}
EACH = pytest.mark.parametrize(("design", "choices"), DESIGNS.values(), ids=DESIGNS)


def fresh(**design):
    torch.manual_seed(0)
    sizes = {"d_embedding": 5, "d_hidden": 13, **design}
    return build(Config(source_words=len(SOURCE), target_words=len(TARGET), **sizes))


def run(model, options=OPTIONS, **named):
    return train(model, PAIRS, VALID, options, SOURCE, TARGET, progress=False, **named)


def choose(**choices):
    return Options(**{**OPTIONS.to_json(), **choices})


def same(one, other):
    return all(torch.equal(one[name], other[name]) for name in one) and one.keys() == other.keys()


def course(history):
    """Return a history without what a clock has measured."""
    return [one._replace(seconds=0) for one in history.validations], history.steps, history.words


def at_call(model, number, action):
    """Do something in the middle of a training step: while the model makes its forward pass for that time."""
    calls, forward = [], model.forward

    def wrapped(*arguments, **named):
        if model.training:
            calls.append(None)
            if len(calls) == number:
                action()
        return forward(*arguments, **named)

    model.forward = wrapped


@pytest.mark.parametrize("schedule", ["constant", "linear"])
def test_training_is_the_plain_loop(schedule):
    """The loop of the tutorials, step by step and with torch's own schedule, on the same batches."""
    options = choose(schedule=schedule, clip_norm=0.5)
    ours, plain = fresh(), fresh()
    history = run(ours, options)
    optimizer = torch.optim.Adam(plain.parameters(), lr=0.01)
    falling = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 1 / 16 if schedule == "linear" else 1, total_iters=15)
    batches = Batches(PAIRS, SOURCE, TARGET, batch_size=7, seed=5)
    norms, losses = [], []
    for step in range(16):
        batch = batches[step]
        optimizer.zero_grad()
        logits = plain(batch.source, batch.mask, batch.previous).logits
        nll = -logits.log_softmax(-1).gather(-1, batch.following[..., None])[..., 0]
        loss = nll[batch.following != PAD].mean()
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(plain.parameters(), 0.5))
        optimizer.step()
        falling.step()
        losses.append((loss.item(), batch.n_words))
    assert min(norms) < 0.5 < max(norms)
    for name, weights in plain.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[name], weights, atol=2e-5, rtol=1e-4, msg=name)
    for number, one in enumerate(history.validations):
        epoch = losses[8 * number : 8 * number + 8]
        assert one.train_loss == pytest.approx(sum(loss * n for loss, n in epoch) / sum(n for _, n in epoch), rel=1e-4)


def test_the_history_is_what_the_model_can_do():
    model = fresh(d_hidden=29)
    history = run(model, choose(epochs=9, learning_rate=0.03))
    last = history.validations[-1]
    assert [one.step for one in history.validations] == list(range(8, 73, 8))
    assert history.steps == 72
    assert history.words == 9 * sum(len(pair.target) + 1 for pair in PAIRS)
    written = translate(model, SOURCE, TARGET, [pair.source for pair in VALID])
    assert last.exact_match == sum(tuple(w) == pair.target for w, pair in zip(written, VALID, strict=True)) / 11
    total = words = 0
    for pair in VALID:
        (batch,) = Batches([pair], SOURCE, TARGET, batch_size=1).once()
        logits = model(batch.source, batch.mask, batch.previous).logits[0]
        total += functional.cross_entropy(logits, batch.following[0], reduction="sum").item()
        words += len(pair.target) + 1
    assert last.valid_loss == pytest.approx(total / words, rel=1e-4)
    assert last.valid_loss < 0.7 * history.validations[0].valid_loss
    assert 0 < history.validations[0].seconds < last.seconds <= history.seconds
    assert not model.training


@EACH
def test_the_seed_decides_all(design, choices):
    one, other, third = fresh(**design), fresh(**design), fresh(**design)
    first = run(one, choose(**choices))
    torch.manual_seed(99)  # the world's chance does not matter …
    before = torch.get_rng_state()
    second = run(other.eval(), choose(**choices))  # nor whether the model was at rest
    assert torch.equal(before, torch.get_rng_state())  # … and is left alone
    run(third, choose(**choices, seed=6))
    assert same(one.state_dict(), other.state_dict())
    assert course(first) == course(second)
    assert not same(one.state_dict(), third.state_dict())


@EACH
@pytest.mark.parametrize("stop", [1, 8, 11, 16])
def test_ctrl_c_and_on_ends_as_without(tmp_path, design, choices, stop):
    """Stopped in the middle of the first step, of the last of an epoch, of an epoch, and of the last of all."""
    options = choose(**choices)
    whole = run(straight := fresh(**design), options, path=tmp_path / "whole")
    stopped = fresh(**design)
    at_call(stopped, stop, lambda: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        run(stopped, options, path=tmp_path / "stopped")
    assert checkpoints.read(resume_path(tmp_path / "stopped"))[1]["history"]["steps"] == stop
    assert same(checkpoints.load(tmp_path / "stopped").model.state_dict(), stopped.state_dict())
    torch.manual_seed(17)  # fresh weights of another kind, which the checkpoint replaces
    again = build(straight.config)
    history = run(again, options, path=tmp_path / "stopped", resume=True)
    assert same(straight.state_dict(), again.state_dict())
    assert course(history) == course(whole)
    # Not the weights alone: the optimiser's moments, the baseline and the generator are the same as well.
    assert same(*(checkpoints.read(resume_path(tmp_path / name))[0] for name in ("whole", "stopped")))


def test_a_run_that_was_killed_goes_on_from_its_last_checkpoint(tmp_path):
    run(straight := fresh(dropout=0.4), path=tmp_path / "whole")
    killed = fresh(dropout=0.4)

    def die():
        raise MemoryError

    at_call(killed, 13, die)
    with pytest.raises(MemoryError):
        run(killed, path=tmp_path / "killed")
    history = run(again := fresh(dropout=0.4), path=tmp_path / "killed", resume=True)
    assert history.steps == 16
    assert same(straight.state_dict(), again.state_dict())


def test_a_finished_run_is_taken_as_it_is(tmp_path):
    history = run(model := fresh(), path=tmp_path / "done")
    at_call(again := fresh(), 1, pytest.fail)
    assert course(run(again, path=tmp_path / "done", resume=True)) == course(history)
    assert same(model.state_dict(), again.state_dict())


def test_resume_begins_where_there_is_nothing(tmp_path):
    run(one := fresh())
    run(other := fresh(), path=tmp_path / "new", resume=True)
    assert same(one.state_dict(), other.state_dict())


def test_without_resume_a_run_begins_anew(tmp_path):
    run(fresh(d_hidden=11), path=tmp_path / "model")
    history = run(model := fresh(), path=tmp_path / "model")
    assert [one.step for one in history.validations] == [8, 16]
    run(alone := fresh())
    assert same(model.state_dict(), alone.state_dict())
    assert same(model.state_dict(), checkpoints.load(tmp_path / "model").model.state_dict())


def test_the_files_say_how_they_were_made(tmp_path):
    history = run(model := fresh(), path=tmp_path / "model", record={"why": "a test"})
    loaded = checkpoints.load(tmp_path / "model")
    assert same(loaded.model.state_dict(), model.state_dict())
    assert loaded.source.words == SOURCE.words
    assert loaded.record == {"why": "a test", "options": OPTIONS.to_json(), "history": history.to_json()}
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["model", "model.resume"]


def test_another_run_is_not_gone_on_with(tmp_path):
    run(fresh(), path=tmp_path / "run")
    others = {
        r"the options {'learning_rate': 0.01}; got {'learning_rate': 0.02}": (
            fresh(),
            choose(learning_rate=0.02),
            PAIRS,
        ),
        r"the config {'d_hidden': 13}; got {'d_hidden': 11}": (fresh(d_hidden=11), OPTIONS, PAIRS),
        r"the data {'pairs': 53, 'fingerprint': '\w+'}; got {'pairs': 52, ": (fresh(), OPTIONS, PAIRS[1:]),
    }
    for sentence, (model, options, pairs) in others.items():
        with pytest.raises(ValueError, match=sentence):
            train(model, pairs, VALID, options, SOURCE, TARGET, path=tmp_path / "run", progress=False, resume=True)
    with pytest.raises(ValueError, match="resume needs the path of the run; got path=None"):
        run(fresh(), resume=True)


def test_a_loss_that_runs_away_stops_with_a_sentence(tmp_path):
    with pytest.raises(
        ValueError, match=r"loss must be finite; got (nan|inf) at step \d: try a learning rate below 1e\+30"
    ):
        run(fresh(), choose(learning_rate=1e30))
    run(good := fresh(), choose(epochs=1), path=tmp_path / "good")
    bad = fresh()

    def poison():
        with torch.no_grad():
            bad.output.bias[3] = torch.nan

    at_call(bad, 11, poison)
    with pytest.raises(ValueError, match=r"the loss must be finite; got nan at step 11: .* or a clip norm below 1"):
        run(bad, path=tmp_path / "bad")
    assert same(checkpoints.load(tmp_path / "bad").model.state_dict(), good.state_dict())


def test_weights_that_ran_away_after_the_last_loss_are_not_written(tmp_path):
    bad = fresh()

    def poison():
        bad.output.bias.register_hook(lambda gradient: gradient * torch.nan)
        signal.raise_signal(signal.SIGINT)

    at_call(bad, 11, poison)
    with pytest.raises(ValueError, match="the weights must be finite; got nan at step 11"):
        run(bad, path=tmp_path / "bad")
    assert checkpoints.load(tmp_path / "bad").record["history"]["steps"] == 8


@pytest.mark.parametrize("share", [1.0, 0.4, 0.0])
def test_the_teacher_gives_the_share_that_was_asked_for(share):
    model, seen = fresh(), []
    forward = model.forward

    def wrapped(source, mask, previous, forced=None):
        if model.training:
            seen.append(forced if forced is None else (forced.shape == previous.shape, forced.float().mean().item()))
        return forward(source, mask, previous, forced)

    model.forward = wrapped
    run(model, choose(forcing_share=share))
    if share == 1:
        assert seen == [None] * 16
    else:
        assert all(fits for fits, _ in seen)
        assert sum(mean for _, mean in seen) / 16 == pytest.approx(share, abs=0.05)


def test_hard_attention_learns_where_to_look_from_rewards_alone():
    """Drawing a position lets no gradient through to the scores: only REINFORCE moves their weights."""
    batches = Batches(PAIRS, SOURCE, TARGET, batch_size=7)
    model = fresh(choice="reinforce", score="location", encoder="unidirectional")
    work = Run(model, choose(), batches)
    before = model.attention.score.weight.detach().clone()
    work.advance(3, lambda: False)
    assert not torch.equal(before, model.attention.score.weight)
    assert work.baseline < 0


def test_the_bar_tells_loss_speed_and_time_left(capsys):
    history = train(fresh(), PAIRS, VALID, OPTIONS, SOURCE, TARGET)
    out, text = capsys.readouterr()
    assert not out
    for one in history.validations:
        assert f"step {one.step}: loss {one.train_loss:.3f}, on unseen pairs {one.valid_loss:.3f}, BLEU " in text
    last = text.split("\r")[-1]
    assert "16/16" in last
    assert "loss " in last
    assert " words/s" in last
    assert "<" in last  # elapsed<left


def test_nothing_to_train_or_validate_on():
    for pairs, valid in ([], VALID), (PAIRS, []):
        with pytest.raises(ValueError, match="pairs must be one or more"):
            train(fresh(), pairs, valid, OPTIONS, SOURCE, TARGET, progress=False)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_stops_at_once_and_the_old_way_comes_back(number):
    before = signal.getsignal(number)
    with interrupts_wait() as asked:
        assert not asked()
        signal.raise_signal(number)
        assert asked()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert signal.getsignal(number) is before


def test_where_ctrl_c_is_switched_off_it_stays_off():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupts_wait() as asked:
            signal.raise_signal(signal.SIGINT)
            assert not asked()
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_training_runs_in_another_thread():
    run(one := fresh(), choose(epochs=1))
    thread = threading.Thread(target=run, args=(other := fresh(), choose(epochs=1)))
    thread.start()
    thread.join()
    assert same(one.state_dict(), other.state_dict())
