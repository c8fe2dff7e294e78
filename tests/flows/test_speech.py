"""Prompts' names and files, with the real espeak-ng."""

import os
import time
import wave
from array import array
from pathlib import Path

import pytest
from flow_samples import TEXT, flow_of
from hypothesis import given
from hypothesis import strategies as st

from dialer.config.models import Speech
from dialer.flows.fields import EVERY, Recorded, Spoken
from dialer.flows.pcm import read_wav, recording_fault
from dialer.flows.prompts import Sounds, needed, utterance
from dialer.flows.speech import Prepared, SpeechError, prepare

SPEECH = Speech()
SOUNDS = Sounds("/var/lib/sounds/", SPEECH)


def recording(path: Path, rate: int = 8000, samples: int = 800) -> Path:
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(array("h", [100, -100] * (samples // 2)).tobytes())
    return path


# -- names -----------------------------------------------------------------------------------------------------


def test_a_texts_file_is_what_the_switch_is_told(tmp_path: Path) -> None:
    spoken = needed([flow_of({"a": {"say": TEXT}})], [], SPEECH)
    prepare(tmp_path, spoken, {})
    told = Sounds(str(tmp_path), SPEECH).files_for(Spoken(TEXT), "de")
    assert len(told) == 1
    samples, rate = read_wav(Path(told[0] + ".wav"))
    assert rate == 8000
    assert len(samples) > 1000
    assert max(samples) > 1000


def test_a_name_depends_on_all_that_is_heard() -> None:
    names = {
        utterance(SPEECH, "de", "Ja").name,
        utterance(SPEECH, "de", "Ja!").name,
        utterance(SPEECH, "en", "Ja").name,
        utterance(Speech(words_per_minute=150), "de", "Ja").name,
        utterance(Speech(voices={"de": "de+f3"}), "de", "Ja").name,
    }
    assert len(names) == 5
    assert utterance(SPEECH, "de", "Ja").name in names


@given(st.text(max_size=30), st.text(max_size=30))
def test_names_are_safe_on_the_wire(text: str, other: str) -> None:
    path = SOUNDS.files_for(Spoken({"de": text}), "de")[0]
    assert path.removeprefix("/var/lib/sounds/spoken/de/").isalnum()
    assert path.isascii()
    assert (path == SOUNDS.files_for(Spoken({"de": other}), "de")[0]) == (text == other)


def test_where_a_language_is_missing_another_is_said() -> None:
    assert SOUNDS.files_for(Spoken({"de": "Ja"}), "it") == SOUNDS.files_for(Spoken({"de": "Ja"}), "de")
    assert SOUNDS.files_for(Spoken({EVERY: "7"}), "it") != SOUNDS.files_for(Spoken({EVERY: "7"}), "de")


def test_recordings_are_called_as_they_are() -> None:
    assert SOUNDS.files_for(Recorded("prompts/menu"), "pt_BR") == ("/var/lib/sounds/recorded/pt_BR/menu",)


def test_every_text_is_needed_once() -> None:
    flow = flow_of({"a": {"say": TEXT, "next": "b"}, "b": {"say": TEXT}, "c": {"say": {"de": "Neu", "fr": "Non"}}})
    spoken = needed([flow, flow], [{"it": "Scusi"}], SPEECH)
    assert [(one.language, one.text) for one in spoken] == [("de", "Ja"), ("en", "Yes"), ("de", "Neu"), ("it", "Scusi")]


def test_a_language_is_spoken_by_its_voice() -> None:
    assert utterance(SPEECH, "pt_BR", "x").voice == "pt-br"
    assert utterance(Speech(voices={"en": "en-gb"}), "en", "x").voice == "en-gb"


# -- files -----------------------------------------------------------------------------------------------------


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    spoken = [utterance(SPEECH, "de", "Eins"), utterance(SPEECH, "en", "-v option --help")]
    told: list[tuple[int, int]] = []
    assert prepare(tmp_path, spoken, {}, lambda done, of: told.append((done, of))) == Prepared(made=2, kept=0)
    assert told == [(1, 2), (2, 2)]
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.wav")}
    assert len(before) == 2
    assert prepare(tmp_path, spoken, {}) == Prepared(made=0, kept=2)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.wav")} == before


def test_without_espeak_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    spoken = [utterance(SPEECH, "de", text) for text in ("Eins", "Zwei")]
    with pytest.raises(SpeechError) as caught:
        prepare(tmp_path, spoken, {})
    assert str(caught.value).splitlines() == [
        "espeak-ng is not on this machine; install the package espeak-ng, or record the prompts"
    ]


def test_a_voice_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpeechError, match=r"set a voice it has for `de` in plant.yaml, speech.voices"):
        prepare(tmp_path, [utterance(Speech(voices={"de": "qqq"}), "de", "Ja")], {})
    assert list(tmp_path.rglob("*.wav")) == []


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "sounds").write_text("a file")
    with pytest.raises(SpeechError, match="the sounds directory must be writable"):
        prepare(tmp_path / "sounds", [utterance(SPEECH, "de", "Ja")], {})


@pytest.mark.parametrize(("rate", "samples"), [(8000, 800), (16000, 1600)])
def test_recordings_are_copied_at_the_telephones_rate(tmp_path: Path, rate: int, samples: int) -> None:
    source = recording(tmp_path / "menu.de.wav", rate, samples)
    assert prepare(tmp_path / "out", [], {("menu", "de"): source}) == Prepared(made=1, kept=0)
    copied, copied_rate = read_wav(tmp_path / "out" / "recorded" / "de" / "menu.wav")
    assert (len(copied), copied_rate) == (800, 8000)
    assert prepare(tmp_path / "out", [], {("menu", "de"): source}) == Prepared(made=0, kept=1)


def test_a_new_recording_replaces_the_old_even_when_it_is_older(tmp_path: Path) -> None:
    source = recording(tmp_path / "menu.de.wav")
    prepare(tmp_path / "out", [], {("menu", "de"): source})
    recording(source, samples=400)
    long_ago = time.time() - 86400
    os.utime(source, (long_ago, long_ago))
    assert prepare(tmp_path / "out", [], {("menu", "de"): source}).made == 1
    assert len(read_wav(tmp_path / "out" / "recorded" / "de" / "menu.wav")[0]) == 400


def test_recordings_of_another_form_are_refused_all_at_once(tmp_path: Path) -> None:
    files = {("a", "de"): recording(tmp_path / "a.de.wav", 44100), ("b", "de"): tmp_path / "b.de.wav"}
    assert recording_fault(files["a", "de"]) == "44100 Hz; 8000 or 16000 Hz are needed"
    with pytest.raises(SpeechError) as caught:
        prepare(tmp_path / "out", [], files)
    assert sorted(str(caught.value).splitlines()) == [
        f"{tmp_path / 'a.de.wav'}: 44100 Hz; 8000 or 16000 Hz are needed",
        f"{tmp_path / 'b.de.wav'}: cannot be read: No such file or directory; make it readable",
    ]
