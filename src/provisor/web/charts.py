"""Charts as values: series over time, for a script to draw and for a table to tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

Tone = Literal["one", "two", "three", "four", "five", "six"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One kind of numbers, in the colour of the style sheet that has this name."""

    label: str
    tone: Tone
    values: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartRow:
    """What all series say of one time."""

    at: int  # microseconds
    values: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Series over the same times (microseconds, ascending): stacked bars, or lines."""

    times: Sequence[int]
    series: Sequence[Series]
    unit: str = ""
    kind: Literal["bars", "lines"] = "bars"

    @property
    def data(self) -> str:
        """For the script, as JSON."""
        told = {
            "times": [at / 1_000_000 for at in self.times],
            "series": [{"label": one.label, "tone": one.tone, "values": list(one.values)} for one in self.series],
            "unit": self.unit,
            "kind": self.kind,
        }
        return msgspec.json.encode(told).decode()

    @property
    def rows(self) -> list[ChartRow]:
        """For the table, the newest first."""
        told = [
            ChartRow(at=at, values=[series.values[index] for series in self.series])
            for index, at in enumerate(self.times)
        ]
        return told[::-1]
