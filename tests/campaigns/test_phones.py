"""Numbers as people and spreadsheets write them, against `phonenumbers` in every country."""

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.campaigns.phones import Rejected, careful, quick, read_number
from dialer.numbers import is_e164

COUNTRIES = sorted(phonenumbers.SUPPORTED_REGIONS)
PUNCTUATION = dict.fromkeys(map(ord, " ().-/"))


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("030 555010", "DE", "+4930555010"), ("+49 (0)30 555010", None, "+4930555010"),
        ("0049-30-555010", "DE", "+4930555010"), ("02 1234 5678", "IT", "+390212345678"),
        ("(202) 555-0123", "US", "+12025550123"), ("'+4930555010", None, "+4930555010"),
        ("\u202a+4930555010\u202c", None, "+4930555010"), ("＋４９３０５５５０１０", None, "+4930555010"),
        ("+49\u00a030\u00a0555010", None, "+4930555010"), ("01632 960000", "GB", "+441632960000"),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(text: str, country: str | None, number: str) -> None:
    assert read_number(text, country) == number


@pytest.mark.parametrize(
    ("text", "country", "reason"),
    [
        ("", "DE", "no number"), ("\u200b", "DE", "no number"), ("030 555010", None, "names no country"),
        ("12", "DE", "too short"), ("+49 3", None, "too short"), ("+1202555", None, "too short"),
        ("+49305550101234567", None, "too long"), ("+999123456789", None, "no such country"),
        ("4,93E+12", "DE", "a spreadsheet has shortened"), ("4.93e12", "DE", "a spreadsheet"),
        ("-", "DE", "not a telephone number"), ("( )", None, "names no country"),
        ("+-", None, "not a telephone number"), ("030 555010 ext. 5", "DE", "not a telephone number"),
        ("tel:+4930555010", "DE", "not a telephone number"), ("+4930555010;ext=1", "DE", "not a telephone number"),
        ("0900 1234567", "DE", "premium-rate"), ("5550123", "US", "lacks its area code"),
        ("+" * 30, "DE", "not a telephone number"), ("030\n555010", "DE", "not a telephone number"),
        ("1" * 5000, "DE", "not a telephone number"),
    ],
)  # fmt: skip
def test_what_is_no_number_says_why(text: str, country: str | None, reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        read_number(text, country)


@given(st.text(max_size=40), st.sampled_from([None, "DE", "US", "IT"]))
def test_any_text_is_a_number_or_rejected(text: str, country: str | None) -> None:
    try:
        number = read_number(text, country)
    except Rejected:
        return
    assert is_e164(number)


# ---- the plain case ----------------------------------------------------------------------------------------


@st.composite
def near_numbers(draw: st.DrawFn) -> tuple[str, str]:
    """A country's example number of some type with digits changed, added, lost; written in one of the usual ways."""
    country = draw(st.sampled_from(COUNTRIES))
    kind = draw(st.integers(0, 10))
    example = phonenumbers.example_number_for_type(country, kind) or phonenumbers.example_number(country)
    assert example
    digits = list(phonenumbers.national_significant_number(example))
    for place, digit in draw(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 9)), max_size=6)):
        digits[place % len(digits)] = str(digit)
    national = draw(st.sampled_from(["", "0", "1"])) + "".join(digits)[: draw(st.integers(3, 20))]
    code = example.country_code
    forms = [f"+{code}{national}", f"+{code} (0){national}", national, f"00{code}{national}", f"011{code}{national}",
             f"{code}{national}", f"0{national}", f"({national[:2]}) {national[2:4]}-{national[4:]}/"]
    return draw(st.sampled_from(forms)), draw(st.sampled_from([country, country, "DE", "US", "CA"]))


@settings(max_examples=3000, deadline=None)
@given(near_numbers())
def test_the_quick_way_says_what_phonenumbers_says(near: tuple[str, str]) -> None:
    text, country = near
    found = quick(text.translate(PUNCTUATION), country)
    if found is not None:
        assert found == careful(text, country)


@pytest.mark.parametrize("country", COUNTRIES)
def test_the_quick_way_takes_the_example_of_nearly_every_country(country: str) -> None:
    example = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
    rewriting = {"AG", "AI", "AR", "AS", "BB", "BM", "BR", "CR", "GU", "MX", "SM", "ZW"}  # left to phonenumbers
    if example is not None and country not in rewriting:
        number = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
        assert quick(number, None) == number


def test_premium_rates_are_never_plain() -> None:
    premium = phonenumbers.PhoneNumberType.PREMIUM_RATE
    for country in COUNTRIES:
        example = phonenumbers.example_number_for_type(country, premium)
        if example is not None and phonenumbers.number_type(example) == premium:
            assert quick(phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164), None) is None


# ---- what spreadsheets drop --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("30555010", "DE", "+4930555010"),  # the 0
        ("4915123456789", "DE", "+4915123456789"),  # the +
        ("33612345678", "FR", "+33612345678"), ("612345678", "FR", "+33612345678"),
        ("393921234567", "IT", "+393921234567"), ("3921234567", "IT", "+393921234567"),
        ("12025550123", "US", "+12025550123"),
    ],
)  # fmt: skip
def test_a_lost_plus_or_zero_comes_back(text: str, country: str, number: str) -> None:
    assert read_number(text, country) == number


def test_where_either_may_be_lost_nobody_is_called() -> None:
    """04921 123456 is in Emden, +49 211 23456 in Düsseldorf."""
    with pytest.raises(Rejected, match=r"a lost \+ or a lost 0"):
        read_number("4921123456", "DE")
