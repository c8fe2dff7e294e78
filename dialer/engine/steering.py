"""Changes of running campaigns as people ask for them: `web/desk_port.Steering`."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from dialer.calls.outcome import Outcome
from dialer.config.faults import suggest
from dialer.store.errors import StoreError
from dialer.web.port import CampaignView, RefusedError, UnknownError

if TYPE_CHECKING:
    from dialer.engine.core import Engine


class EngineSteering:
    def __init__(self, engine: "Engine", view: Callable[[str], CampaignView]) -> None:
        self._engine = engine
        self._view = view

    async def change(self, campaign: str, values: Mapping[str, object]) -> CampaignView:
        self._known(campaign)
        if not values:
            raise RefusedError("nothing to change; name `mode`, `limits`, `abandon`, `share`, `priority` or `ratio`")
        try:
            faults = await self._engine.overrides.change(campaign, values)
        except KeyError:  # taken out meanwhile
            raise UnknownError(f"no campaign {campaign}") from None
        except StoreError as error:
            raise RefusedError(f"the change could not be stored: {error}") from error
        if faults:
            raise RefusedError(". ".join(faults))
        return self._view(campaign)

    async def reset(self, campaign: str) -> CampaignView:
        self._known(campaign)
        try:
            await self._engine.overrides.reset(campaign)
        except StoreError as error:
            raise RefusedError(f"the change could not be undone: {error}") from error
        return self._view(campaign)

    async def recycle(self, campaign: str, results: Sequence[str], in_list: str | None) -> int:
        self._known(campaign)
        if in_list is not None:
            await self._known_list(campaign, in_list)
        try:
            count = await self._engine.store.rounds.recycle(campaign, frozenset(results), in_list)
        except StoreError as error:
            raise RefusedError(f"only a part was recycled, ask again: {error}") from error
        if not count:
            self._could_have_ended(campaign, results)
        self._engine.campaigns.contact_added(campaign)
        return count

    def _could_have_ended(self, campaign: str, results: Sequence[str]) -> None:
        """Raises UnknownError for a result that nobody has and that nothing of now gives: a slip, most likely."""
        dispositions = self._engine.configuration.campaigns[campaign].dispositions
        given = {*map(str, Outcome), *dispositions}
        for result in results:
            if result not in given:
                raise UnknownError(f"nobody ended as {result}; {suggest(result, given, 'results')}")

    async def _known_list(self, campaign: str, name: str) -> None:
        """One that is configured, or that an earlier import left contacts of. Raises UnknownError."""
        configured = [source.name for source in self._engine.configuration.campaigns[campaign].sources]
        kept = (await self._engine.store.totals(campaign)).lists
        known = {*configured, *filter(None, kept)}
        if name not in known:
            raise UnknownError(f"{campaign} has no list {name}; {suggest(name, known, 'lists')}")

    def _known(self, campaign: str) -> None:
        if campaign not in self._engine.configuration.campaigns:
            raise UnknownError(f"no campaign {campaign}")
