"""Regular expressions of the .NET dialect, and their limits."""

import time

import pytest

from provisor.expressions import ExpressionFailure
from provisor.expressions.functions.dialect import translate


def replaced(evaluate, source, pattern, replacement):
    return evaluate("Replace([s], , [p], , [r], , )", s=source, p=pattern, r=replacement)


@pytest.mark.parametrize(
    ("source", "pattern", "replacement", "result"),
    [
        ("a1b2", r"(?'digit'\d)", "<${digit}>", "a<1>b<2>"),
        ("٣", r"\d", "x", "x"),
        ("ab", r"(?<second>a)(b)", "$1${second}$2", "baa"),  # unnamed groups count first
        ("abab", r"(?<x>a)(b)\2\1", "-", "-"),
        ("abba", r"(?<x>a)(b)\1\2", "-", "-"),
        ("abab", r"(?<x>ab)\k<x>", "-", "-"),
        ("a", "a", "$$ $& ${none} $9 $x", "$ a ${none} $9 $x"),
        ("xay", "a", "[$`|$'|$_]", "x[x|y|xay]y"),
        ("ab", "(a)(b)?", "$+", "b"),
        ("aXb", "(?i)x", "-", "a-b"),
        ("aXb", "a(?i:x)b", "-", "-"),
        ("ß SS", "(?i)ss", "-", "ß -"),
        ("aeiouxyz", "[a-z-[aeiou]]", "-", "aeiou---"),
        ("ab1", "[^a-z-[0-9]]", "-", "ab1"),
        ("a[b&&c--d~~e", "[[&~-]", ".", "a.b..c..d..e"),
        ("a]b", "[]]", "-", "a-b"),
        ("e<=1 abc", "(?:abd){e<=1}", "-", "e<=1 abc"),
        ("x{,2}", "x{,2}", "-", "-"),
        ("line\n", r"line\Z", "-", "-\n"),
        ("line\n", r"line\z", "-", "line\n"),
        ("a\x1b\x41", r"\e\x41\u0061?", "-", "a-"),
        ("baac", "a*", "-", "-b--c-"),
        ("aXb", "a(?#any)X", "-", "-b"),
        ("price", r"(?<=p)r(?=i)", "-", "p-ice"),
        ("Çé", r"\p{L}", "x", "xx"),
    ],
)
def test_pattern_means_what_it_means_in_dotnet(evaluate, source, pattern, replacement, result):
    assert replaced(evaluate, source, pattern, replacement) == result


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("(", 'lacks a ")"'),
        (")", 'has one ")" too many'),
        ("[a", 'lacks a "]"'),
        ("*a", "nothing before it to repeat"),
        ("a**", "repeats a repetition"),
        ("a++", "repeats a repetition"),
        ("a{2}{3}", "repeats a repetition"),
        ("\\", "lone backslash"),
        (r"\K", r'an escape "\\K" that is not known'),
        (r"\1", "refers to a group 1"),
        (r"(a)\k<b>", "refers to a group b"),
        ("(?|a)", "of a kind that is not supported"),
        ("(?R)", "only i, m and s are supported"),
        ("(?<a-b>x)", "of a kind that is not supported"),
        ("(?(1)a|b)", "of a kind that is not supported"),
        ("(?x)a", "only i, m and s are supported"),
        ("x" * 501, "is longer than 500 characters"),
        ("(?:(?:a{99}){99}){99}", "repeats to more than 500 characters"),
        ("(" * 60 + ")" * 60, "nests groups more than 50 deep"),
        ("[a-[b]c]", "continues after a class"),
        ("[z-a]", "is not a valid regular expression"),
        (r"\p{Nope}", "is not a valid regular expression"),
    ],
    ids=lambda value: value[:20],
)
def test_pattern_that_is_wrong_or_not_supported_is_a_failure_with_its_reason(evaluate, pattern, said):
    failure = replaced(evaluate, "text", pattern, "x")

    assert isinstance(failure, ExpressionFailure)
    assert failure.position == 16
    assert said.replace("\\\\", "\\") in failure.message


@pytest.mark.parametrize(
    ("pattern", "source"),
    [
        (r"^(\w+\s?)*(\w+\s?)*$", "a b " * 10_000 + "!"),
        (r"(?:(?:a|aa)+)+$", "a" * 4_000 + "!"),
        (r"(.*?,){20}x", "1,2,3,4,5,6,7,8,9,0," * 100),
    ],
)
def test_catastrophic_pattern_ends_as_a_failure(evaluate, pattern, source):
    started = time.perf_counter()
    failure = replaced(evaluate, source, pattern, "x")
    seconds = time.perf_counter() - started

    assert isinstance(failure, ExpressionFailure)
    assert failure.function == "Replace"
    assert "takes too long" in failure.message
    assert seconds < 1  # 0.04 by design; a busy machine may be slow


def test_many_slow_patterns_share_one_limit(evaluate):
    nested = "[a]"
    for _ in range(30):
        nested = f'Replace({nested}, , "(?:(?:a|aa)+)+$", , "x", , )'
    started = time.perf_counter()
    failure = evaluate(nested, a="a" * 4_000 + "!")

    assert isinstance(failure, ExpressionFailure)
    assert time.perf_counter() - started < 1


def test_group_is_replaced_in_every_match(evaluate):
    assert evaluate('Replace([a], , "(?<n>\\\\d)x", "n", "-", , )', a="1x 2y 3x") == "-x 2y -x"


def test_group_that_took_no_part_changes_nothing(evaluate):
    assert evaluate('Replace([a], , "a(?<n>b)?", "n", "-", , )', a="a ab") == "a a-"


def test_group_can_be_named_by_number(evaluate):
    assert evaluate('Replace([a], , "(x)(?<n>y)", "1", "-", , )', a="xy") == "-y"


def test_attribute_mode_without_a_match_is_null(evaluate):
    assert evaluate('Replace([a], , "(?<n>z)", "n", , [b], )', b="xy") is None


def test_plain_pattern_is_left_as_it_is():
    assert translate(r"^(a|b)+[c-e]\d{2,3}?$").text == r"^(a|b)+[c-e]\d{2,3}?$"
