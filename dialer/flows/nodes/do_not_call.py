from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from dialer.config.scalars import Model
from dialer.flows.fields import NodeName
from dialer.flows.node import Node
from dialer.flows.session import Mark, Session, Turn

Scope = Literal["client", "campaign", "global"]
_MARKS: Mapping[Scope, Mark] = {
    "client": "do_not_call_client", "campaign": "do_not_call_campaign", "global": "do_not_call_global",
}  # fmt: skip


class Wish(Model):
    scope: Scope = "client"
    """Whose list: the client's; the campaign's, where it is the call of one; everybody's."""


def _plain(value: Any) -> Any:
    return {} if value is None or value is True else {"scope": value} if isinstance(value, str) else value


class DoNotCall(Node):
    """Puts the customer's number on a do-not-call list, at once: `do_not_call: client`. A number that is withheld goes
    on none."""

    do_not_call: Annotated[Wish, BeforeValidator(_plain, json_schema_input_type=Wish | Scope | bool | None)]
    next: NodeName | None = None
    """Where the call goes on; left out, it ends."""

    def enter(self, session: Session) -> Turn:
        return session.mark(_MARKS[self.do_not_call.scope]).go(self.next)
