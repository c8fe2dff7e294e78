"""How a call was, for tests of the edge."""

from datetime import date

from dialer.quality.record import LegVoice
from dialer.quality.service import Beside, Rule, Tally, figures
from dialer.web.port import UnknownError
from dialer.web.quality_port import CallQuality, ServiceView, Whose

HEARD = LegVoice(
    call_id="node1-abc-1", leg="customer", direction="in", started_at=1.0, ended_at=61.0, client="acme",
    campaign="winback", switch="main", endpoint="trunk", agent=None, codec="alaw", seconds=60.0, r=80.0, r_worst=0.0,
    mos=4.02, loss=0.1, expected=3000, lost=300, burst_ratio=1.5, jitter_s=0.002, jitter_worst_s=0.01,
    round_trip_s=None, dead_air_s=5.0,
)  # fmt: skip


class Heard:
    async def of_call(self, call_id: str) -> CallQuality:
        if call_id != HEARD.call_id:
            raise UnknownError(f"no call {call_id}")
        return CallQuality(call_id, "answered", "customer", 1.25, 5.0, (HEARD,))

    async def service(
        self, whose: Whose, name: str, first: date | None, last: date | None, within_s: float | None
    ) -> ServiceView:
        if name == "nobody":
            raise UnknownError(f"there is no {whose} `{name}`")
        told = figures(Tally(Rule(20.0 if within_s is None else within_s)), Beside())
        return ServiceView(whose, name, str(first), str(last), "UTC", 0, 0, told)
