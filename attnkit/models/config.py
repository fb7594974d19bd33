"""What a recurrent translator is made of: every choice that the chapters discuss, by name."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated
from typing import Literal as OneOf

from attnkit._choices import Choices, Count, PartialShare, Wanted, whole

SPECIALS = 4  # <pad> <bos> <eos> <unk> open every vocabulary
Words = Annotated[int, whole(SPECIALS + 1)]
NoWords = Annotated[int, Wanted(f"{SPECIALS}, the special tokens alone", lambda value: value == SPECIALS)]
# The choices that mean nothing unless attention stands in one of these places.
NEEDED = {
    "feed_context": ("none",),
    "input_feeding": ("after",),
    "score": ("before", "after"),
    "window": ("before", "after"),
    "choice": ("before", "after"),
}


@dataclass(frozen=True, kw_only=True)
class Config(Choices):
    """The design of one translator; what does not fit together is refused with a sentence.

    Attributes
    ----------
    source_words, target_words
        Sizes of the two vocabularies, the four special tokens included.
    attention
        Where attention stands: nowhere, before the decoder's step (from :math:`s_{t-1}`, Bahdanau) or after it
        (from :math:`h_t`, Luong).
    score
        How a query is compared with the keys.
    encoder
        In a bidirectional encoder each direction has half the width, so that states are d_hidden wide in both kinds.
    reverse_source
        The encoder reads the sentence from its end. States and weights keep the order of the sentence.
    feed_context
        Without attention: the context vector enters every step of the decoder, through its own weights.
    input_feeding
        With attention after the step: the attentional state of the last step enters the next one.
    window, half_width
        Which source positions the softmax runs over: all, or those within half_width (Luong's D) of a centre that
        moves on by one a step (local-m) or is predicted (local-p).
    choice
        Soft weights, or one position drawn in training (and the best one afterwards), trained straight through or by
        REINFORCE.
    d_embedding, d_hidden
        Width of a word's vector and of a state, on both sides.
    layers
        LSTM layers, on both sides.
    dropout
        Share of a vector's numbers dropped in training: of the embeddings, between layers, and of the readout.
    longest
        The most source words that the location score can tell apart.
    """

    source_words: Words
    target_words: Words
    attention: OneOf["none", "before", "after"] = "after"
    score: OneOf["dot", "cosine", "general", "concat", "additive", "location"] = "general"
    encoder: OneOf["unidirectional", "bidirectional"] = "unidirectional"
    reverse_source: bool = False
    feed_context: bool = False
    input_feeding: bool = False
    window: OneOf["global", "local-m", "local-p"] = "global"
    half_width: Count = 3
    choice: OneOf["soft", "straight-through", "reinforce"] = "soft"
    d_embedding: Count = 48
    d_hidden: Count = 64
    layers: Count = 1
    dropout: PartialShare = 0.0
    longest: Count = 64

    def __post_init__(self) -> None:
        super().__post_init__()
        default = {field.name: field.default for field in fields(self)}
        for name, places in NEEDED.items():
            value = getattr(self, name)
            if value != default[name] and self.attention not in places:
                raise ValueError(f"{name}={value!r} needs attention {' or '.join(places)}; got {self.attention}")
        if self.encoder == "bidirectional" and self.d_hidden % 2:
            raise ValueError(f"d_hidden must be even, for a bidirectional encoder halves it; got {self.d_hidden}")
        if self.encoder == "bidirectional" and self.reverse_source:
            raise ValueError("reverse_source must be False, for a bidirectional encoder reads both ways; got True")


@dataclass(frozen=True, kw_only=True)
class BlockChoices(Choices):
    r"""What a stack of Transformer blocks is made of; what does not fit together is refused with a sentence.

    Attributes
    ----------
    positions
        How a token's position is told: not at all, by a vector that is added to its embedding (learned, sinusoidal),
        or in the scores of a sentence's attention to itself (rotary, ALiBi).
    norm
        Where the layer norms stand: behind each sum (post), or in front of each sublayer (pre), which then has one
        more behind the last block.
    scaled
        Whether dot products are divided by :math:`\sqrt{d_k}`.
    mask
        What a written word may see of the sentence it stands in: itself and what was written before (causal).
        The others are mistakes, to see what becomes of them: all of it (none), only what comes later (inverted), or
        all of it with 10 taken off the scores of later words (weak).
    d_model
        Width of the vectors that the blocks hand on.
    heads
        How many heads each attention has; each is d_model / heads wide.
    layers
        Blocks, on each side.
    d_feed_forward
        Width of the hidden layer of the feed-forward networks.
    dropout
        Share of the embeddings' numbers, positions included, and of the last block's, dropped in training.
    longest
        How many positions the learned table has, on each side.
    """

    positions: OneOf["none", "learned", "sinusoidal", "rotary", "alibi"] = "sinusoidal"
    norm: OneOf["post", "pre"] = "pre"
    scaled: bool = True
    mask: OneOf["causal", "none", "inverted", "weak"] = "causal"
    d_model: Count = 96
    heads: Count = 4
    layers: Count = 2
    d_feed_forward: Count = 384
    dropout: PartialShare = 0.0
    longest: Count = 128

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.d_model % self.heads:
            raise ValueError(f"heads must divide d_model={self.d_model}; got {self.heads}")
        if self.positions == "rotary" and self.d_model // self.heads % 2:
            raise ValueError(f"a head must have an even width to be rotated; got {self.d_model // self.heads}")


@dataclass(frozen=True, kw_only=True)
class TransformerConfig(BlockChoices):
    """The design of one Transformer: :class:`BlockChoices` for both sides, and the vocabularies.

    Attributes
    ----------
    source_words, target_words
        Sizes of the two vocabularies, the four special tokens included.
    """

    source_words: Words
    target_words: Words


@dataclass(frozen=True, kw_only=True)
class LanguageModelConfig(BlockChoices):
    """The design of one language model: :class:`BlockChoices`, and its vocabulary.

    Attributes
    ----------
    source_words
        There is no source, so its vocabulary holds the four special tokens alone.
    target_words
        Size of the vocabulary, the four special tokens included.
    """

    source_words: NoWords
    target_words: Words
