import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.flows.expressions import (
    MOST_NUMBER,
    MOST_TEXT,
    Expression,
    ExpressionError,
    Template,
    Value,
    as_number,
)

NAMES: dict[str, Value] = {
    "caller": "+4930123", "language": "de", "digits": "0123", "tries": 2, "vip": True, "contact.city": "Köln",
}  # fmt: skip


def value(source: str) -> Value:
    return Expression(source).evaluate(NAMES)


@pytest.mark.parametrize(("source", "wanted"), [
    ('caller == "+4930123"', True),
    ('caller != "+4930123"', False),
    ("tries + 1", 3),
    ("tries - 5", -3),
    ("tries - 1 - 1", 0),
    ("tries + 1 == 3", True),
    ("tries >= 2 and tries <= 2", True),
    ("tries > 2 or tries < 2", False),
    ("digits == 123", True),
    ('digits == "123"', False),
    ('"9" < "10"', False),
    ('"9" < 10', True),
    ('"x" < 10', False),
    ('"x" >= 10', False),
    ('"x" == 10', False),
    ("tries == tries", True),
    ("true == vip", True),
    ('vip == "true"', True),
    ("not vip", False),
    ("not tries == 3", True),
    ("not (vip and tries > 1)", False),
    ('language in ["de", \'it\']', True),
    ('language not in ["de"]', False),
    ("tries in [1, 2]", True),
    ("digits in []", False),
    ('"12" in digits', True),
    ("unknown", ""),
    ("not unknown", True),
    ("contact.city", "Köln"),
    ('starts_with(caller, "+49")', True),
    ('ends_with(caller, "0")', False),
    ("len(digits)", 4),
    ("digits(caller)", "4930123"),
    ('lower("ABC") + "d"', "abcd"),
    ('"1" + "2"', "12"),
    ('"1" + 2', 3),
    ('"n" + 2', "n2"),
    ("1 or 0 and 0", True),
    ("vip and tries == 2 and language == \"de\"", True),
])
def test_values(source: str, wanted: Value) -> None:
    found = value(source)
    assert found == wanted
    assert type(found) is type(wanted)


@pytest.mark.parametrize(("source", "column", "hint"), [
    ("", 1, "a value is expected"),
    ("a =", 3, "compare with =="),
    ("a == ", 6, "a value is expected"),
    ("a b", 3, "the end or an operator"),
    ("(a", 3, "')' is expected"),
    ("1 < 2 < 3", 7, "`and` between comparisons"),
    ("0123", 1, 'write "0123"'),
    ("1234567890123456", 1, "are a text"),
    ("exec(a)", 1, "known are len"),
    ("len(a, b)", 1, "it takes 1"),
    ("starts_with(a)", 1, "it takes 2"),
    ('"open', 1, "texts stand in quotes"),
    ("a not b", 7, "'in' is expected"),
    ("a.b.c", 4, "texts stand in quotes"),
    ("__import__('os')", 1, "no function"),
    ("[1]", 1, "a value is expected"),
])
def test_faults_say_where_and_what(source: str, column: int, hint: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        Expression(source)
    assert str(caught.value).startswith(f"column {column}:")
    assert hint in str(caught.value)


@pytest.mark.parametrize("source", [
    "(" * 5000 + "1", "not " * 5000 + "1", "a + " * 400 + "a", "(" * 100 + "1" + ")" * 100, "not " * 100 + "1",
])
def test_size_and_depth_are_bounded(source: str) -> None:
    with pytest.raises(ExpressionError, match=r"longer than|nested more than"):
        Expression(source)


def test_values_are_bounded() -> None:
    names: dict[str, Value] = {"x": MOST_NUMBER, "t": "a" * MOST_TEXT}
    assert Expression("x + x").evaluate(names) == MOST_NUMBER
    assert Expression("0 - x - x").evaluate(names) == -MOST_NUMBER
    assert Expression("t + t").evaluate(names) == "a" * MOST_TEXT
    assert len(Template("${t}${t}").render(names)) == MOST_TEXT


@pytest.mark.parametrize("text", ["١٢", "²", "1e5", " 1", "1" * 16, ""])
def test_only_plain_digits_are_numbers(text: str) -> None:
    assert as_number(text) is None


def test_the_variables_read_are_known() -> None:
    assert Expression('a == 1 and starts_with(b, "c") or d in [e]').names == {"a", "b", "d", "e"}
    assert Template("x_${a}_${b + 1}").names == {"a", "b"}


@pytest.mark.parametrize(("source", "wanted"), [
    ("plain", "plain"), ("${language}", "de"), ("s_${language}_${tries + 1}x", "s_de_3x"), ("$5 {x}", "$5 {x}"),
    ("${vip}", "true"),
])
def test_templates(source: str, wanted: str) -> None:
    assert Template(source).render(NAMES) == wanted


@pytest.mark.parametrize("source", ["${language", "${}", "${a b}"])
def test_faulty_templates(source: str) -> None:
    with pytest.raises(ExpressionError):
        Template(source)


def test_what_a_caller_typed_is_never_evaluated() -> None:
    assert Template("${digits}").render({"digits": "${caller}", "caller": "x"}) == "${caller}"
    assert Expression("digits").evaluate({"digits": "1 + 1"}) == "1 + 1"


logic = st.recursive(
    st.sampled_from(["true", "false"]),
    lambda inner: st.one_of(
        st.builds("{} and {}".format, inner, inner),
        st.builds("{} or {}".format, inner, inner),
        st.builds("not {}".format, inner),
        st.builds("({})".format, inner),
    ),
    max_leaves=8,
).filter(lambda source: source.count("(") + source.count("not") < 8)


@given(logic)
def test_and_or_not_bind_as_in_python(source: str) -> None:
    assert Expression(source).evaluate({}) == eval(source.replace("true", "True").replace("false", "False"))


@given(st.text("abcx01(),[]<>=!+-\"' .$", max_size=30), st.dictionaries(st.sampled_from("abcx"), st.one_of(
    st.text(max_size=8), st.integers(-MOST_NUMBER, MOST_NUMBER), st.booleans())))
def test_any_text_is_refused_or_gives_a_bounded_value(source: str, names: dict[str, Value]) -> None:
    try:
        expression = Expression(source)
    except ExpressionError:
        return
    found = expression.evaluate(names)
    assert isinstance(found, str | int | bool)
    assert len(found) <= MOST_TEXT if isinstance(found, str) else abs(found) <= MOST_NUMBER


def any_value() -> st.SearchStrategy[Value]:
    return st.one_of(st.text(max_size=6), st.text("0123456789", max_size=16), st.integers(-9, 9), st.booleans())


OPERATORS = ["==", "!=", "<", "<=", ">", ">=", "+", "-", "in", "not in", "and", "or"]


@given(any_value(), any_value(), st.sampled_from(OPERATORS))
def test_every_operation_takes_every_value(left: Value, right: Value, operator: str) -> None:
    names = {"l": left, "r": right}
    found = Expression(f"l {operator} r").evaluate(names)
    opposite = {"==": "!=", "in": "not in"}.get(operator)
    if opposite:
        assert found is not Expression(f"l {opposite} r").evaluate(names)
