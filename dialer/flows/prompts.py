"""What prompts are called on disk and on the switch. A spoken text is named by what it depends on, so that the same
text is rendered once, and a changed one gets a new name while calls still hear the old."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dialer.config.models import Speech
from dialer.flows.fields import Recorded, Spoken
from dialer.flows.model import Flow

RENDERING = 1
"""Goes up when the same text is to sound different: everything is rendered anew."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """A text as a voice says it."""

    language: str
    text: str
    voice: str
    words_per_minute: int

    @property
    def name(self) -> str:
        """Its file below the sounds directory, without extension."""
        said = "\0".join((str(RENDERING), self.language, self.voice, str(self.words_per_minute), self.text))
        return f"spoken/{self.language}/{hashlib.sha256(said.encode()).hexdigest()[:24]}"


def utterance(speech: Speech, language: str, text: str) -> Utterance:
    """A language without a voice of its own in `speech` is spoken by espeak-ng's voice of that name (pt_BR: pt-br)."""
    voice = speech.voices.get(language, language.lower().replace("_", "-"))
    return Utterance(language, text, voice, speech.words_per_minute)


def recorded_name(stem: str, language: str) -> str:
    return f"recorded/{language}/{stem}"


def needed(flows: Iterable[Flow], messages: Iterable[Mapping[str, str]], speech: Speech) -> list[Utterance]:
    """All that must be rendered, each once: the flows' texts and other messages by language (campaigns')."""
    texts = [pair for flow in flows for pair in flow.spoken()]
    texts += [pair for message in messages for pair in message.items()]
    return [utterance(speech, language, text) for language, text in dict.fromkeys(texts)]


@dataclass(frozen=True, slots=True)
class Sounds:
    """Prompts' paths as one switch is told them. `seen_as`: the sounds directory as that switch sees it."""

    seen_as: str
    speech: Speech

    def path_for(self, name: str) -> str:
        return f"{self.seen_as.rstrip('/')}/{name}"

    def files_for(self, prompt: Spoken | Recorded, language: str) -> tuple[str, ...]:
        """The sound files, without extension. A text that is missing in the language (the checks refuse such a flow)
        is said in another rather than left out."""
        if isinstance(prompt, Recorded):
            return (self.path_for(recorded_name(prompt.stem, language)),)
        text = prompt.text(language)
        if text is None:
            language, text = next(iter(prompt.texts.items()))
        return (self.path_for(utterance(self.speech, language, text).name),)
