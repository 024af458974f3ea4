"""The fields of a cron expression: what may stand in them, and how EventBridge Scheduler writes the same."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import pairwise

#: The shortest run of values that is written as a range: `1,2` stays a list.
_SHORTEST_RUN = 3
_MOST_WEEKS = 5
_NO_DAY = -1


class CronError(ValueError):
    """An expression, or a time zone, that cannot be taken; its text says what is wrong and what to do."""

    def __init__(self, sentence: str, *, position: int | None = None, suggestion: str | None = None) -> None:
        super().__init__(sentence)
        self.position = position  #: the character, from 1, at which the part that is wrong begins
        self.suggestion = suggestion  #: what to put in the place of that part, when there is a good guess


@dataclass(frozen=True)
class Word:
    """A part of an expression, in capitals, and where it stands there."""

    text: str
    position: int

    def fault(self, sentence: str, suggestion: str | None = None) -> CronError:
        """Give the error that points here."""
        return CronError(sentence, position=self.position, suggestion=suggestion)


@dataclass(frozen=True)
class Term:
    """One item of a field's list: values `first` to `last` in steps, or with `mark` a day that moves (L, 5L, 5#2)."""

    word: Word
    first: int = 0
    last: int | None = None
    step: int | None = None
    star: bool = False
    mark: str = ""


@dataclass(frozen=True)
class Field:
    """What one field takes."""

    name: str
    plural: str
    lowest: int
    highest: int
    names: tuple[str, ...] = ()
    scheduler: bool = False  #: one of Scheduler's own six

    def terms(self, word: Word) -> list[Term]:
        """Take the field apart.

        Raises:
            CronError: for the first term that cannot be taken.
        """
        terms = [self._term(each) for each in _split(word)]
        marked = next((term for term in terms if term.mark), None)
        if marked and len(terms) > 1:
            raise marked.word.fault(
                f"{marked.word.text} cannot be one of several in the {self.name}: "
                "it must stand alone, so make a schedule of its own for it"
            )
        return terms

    def compact(self, values: Collection[int]) -> str:
        """Write a set of values as Scheduler reads it: `*`, numbers, ranges, and steps up to the highest value."""
        ordered = sorted(values)
        if len(ordered) == self.highest - self.lowest + 1:
            return "*"
        steps = {after - before for before, after in pairwise(ordered)}
        if len(ordered) >= _SHORTEST_RUN and len(steps) == 1:
            step = steps.pop()
            if step > 1 and ordered[-1] + step > self.highest:
                return f"{ordered[0]}/{step}"
        return ",".join(_runs(ordered))

    def _term(self, word: Word) -> Term:
        if not word.text:
            raise word.fault(f"a value is missing in the {self.name}: there must be one on each side of a comma")
        if marked := self._marked(word):
            return marked
        base, slash, step = word.text.partition("/")
        term = Term(word, star=True) if base == "*" else self._range(word, base)
        if slash:
            return replace(term, step=self._step(word, base, step))
        return term if term.star or term.last is not None else replace(term, last=term.first)

    def _step(self, word: Word, base: str, text: str) -> int:
        if not text.isdigit():
            raise word.fault(f"{word.text} has no number after the /: a step such as {base}/5 needs one")
        if not int(text):
            raise word.fault(f"the step of {word.text} is 0, which leads nowhere: the smallest is 1", base.lower())
        if self.scheduler and "-" in base:
            values = values_of(self, [replace(self._range(word, base), step=int(text))])
            raise word.fault(f"Scheduler documents no steps in a range such as {word.text}", self.compact(values))
        return int(text)

    def _range(self, word: Word, base: str) -> Term:
        first, dash, last = base.partition("-")
        term = Term(word, self._value(word, first), self._value(word, last) if dash else None)
        if term.last is not None and term.last < term.first:
            suggestion = self._wrapped(first, last) if base == word.text else None
            raise word.fault(
                f"the range {base.lower()} runs backwards: the smaller value comes first, and what goes over the end is two ranges",
                suggestion,
            )
        return term

    def _wrapped(self, first: str, last: str) -> str:
        highest = self.lowest + len(self.names) - 1 if self.names else self.highest
        if first.isdigit() and int(first) > highest:
            return f"0-{last}".lower()  # Sunday as 7 begins a week as 0
        start, end = (str(self.lowest), str(highest)) if first.isdigit() else (self.names[0], self.names[-1])
        upper = first if first == end else f"{first}-{end}"
        lower = last if last == start else f"{start}-{last}"
        return f"{upper},{lower}".lower()

    def _value(self, word: Word, text: str) -> int:
        if text in self.names:
            return self.names.index(text) + self.lowest
        if not text.isdigit():
            raise self._unreadable(word, text)
        if not self.lowest <= int(text) <= self.highest:
            raise word.fault(f"{self.name} {int(text)} does not exist: {self._extent}")
        return int(text)

    def _unreadable(self, word: Word, text: str) -> CronError:
        if text == "?":
            if self.scheduler:
                return word.fault(f"? stands alone, and only in one of the day fields, not in the {self.name}")
            return word.fault(
                "? is for Scheduler's own six fields in cron(...): write * here", word.text.replace("?", "*")
            )
        if not text:
            return word.fault(f"a value is missing in {word.text} in the {self.name}")
        near = [text[:3]] if text[:3] in self.names else get_close_matches(text, self.names, 1)
        guess = word.text.replace(text, near[0], 1).lower() if near else None
        return word.fault(f"{text.lower()} is no {self.name}: {self._extent}", guess)

    def _marked(self, word: Word) -> Term | None:
        """Take L, 5L and 5#2, which only the two day fields have."""
        text = word.text
        if self.name == "day of month":
            if re.fullmatch(r"L?W|\d+W", text):
                raise word.fault(f"{text}, the weekday nearest to a day, cannot be had: name days, or L for the last")
            return Term(word, _NO_DAY, mark="L") if text == "L" else None
        if self.name != "day of week":
            return None
        if text == "L" and self.scheduler:
            return Term(word, self.highest, self.highest)  # the last day of a week
        day, kind, nth = text.partition("#")
        if kind:
            if nth not in map(str, range(1, _MOST_WEEKS + 1)):
                raise word.fault(
                    f"{text} asks for no week that there is: after # comes a number from 1 to {_MOST_WEEKS}"
                )
            return Term(word, self._value(word, day), mark=f"#{nth}")
        return Term(word, self._value(word, text[:-1]), mark="L") if re.fullmatch(r"(\d+|\w{3})L", text) else None

    @property
    def _extent(self) -> str:
        named = f", or {self.names[0].lower()} to {self.names[-1].lower()}" if self.names else ""
        return f"{self.plural} go from {self.lowest} to {self.highest}{named}"


