"""Laws of distinguished names: whatever a text is, it is below itself or no name, and renaming there and back is nothing."""

from hypothesis import given
from hypothesis import strategies as st

from provisor.directory.inbound.containers import is_below_any, parsed, rebased

TEXTS = st.text(alphabet=st.sampled_from('aB,=+\\ "#0Cé\n\ud800'), max_size=20)
VALUES = st.text(min_size=1, max_size=8).filter(lambda text: text.strip(" ") == text)


def escaped(value):
    return "".join(f"\\{byte:02X}" for byte in value.encode("utf-8", "surrogatepass"))


NAMES = st.lists(VALUES, min_size=1, max_size=4).map(
    lambda values: ",".join(f"OU={escaped(value)}" for value in values)
)


@given(TEXTS)
def test_a_text_is_below_itself_or_no_name(text):
    assert is_below_any(text, [text]) == (parsed(text) is not None)


@given(TEXTS, TEXTS, TEXTS)
def test_any_texts_can_be_rebased(name, old, new):
    assert isinstance(rebased(name, old, new), str)


@given(VALUES, NAMES, NAMES)
def test_renaming_there_and_back_changes_nothing(own, old, new):
    name = f"CN={escaped(own)},{old}"

    assert rebased(rebased(name, old, new), new, old) == name


@given(VALUES, NAMES, NAMES)
def test_what_was_below_the_old_container_is_below_the_new_one(own, old, new):
    assert is_below_any(rebased(f"CN={escaped(own)},{old}", old, new), [new])
