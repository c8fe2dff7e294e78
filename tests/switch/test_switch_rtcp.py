"""RTCP events as Asterisk 22 writes them (captured from one, with 30 ms of delay each way and some loss)."""

import pytest

from dialer.calls.events import Reception, VoiceReported
from dialer.switch.rtcp import rtcp_received, rtcp_sent
from dialer.switch.wire import parse

CHANNEL = (
    "Privilege: reporting,all\r\nTimestamp: 1795306294.514826\r\nChannel: PJSIP/trunk-00000000\r\nChannelState: 6\r\n"
    "ChannelStateDesc: Up\r\nContext: dialer\r\nExten: script\r\nUniqueid: x-1795306293.0\r\n"
    "Linkedid: x-1795306293.0\r\nTo: 127.0.0.1:15987\r\nFrom: 127.0.0.1:44707\r\n"
)
RECEIVED = (
    "Event: RTCPReceived\r\n" + CHANNEL + "RTT: 0.0620\r\nMES: 86.0\r\nSSRC: 0xeeacb1b6\r\nPT: 200(SR)\r\n"
    "ReportCount: 1\r\nSentNTP: 1795306294.484348\r\nSentRTP: 3639708191\r\nSentPackets: 50\r\nSentOctets: 8000\r\n"
    "Report0SourceSSRC: 0x244099a9\r\nReport0FractionLost: 10\r\nReport0CumulativeLost: 2\r\n"
    "Report0HighestSequence: 45101\r\nReport0SequenceNumberCycles: 3\r\nReport0IAJitter: 16\r\n"
    "Report0LSR: 2981504870\r\nReport0DLSR: 0.2989"
)
SENT = (
    "Event: RTCPSent\r\n" + CHANNEL + "MES: 83.9\r\nSSRC: 0x244099a9\r\nPT: 200(SR)\r\nReportCount: 1\r\n"
    "SentNTP: 1795306294.153911\r\nSentRTP: 3840\r\nSentPackets: 24\r\nSentOctets: 3840\r\n"
    "Report0SourceSSRC: 0x2265b1f5\r\nReport0FractionLost: 39\r\nReport0CumulativeLost: 4\r\n"
    "Report0HighestSequence: 37335\r\nReport0SequenceNumberCycles: 0\r\nReport0IAJitter: 2\r\n"
    "Report0LSR: 2981493681\r\nReport0DLSR: 0.1370"
)


def received(text: str = RECEIVED) -> VoiceReported | None:
    return rtcp_received(parse(text.encode()), 1.0)


def test_the_far_ends_report():
    heard = Reception("0x244099a9", 10, 3 << 16 | 45101, 16)
    assert received() == VoiceReported("x-1795306293.0", 1795306294.514826, "trunk", "far_end", 50, heard, 0.062)


def test_the_switchs_own_report():
    heard = Reception("0x2265b1f5", 39, 37335, 2)
    expected = VoiceReported("x-1795306293.0", 1795306294.514826, "trunk", "switch", 24, heard, None)
    assert rtcp_sent(parse(SENT.encode()), 1.0) == expected


def test_who_heard_nothing_reports_on_nobody():
    text = SENT.partition("ReportCount")[0] + "ReportCount: 0\r\nSentPackets: 25"
    told = rtcp_sent(parse(text.encode()), 1.0)
    assert told is not None and (told.heard, told.sent) == (None, 25)


def test_a_report_that_answers_none_of_ours_has_no_round_trip():
    told = received(RECEIVED.replace("Report0LSR: 2981504870", "Report0LSR: 0").replace("RTT: 0.0620", "RTT: 0.0000"))
    assert told is not None and told.round_trip_s is None


@pytest.mark.parametrize("trip", ["-1", "nan", "inf", "900", "", "x"])
def test_a_round_trip_that_cannot_be_is_none(trip):
    told = received(RECEIVED.replace("RTT: 0.0620", f"RTT: {trip}"))
    assert told is not None and told.round_trip_s is None


@pytest.mark.parametrize("header", ["FractionLost", "HighestSequence", "SourceSSRC"])
def test_a_report_without_its_figures_is_none(header):
    lines = [line for line in RECEIVED.split("\r\n") if not line.startswith(f"Report0{header}")]
    told = received("\r\n".join(lines))
    assert told is not None and told.heard is None


@pytest.mark.parametrize("number", ["-5", "1e9", "99999999999", "²", ""])
def test_numbers_that_are_none_are_left_out(number):
    told = received(RECEIVED.replace("SentPackets: 50", f"SentPackets: {number}"))
    assert told is not None and told.sent is None


def test_without_a_channel_it_is_nobodys():
    assert received(RECEIVED.replace("Uniqueid: x-1795306293.0", "Uniqueid: ")) is None