_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")

FIVE = (
    Field("minute", "minutes", 0, 59),
    Field("hour", "hours", 0, 23),
    Field("day of month", "days of the month", 1, 31),
    Field("month", "months", 1, 12, _MONTHS),
    Field("day of week", "days of the week", 0, 7, _DAYS),
)
SIX = (
    *(replace(field, scheduler=True) for field in FIVE[:4]),
    Field("day of week", "days of the week", 1, 7, _DAYS, scheduler=True),
    Field("year", "years", 1970, 2199, scheduler=True),
)


def words_of(text: str, offset: int = 0) -> list[Word]:
    """Find the words of a text that begins after `offset` characters of the expression."""
    return [Word(found[0].upper(), offset + found.start() + 1) for found in re.finditer(r"\S+", text)]


def as_cron(field: Field, terms: Sequence[Term]) -> str:
    """Write a field as cronsim reads it: numbers only, and the days of the week from Sunday as 0."""
    shift = 1 if field.scheduler and field.name == "day of week" else 0
    highest = field.highest - shift
    return ",".join(_as_cron(_plain(field, term), shift, highest if shift else None) for term in terms)


def values_of(field: Field, terms: Sequence[Term]) -> Sequence[int]:
    """List a field's values: of the years, that cron does not know."""
    values: set[int] = set()
    for term in terms:
        first = field.lowest if term.star else term.first
        last = field.highest if term.last is None else term.last
        values.update(range(first, last + 1, term.step or 1))
    return tuple(sorted(values))


def _plain(field: Field, term: Term) -> Term:
    """Call */90 by what it is, 0; in the day fields cron's meaning hangs on the star."""
    if term.star and term.step and term.step > field.highest - field.lowest and not field.name.startswith("day"):
        return Term(term.word, field.lowest, field.lowest)
    return term


def _as_cron(term: Term, shift: int, end: int | None) -> str:
    if term.star:
        return "*" if term.step is None else f"*/{term.step}"
    first = term.first - shift
    if term.mark:
        return term.mark if term.first == _NO_DAY else f"{first}{term.mark}"
    last = end if term.last is None else term.last - shift
    if last == first:
        return str(first)  # cronsim reads 5-5/10 as 5/10
    return f"{first}" + (f"-{last}" if last is not None else "") + (f"/{term.step}" if term.step else "")


def _split(word: Word) -> Iterator[Word]:
    position = word.position
    for text in word.text.split(","):
        yield Word(text, position)
        position += len(text) + 1


def _runs(ordered: Sequence[int]) -> Iterator[str]:
    start = 0
    for end in range(1, len(ordered) + 1):
        if end < len(ordered) and ordered[end] == ordered[end - 1] + 1:
            continue
        run = ordered[start:end]
        yield f"{run[0]}-{run[-1]}" if len(run) >= _SHORTEST_RUN else ",".join(map(str, run))
        start = end
