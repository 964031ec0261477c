"""Texts that are hardest for a pattern, and a measure of the cost: a text against one twice as long.

The texts are made of the pattern's own words and characters: repeated, begun, split, and left without an end. Time is
this thread's CPU time, so that other work on the machine does not count. Order: texts, words, measure.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from re import _parser  # type: ignore[attr-defined]  # what makes patterns of texts knows best what is in them
from typing import Any

LONGEST = 65_536  # characters
_QUICK_SECONDS = 0.02  # less than this at LONGEST is no danger, and the ratio would be noise
_TIMES_LONGER = 3.0  # for twice the text; what is quadratic takes four times as long
_TRIES = 4
_SHORT = (16, 20, 24, 28, 32)  # characters: exponential growth must be found before it takes forever
_MOST_REPEATED = 40  # times, for what a pattern repeats
_BLANKS = (" ", "-", '"', "\\")
_ENDS = ("!", "", "\0", '"')


def texts(words: Sequence[str], paired: int = 12) -> Iterator[Callable[[int], str]]:
    """Makers of texts of a given length: each word, or two in turn, behind another one, before an odd end.

    `paired` says how many of the words, from the first one on, are put beside each other.
    """
    chains = [*words, *(word + blank for word in words[:paired] for blank in _BLANKS)]
    chains += [one + other for one in words[:paired] for other in words[:paired] if one != other]
    for number, chain in enumerate(chains):
        yield _maker("", chain, _ENDS[number % len(_ENDS)])
    for begin in words[:paired]:
        for chain in words[:paired]:
            yield _maker(begin, chain, "!")


def _maker(begin: str, chain: str, end: str) -> Callable[[int], str]:
    def make(length: int) -> str:
        return f"{begin}{chain * max(1, (length - len(begin) - len(end)) // len(chain))}{end}"

    return make


def words_of(pattern: str | bytes, flags: int = 0) -> list[str]:
    """What a pattern consists of: its literal words, a character of each class, its beginnings."""
    items = list(_parser.parse(pattern, flags))
    beginnings, whole = [], ""
    for item in items:
        whole += _sample(item)
        beginnings.append(whole)
    return [word for word in dict.fromkeys([*_words(items), *beginnings]) if word]


def _words(items: Iterable[Any]) -> Iterator[str]:
    run = ""
    for item in items:
        if str(item[0]) == "LITERAL":
            run += chr(item[1])
            continue
        yield from (run, _sample(item))
        run = ""
        for inner in _inside(item[1]):
            yield from _words(inner)
    yield run


def _inside(argument: Any) -> Iterator[list[Any]]:
    """The patterns within a repetition, a group or a choice."""
    if isinstance(argument, _parser.SubPattern):
        yield list(argument)
    elif isinstance(argument, tuple | list):
        for part in argument:
            yield from _inside(part)


def _sample(item: Any) -> str:
    name, argument = str(item[0]), item[1]
    if name == "LITERAL":
        return chr(argument)
    if name in ("ANY", "NOT_LITERAL"):
        return "a"
    if name == "IN":
        return _of_class(argument)
    if name == "BRANCH":
        return "".join(map(_sample, argument[1][0]))
    if name.endswith("_REPEAT"):
        low, _, inner = argument
        times: int = min(max(low, 1), _MOST_REPEATED)
        return "".join(map(_sample, inner)) * times
    if name == "SUBPATTERN":
        return "".join(map(_sample, argument[3]))
    return ""  # where a text begins and ends, looks ahead, groups met before


_CATEGORIES = {"DIGIT": "0", "SPACE": " ", "WORD": "a", "NOT_DIGIT": "a", "NOT_SPACE": "a", "NOT_WORD": "-"}


def _of_class(members: Iterable[Any]) -> str:
    for operation, argument in members:
        match str(operation):
            case "LITERAL":
                return chr(argument)
            case "RANGE":
                return chr(argument[0])
            case "CATEGORY":
                return _CATEGORIES[str(argument).removeprefix("CATEGORY_").removeprefix("UNI_")]
    return "a"


def grows_faster(run: Callable[[Any], object], make: Callable[[int], Any], longest: int = LONGEST) -> str | None:
    """How the time of `run` grows where it grows faster than its text; None when it does not.

    Texts are doubled from a short one on, so that fast growth is found while they are short.
    """
    before = 0.0
    for length in (*_SHORT, *(_SHORT[-1] << power for power in range(1, longest.bit_length()))):
        if length > longest:
            break
        took = _seconds(run, make(length))
        if took > _QUICK_SECONDS and length <= _SHORT[-1]:
            return f"{took:.3f} s for only {length} characters"
        if took > _QUICK_SECONDS:
            for _ in range(_TRIES):
                if took <= max(_QUICK_SECONDS, before * _TIMES_LONGER):
                    break
                took = min(took, _seconds(run, make(length)))
                before = max(before, _seconds(run, make(length // 2)))
            else:
                return f"{before:.3f} s for {length // 2} characters, {took:.3f} s for {length}"
        if length > _SHORT[-1] and took * (longest / length) ** 2 < _QUICK_SECONDS:
            break  # were it quadratic, the longest text would be no danger either
        before = took
    return None


def _seconds(run: Callable[[Any], object], text: Any) -> float:
    began = time.thread_time()
    run(text)
    return time.thread_time() - began
