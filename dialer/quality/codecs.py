"""What a codec costs in the E-model: Ie and Bpl of ITU-T G.113 (11/2007) Appendix I, Table I.4, for single loss of
packets at random, with the concealment that the codec brings; and its RTP clock (RFC 3551, RFC 7587)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Codec:
    name: str
    ie: float
    """Equipment impairment without loss, on the scale of R."""
    bpl: float
    """Robustness to loss, in per cent."""
    clock_hz: int = 8000
    """Of RTP's time stamps, in which RTCP tells jitter."""
    frame_s: float = 0.020
    """A packet's sound, which has to be whole before it leaves."""
    lookahead_s: float = 0.0


# G.711 is taken to be concealed (G.711 Appendix I) as telephones do; without, Bpl would be 4.3.
_G711 = (0.0, 25.1)

CODECS = {
    codec.name: codec
    for codec in (
        Codec("alaw", *_G711),
        Codec("ulaw", *_G711),
        Codec("g729", 11.0, 19.0, lookahead_s=0.005),  # G.729A with VAD
        Codec("g723", 15.0, 16.1, frame_s=0.030, lookahead_s=0.0075),  # 6.3 kbit/s with VAD
        # Ie of GSM full rate is G.113's; it has no Bpl for it: that of the enhanced full rate.
        Codec("gsm", 20.0, 10.0),
        # Wideband is beyond the narrow-band scale (G.107.1 has one of its own). Assumed no worse than G.711: it is
        # rated by loss and delay alone. G.722 counts 8 kHz in RTP though it samples at 16 (RFC 3551 §4.5.2).
        Codec("g722", *_G711, lookahead_s=0.0015),
        Codec("opus", *_G711, clock_hz=48000, lookahead_s=0.0065),
    )
}
ASSUMED = CODECS["alaw"]
"""Where the codec is unknown."""


def codec_of(told: str) -> Codec:
    """From Asterisk's CHANNEL(audionativeformat): `alaw`, `(alaw)`, `(ulaw|alaw)`. The first counts."""
    return CODECS.get(told.strip("() ").replace(",", "|").partition("|")[0].lower(), ASSUMED)
