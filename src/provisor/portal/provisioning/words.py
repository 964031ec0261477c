"""Numbers and spans of time in the words that these pages have for them."""


def span(seconds: float) -> str:
    """How long something took."""
    if seconds < 0.1:
        return "less than 0.1 seconds"
    if seconds < 10:
        return f"{seconds:.1f} seconds"
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} minutes"
    if seconds < 48 * 3600:
        return f"{seconds / 3600:.1f} hours"
    return f"{seconds / 86_400:.0f} days"


def short_span(seconds: float) -> str:
    """The same in a narrow column."""
    if seconds < 90:
        return f"{max(seconds, 0):.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"


def about(seconds: float) -> str:
    """How long something will take, as exactly as one can know it."""
    if seconds < 45:
        return "less than a minute"
    if seconds < 90:
        return "about a minute"
    if seconds < 55 * 60:
        return f"about {round(seconds / 60)} minutes"
    if seconds < 90 * 60:
        return "about an hour"
    if seconds < 36 * 3600:
        return f"about {round(seconds / 3600)} hours"
    return f"about {round(seconds / 86_400)} days"


def counted(number: int, noun: str) -> str:
    """`1 user`, `1,000 users`."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def listed(words: list[str]) -> str:
    """`a, b and c`."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
