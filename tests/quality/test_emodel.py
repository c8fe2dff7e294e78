"""The E-model against the Recommendation's own values and the curves that others published of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.quality.codecs import ASSUMED, CODECS, codec_of
from dialer.quality.emodel import equipment, mos, rating

G711, G729 = CODECS["alaw"], CODECS["g729"]
losses = st.floats(0, 1)
delays = st.floats(0, 5)
bursts = st.floats(1, 8)
codecs = st.sampled_from(list(CODECS.values()))


def test_all_defaults_give_93_2():
    """G.107, clause 7.7: R of a connection with every parameter at its default."""
    assert rating(0, 1, 0, G711) == pytest.approx(93.2, abs=0.05)


@pytest.mark.parametrize("delay_ms", [0, 50, 100, 150, 200, 250, 300])
def test_delay_costs_what_is_published(delay_ms):
    """Cole and Rosenbluth's fit to the Recommendation's curve, good to 0.45 up to 300 ms but at its kink."""
    fit = 93.2 - 0.024 * delay_ms - 0.11 * max(0.0, delay_ms - 177.3)
    assert rating(0, 1, delay_ms / 1000, G711) == pytest.approx(fit, abs=0.45)


def test_long_delay():
    """G.114, Figure 1: about 62 at 400 ms, 55 at 500 ms."""
    assert rating(0, 1, 0.4, G711) == pytest.approx(62, abs=1)
    assert rating(0, 1, 0.5, G711) == pytest.approx(55, abs=1)


@pytest.mark.parametrize(
    ("codec", "percent", "burst_ratio", "ie_eff"),
    [
        (G711, 0, 1, 0.0),
        (G711, 2, 1, 95 * 2 / 27.1),
        (G711, 2, 2, 95 * 2 / 26.1),
        (G729, 0, 1, 11.0),
        (G729, 5, 1, 11 + 84 * 5 / 24),
        (CODECS["gsm"], 1, 1, 20 + 75 / 11),
    ],
)
def test_equipment_by_hand(codec, percent, burst_ratio, ie_eff):
    assert equipment(percent / 100, burst_ratio, codec) == pytest.approx(ie_eff)


@pytest.mark.parametrize(("r", "opinion"), [(90, 4.34), (80, 4.03), (70, 3.60), (60, 3.10), (50, 2.58)])
def test_opinion_by_annex_b(r, opinion):
    """G.107 Table B.1."""
    assert mos(r) == pytest.approx(opinion, abs=0.0061)


def test_opinion_has_ends():
    assert mos(0) == mos(6.5) == mos(3) == 1.0
    assert mos(100) == mos(120) == 4.5
    assert mos(6.6) == pytest.approx(1.0, abs=0.01) and mos(99.9) == pytest.approx(4.5, abs=0.01)


@given(losses, bursts, delays, codecs)
def test_a_rating_is_a_rating(loss, burst_ratio, delay_s, codec):
    assert 0 <= rating(loss, burst_ratio, delay_s, codec) <= 93.3


@given(losses, losses, bursts, delays, codecs)
def test_more_loss_is_never_better(one, other, burst_ratio, delay_s, codec):
    less, more = sorted((one, other))
    assert rating(less, burst_ratio, delay_s, codec) >= rating(more, burst_ratio, delay_s, codec) - 1e-9


@given(losses, bursts, delays, delays, codecs)
def test_more_delay_is_never_better(loss, burst_ratio, one, other, codec):
    """But for the Recommendation's own ripple of 0.05 about 1 ms, where echo turns into side tone."""
    less, more = sorted((one, other))
    assert rating(loss, burst_ratio, less, codec) >= rating(loss, burst_ratio, more, codec) - 0.06


@given(st.floats(0, 100), st.floats(0, 100))
def test_opinion_follows_the_rating(one, other):
    less, more = sorted((one, other))
    assert mos(less) <= mos(more) + 1e-9


@pytest.mark.parametrize(
    ("told", "name"),
    [("alaw", "alaw"), ("(ulaw)", "ulaw"), ("(ulaw|alaw)", "ulaw"), ("(g722,alaw)", "g722"), ("OPUS", "opus")],
)
def test_codecs_as_asterisk_tells_them(told, name):
    assert codec_of(told).name == name


@pytest.mark.parametrize("told", ["", "()", "slin", "(codec2)"])
def test_an_unknown_codec_is_taken_for_g711(told):
    assert codec_of(told) is ASSUMED
