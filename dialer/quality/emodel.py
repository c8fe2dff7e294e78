"""The E-model: how good a connection is for those who talk over it (ITU-T G.107 06/2015, narrow band).

R is 0 (nothing to be understood) to 93.2 (nothing in the way); MOS-CQ the mean opinion that goes with it, 1 to 4.5.
Only loss, delay and codec are measured; all else has the Recommendation's default values (its Table 2), with which
R is 93.2. Symbols are the Recommendation's.
"""

from math import exp, log10, sqrt

from dialer.quality.codecs import Codec

SLR, RLR, STMR, DS, DR = 8.0, 2.0, 15.0, 3.0, 3.0
TELR, WEPL = 65.0, 110.0
PS = PR = 35.0
NC, NFOR, QDU, ADVANTAGE = -70.0, -64.0, 1.0, 0.0

_OLR = SLR + RLR
DEAD = 0.0
"""R of what was not heard at all. The model ends where speech does: it would give 17 for a loss of all packets."""


def rating(loss: float, burst_ratio: float, delay_s: float, codec: Codec) -> float:
    """R, at least 0. `loss` is 0..1; `burst_ratio` 1 for loss at random; `delay_s` from mouth to ear, one way."""
    delay_ms = delay_s * 1000
    impaired = _simultaneous(delay_ms) + _delayed(delay_ms) + equipment(loss, burst_ratio, codec)
    return max(0.0, _RO - impaired + ADVANTAGE)


def equipment(loss: float, burst_ratio: float, codec: Codec) -> float:
    """Ie-eff (7-29). Where nothing is lost it is the codec's own."""
    percent = loss * 100
    return codec.ie + (95 - codec.ie) * percent / (percent / burst_ratio + codec.bpl)


def mos(r: float) -> float:
    """MOS-CQE of a rating (G.107 Annex B). Below R = 6.5 its cubic dips under 1: there it is 1."""
    if r <= 6.5:
        return 1.0
    if r >= 100:
        return 4.5
    return 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6


def _noise() -> float:
    """No: circuit noise, room noise at either side, noise floor (7-3 to 7-7)."""
    sending = PS - SLR - DS - 100 + 0.004 * (PS - _OLR - DS - 14) ** 2
    room = PR + 10 * log10(1 + 10 ** ((10 - (STMR + DR)) / 10))
    receiving = RLR - 121 + room + 0.008 * (room - 35) ** 2
    return 10 * log10(sum(10 ** (level / 10) for level in (NC, sending, receiving, NFOR + RLR)))


_NO = _noise()
_RO = 15 - 1.5 * (SLR + _NO)


def _simultaneous(t: float) -> float:
    """Is: too loud, side tone, quantising (7-8 to 7-17)."""
    loud = _OLR + 0.2 * (64 + _NO - RLR)
    iolr = 20 * ((1 + (loud / 8) ** 8) ** (1 / 8) - loud / 8)
    side = -10 * log10(10 ** (-STMR / 10) + exp(-t / 4) * 10 ** (-TELR / 10))
    ist = (
        12 * (1 + ((side - 13) / 6) ** 8) ** (1 / 8)
        - 28 * (1 + ((side + 1) / 19.4) ** 35) ** (1 / 35)
        - 13 * (1 + ((side - 3) / 33) ** 13) ** (1 / 13)
        + 29
    )
    q = 37 - 15 * log10(QDU)
    g = 1.07 + 0.258 * q + 0.0602 * q**2
    y = (_RO - 100) / 15 + 46 / 8.4 - g / 9
    iq = 15 * log10(1 + 10**y + 10 ** (46 / 30 - g / 40))
    return float(iolr + ist + iq)


def _delayed(t: float) -> float:
    """Id: echo for the talker, echo for the listener, and delay itself (7-18 to 7-28), one way `t` ms."""
    terv = TELR - 40 * log10((1 + t / 10) / (1 + t / 150)) + 6 * exp(-0.3 * t**2)
    roe, re = -1.5 * (_NO - RLR), 80 + 2.5 * (terv - 14)
    talker = ((roe - re) / 2 + sqrt((roe - re) ** 2 / 4 + 100) - 1) * (1 - exp(-t))
    rle = 10.5 * (WEPL + 7) * (2 * t + 1) ** -0.25
    listener = (_RO - rle) / 2 + sqrt((_RO - rle) ** 2 / 4 + 169)
    x = log10(max(t, 100) / 100) / log10(2)
    delay = 25 * ((1 + x**6) ** (1 / 6) - 3 * (1 + (x / 3) ** 6) ** (1 / 6) + 2)
    return float(talker + listener + delay)
