"""A linear-chain conditional random field over name tags, which can learn from texts that are labelled only in part.

Tags are O and, for every type of name, B (begins), I (goes on), E (ends) and S (stands alone). A sequence such as
"B-company O" is impossible, in training and at work.

What a training text does not say is left open: every token carries the set of tags that it may have, and the loss is
the log probability of all sequences that the sets allow (Tsuboi et al., "Training Conditional Random Fields Using
Incomplete Annotations", 2008). So a set that marks "an organisation" without saying which kind, or nothing but the
companies of a headline, teaches what it knows and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

OUTSIDE = "O"
_NEVER = -1e4
_TINY = 1e-30

Span = tuple[int, int, str]


def tags_of(types: Sequence[str]) -> list[str]:
    """All tags for these types: O first, then B, I, E, S of each."""
    return [OUTSIDE, *(f"{place}-{kind}" for kind in types for place in "BIES")]


def impossible(tags: Sequence[str]) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Which tag can't follow which (n, n: from, to), which can't begin a text, and which can't end one."""
    ends_name = np.array([tag[0] in "OES" for tag in tags])
    begins_name = np.array([tag[0] in "OBS" for tag in tags])
    is_same = np.array([[one[2:] == other[2:] for other in tags] for one in tags])
    follows = np.where(ends_name[:, None], begins_name[None, :], ~begins_name[None, :] & is_same)
    return ~follows, ~begins_name, ~ends_name


class Crf(nn.Module):
    """Scores of tag sequences: what each token says for a tag, and how well tags follow one another."""

    never_follows: Tensor
    never_first: Tensor
    never_last: Tensor

    def __init__(self, tags: Sequence[str]) -> None:
        super().__init__()
        self.transitions = nn.Parameter(torch.zeros(len(tags), len(tags)))
        for name, mask in zip(("never_follows", "never_first", "never_last"), impossible(tags), strict=True):
            self.register_buffer(name, torch.from_numpy(mask), persistent=False)

    def loss(self, emissions: Tensor, lengths: Tensor, allowed: Tensor) -> Tensor:
        """Negative log probability of the allowed sequences, a mean over texts.

        Args:
            emissions: (texts, tokens, tags); lengths: (texts,), at least 1; allowed: (texts, tokens, tags) bool.
        """
        constrained = emissions.masked_fill(~allowed, _NEVER)
        both = self._log_sum(torch.cat([emissions, constrained]), lengths.repeat(2))
        every, right = both.chunk(2)
        return (every - right).mean()

    def _log_sum(self, emissions: Tensor, lengths: Tensor) -> Tensor:
        """(texts,) log of the summed scores of all sequences; sums run in ordinary numbers, scaled by each maximum."""
        follow = self._transitions().exp()
        score = emissions[:, 0].masked_fill(self.never_first, _NEVER)
        for place in range(1, emissions.shape[1]):
            top = score.amax(dim=1, keepdim=True).detach()
            summed = ((score - top).exp() @ follow).clamp_min(_TINY).log() + top
            is_inside = (place < lengths)[:, None]
            score = torch.where(is_inside, summed + emissions[:, place], score)
        return score.masked_fill(self.never_last, _NEVER).logsumexp(dim=1)

    def best(self, emissions: Tensor, lengths: Sequence[int]) -> list[list[int]]:
        """The best sequence of each text (Viterbi): tag numbers, as many as the text has tokens."""
        follow = self._transitions()[None]
        score = emissions[:, 0].masked_fill(self.never_first, _NEVER)
        steps = torch.tensor(lengths)
        back = []
        for place in range(1, emissions.shape[1]):
            best, origin = (score[:, :, None] + follow).max(dim=1)
            is_inside = (place < steps)[:, None]
            score = torch.where(is_inside, best + emissions[:, place], score)
            back.append(origin.numpy())
        last = score.masked_fill(self.never_last, _NEVER).argmax(dim=1).tolist()
        paths = []
        for row, (tag, length) in enumerate(zip(last, lengths, strict=True)):
            path = [tag]
            for place in range(length - 2, -1, -1):
                tag = int(back[place][row, tag])
                path.append(tag)
            paths.append(path[::-1])
        return paths

    def _transitions(self) -> Tensor:
        return self.transitions.masked_fill(self.never_follows, _NEVER)


def spans_of(path: Sequence[int], tags: Sequence[str]) -> list[Span]:
    """Names of a tag sequence, as (first token, token after the last, type)."""
    spans = []
    start = 0
    for place, number in enumerate(path):
        if number == 0:
            continue
        tag = tags[number]
        if tag[0] in "BS":
            start = place
        if tag[0] in "ES":
            spans.append((start, place + 1, tag[2:]))
    return spans


def allowed_tags(
    count: int, spans: Sequence[Span], unknown: Sequence[tuple[int, int]], tags: Sequence[str]
) -> NDArray[np.bool_]:
    """(count, tags) the tags that each token may have.

    Args:
        spans: names by token places; a type may be a choice, as in "company|organization".
        unknown: stretches of tokens of which nothing is known.
    """
    column = {tag: number for number, tag in enumerate(tags)}
    allowed = np.zeros((count, len(tags)), bool)
    allowed[:, 0] = True
    for start, end in unknown:
        allowed[start:end] = True
    for start, end, choice in spans:
        allowed[start:end] = False
        for kind in choice.split("|"):
            if end - start == 1:
                allowed[start, column[f"S-{kind}"]] = True
                continue
            allowed[start, column[f"B-{kind}"]] = True
            allowed[start + 1 : end - 1, column[f"I-{kind}"]] = True
            allowed[end - 1, column[f"E-{kind}"]] = True
    return allowed
