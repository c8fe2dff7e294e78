from typing import Annotated

from pydantic import Field

from dialer.config.scalars import Duration
from dialer.flows.commands import Collect, QueueResult, Reply, SetLanguage
from dialer.flows.fields import Keys, LanguageName, NodeName, Prompt
from dialer.flows.node import Node
from dialer.flows.session import Session, Turn


class Language(Node):
    """Lets the caller choose a language. The prompt is said in each of them, one after another. Without a choice it
    is `otherwise`, or stays as it is."""

    language: Annotated[dict[Keys, LanguageName], Field(min_length=1)]
    """The language of each key."""
    prompt: Prompt | None = None
    """The question; left out, the node before has asked it."""
    retries: Annotated[int, Field(ge=0, le=10, strict=True)] = 0
    """How often it is asked again."""
    timeout: Duration = 5.0
    """How long to wait for a key."""
    otherwise: LanguageName | None = None
    """The language without a choice; left out, the one spoken so far."""
    next: NodeName | None = None
    """Where the call goes on; left out, it ends."""

    def enter(self, session: Session) -> Turn:
        return session.ask(self._question(session))

    def on(self, session: Session, reply: Reply | QueueResult) -> Turn:
        if session.counted("chosen"):
            return session.go(self.next)
        keys = reply.digits if isinstance(reply, Reply) else ""
        chosen = self.language.get(keys)
        if chosen is None and (asked := session.counted("asked")) < self.retries:
            return session.note(asked=asked + 1).ask(self._question(session))
        spoken = str(chosen or self.otherwise or session.language)
        return session.let(digits=keys).speak(spoken).note(chosen=1).ask(SetLanguage(spoken))

    def _question(self, session: Session) -> Collect:
        spoken = dict.fromkeys(self.language.values()) if self.prompt else {}
        sounds = (file for language in spoken for file in session.speak(language).sound(self.prompt))
        most = max(len(keys) for keys in self.language)
        return Collect(tuple(sounds), most=most, first_s=self.timeout, finish="")
