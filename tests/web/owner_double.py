"""Whose things are, for tests of the edge: what the doubles have is acme's, what begins with globex is globex's."""

from collections.abc import Collection, Mapping

ACMES = frozenset({"winback", "support", "hotline", "node1-abc-1", "main-1.2-18c"})


class Owned:
    def _of(self, name: str) -> str | None:
        return "acme" if name in ACMES else "globex" if name.startswith("globex") else None

    def campaign(self, name: str) -> str | None:
        return self._of(name)

    def talked_for(self, agent: str) -> str | None:
        return "acme"

    def names_list(self, campaign: str, path: str) -> bool:
        return path == "a.csv"

    def queue(self, name: str) -> str | None:
        return self._of(name)

    def test(self, name: str) -> str | None:
        return self._of(name)

    async def call(self, call_id: str) -> str | None:
        return self._of(call_id)

    async def recording(self, recording: str) -> str | None:
        return self._of(recording)

    async def test_call(self, test_id: str) -> str | None:
        return self._of(test_id)

    def staff(self, clients: Collection[str]) -> Mapping[str, frozenset[str]]:
        skills = {"acme": {"anna": {"sales"}}, "globex": {"anna": {"de"}, "globex_ben": {"de"}}}
        found: dict[str, frozenset[str]] = {}
        for client in clients:
            for agent, asked in skills.get(client, {}).items():
                found[agent] = found.get(agent, frozenset()) | asked
        return found
