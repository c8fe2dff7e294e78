"""Two clients on one plant, asked over the API by holders of tokens: whose things are, alive and stored."""

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from engine_rig import FILES, SWITCH, Rig, write_site

from dialer.calls import events as ev
from dialer.config.models import Listen
from dialer.service import door_of
from dialer.store.recordings import RecordingRow
from dialer.store.test_calls import TestCallRow
from dialer.web.app import address, make_app, serve

AT = 1_700_000_000.0
HOLDERS: dict[str, dict[str, Any]] = {
    "acme_portal": {"role": "client", "clients": ["acme"], "recordings": True},
    "globex_portal": {"role": "client", "clients": ["globex"], "recordings": True},
    "globex_lead": {"role": "supervisor", "clients": ["globex"]},
    "desk_ada": {"role": "agent", "agent": "ada"},
    "all": {"role": "supervisor"},
    "boss": {"role": "operator"},
}


def line(skills: list[str], **more: Any) -> dict[str, Any]:
    return {"queue": {"skills": skills, **more}, "next": "end"}


SITE = {
    **FILES,
    "configs/clients/globex.yaml": {
        "client": "globex", "name": "Globex", "caller_id": "+441632960001", "languages": ["en", "fr"]},
    "configs/agents.yaml": {"agents": {
        "ada": {"name": "Ada", "phone": "p-ada", "skills": ["sales", "secret_acme"]},
        "bob": {"name": "Bob", "phone": "p-bob", "skills": ["sales", "support", "fr", "en"]},
        "cy": {"name": "Cy", "phone": "p-cy", "skills": ["support"]},
    }},
    "configs/campaigns/renewal.yaml": {
        "campaign": "renewal", "client": "globex", "rules": [], "agents": {"skills": ["sales", "support"]}},
    "ivr_flows/globex_line.yaml": {
        "flow": "globex_line", "client": "globex", "numbers": ["+441632960010"], "languages": ["en", "fr"],
        "start": "wait", "nodes": {
            "wait": {**line(["support", "${language}"]), "next": "shared"},
            "shared": line(["support"], name="shared"), "end": {"hangup": {}}},
    },
    "ivr_flows/acme_line.yaml": {
        "flow": "acme_line", "client": "acme", "numbers": [], "languages": ["en"], "start": "shared",
        "nodes": {"shared": line(["sales"], name="shared"), "end": {"hangup": {}}},
    },
}  # fmt: skip


def hold(rig_root: Path, *names: str) -> None:
    told = {name: HOLDERS[name] | {"sha256": hashlib.sha256(token(name).encode()).hexdigest()} for name in names}
    (rig_root / "configs/access.yaml").write_text(json.dumps({"holders": told}))


def token(name: str) -> str:
    return f"the-token-of-{name}"


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    write_site(tmp_path, SITE)
    hold(tmp_path, *HOLDERS)
    made = Rig(tmp_path)
    yield made
    await made.close()


@asynccontextmanager
async def asking(rig: Rig) -> AsyncIterator[Any]:
    """`await ask("acme_portal", "GET", "calls")`: status and answer."""
    door = door_of(lambda: rig.engine.configuration)
    runner = await serve(make_app(rig.control, rig.engine.metrics, door), Listen(port=0))
    async with aiohttp.ClientSession(address(runner)) as session:

        async def ask(who: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
            bearer = {"Authorization": f"Bearer {token(who)}"}
            async with session.request(method, f"/v1/{path}", json=body, headers=bearer) as answer:
                return answer.status, await answer.json() if answer.status != 204 else None

        yield ask
    await runner.cleanup()


async def test_a_call_is_its_clients_while_it_lives_and_when_it_is_over(rig: Rig) -> None:
    call, _ = await rig.talk()
    async with asking(rig) as ask:
        assert [one["id"] for one in (await ask("acme_portal", "GET", "calls"))[1]] == [call]
        assert await ask("globex_portal", "GET", "calls") == (200, [])
        assert (await ask("globex_lead", "DELETE", f"calls/{call}"))[0] == 404
        [ada] = [one for one in (await ask("all", "GET", "agents"))[1] if one["id"] == "ada"]
        assert (ada["client"], ada["call_id"]) == ("acme", call)
        assert (await ask("desk_ada", "GET", "agents/ada"))[1] == ada
        assert (await ask("desk_ada", "GET", "agents/bob"))[0] == 404
        rig.post(ev.HungUp(call, rig.clock.now(), 16))
        await rig.quiet()
        assert rig.call_state(call) is None
        assert (await ask("acme_portal", "GET", f"calls/{call}/quality"))[0] == 200
        assert (await ask("globex_portal", "GET", f"calls/{call}/quality"))[0] == 404


async def test_whose_what_is_stored_is(rig: Rig) -> None:
    recording = RecordingRow("r1", "c1", "n1", SWITCH, "acme", None, None, "ada", "f", "mixed", AT, AT + 9)
    await rig.store.recordings.save(recording)
    await rig.store.test_calls.save(TestCallRow("t1", "check", "acme", "n1", SWITCH, "+4930", "+4930", AT))
    owners = rig.control.owners
    assert [await owners.recording("r1"), await owners.recording("r2")] == ["acme", None]
    assert [await owners.test_call("t1"), await owners.test_call("t2"), owners.test("check")] == ["acme", None, None]
    async with asking(rig) as ask:
        assert (await ask("acme_portal", "GET", "recordings/r1"))[0] == 200
        assert (await ask("globex_portal", "GET", "recordings/r1"))[0] == 404
        assert len((await ask("acme_portal", "GET", "recordings?from=2023-11-14"))[1]) == 1
        assert await ask("globex_portal", "GET", "recordings?from=2023-11-14") == (200, [])


async def test_a_campaigns_own_lists_are_those_its_file_names(rig: Rig) -> None:
    own = rig.root / "configs/lists/own.csv"
    own.parent.mkdir()
    own.write_text("number\n+4930555000\n")
    config = {**SITE["configs/campaigns/winback.yaml"], "list": "lists/own.csv"}
    (rig.root / "configs/campaigns/winback.yaml").write_text(json.dumps(config))
    assert await rig.reloader.reload() == []
    mine = rig.control.owners.names_list
    assert mine("winback", str(own)) and mine("winback", f"{own.parent}/../lists/own.csv")
    assert not (mine("winback", "/etc/passwd") or mine("renewal", str(own)) or mine("nothing", str(own)))


async def test_a_queue_that_clients_share_is_nobodys(rig: Rig) -> None:
    queue = rig.control.owners.queue
    assert [queue("hotline_line"), queue("globex_line_wait"), queue("winback")] == ["acme", "globex", "acme"]
    assert [queue("shared"), queue("nothing")] == [None, None]


async def test_the_agents_of_a_client_are_those_who_can_work_for_it(rig: Rig) -> None:
    staff = rig.control.owners.staff
    assert staff({"acme"}) == {"ada": {"sales"}, "bob": {"sales"}}
    assert staff({"globex"}) == {"bob": {"sales", "support", "en", "fr"}, "cy": {"support"}}
    async with asking(rig) as ask:
        shown = {one["id"]: one["skills"] for one in (await ask("globex_lead", "GET", "agents"))[1]}
        assert shown == {"bob": ["sales", "support", "fr", "en"], "cy": ["support"]}
        assert (await ask("globex_lead", "POST", "agents/ada/login", {}))[0] == 404


async def test_a_reload_takes_tokens_in_and_out(rig: Rig) -> None:
    async with asking(rig) as ask:
        assert (await ask("all", "GET", "totals"))[0] == 200
        hold(rig.root, "acme_portal")
        assert await rig.reloader.reload() == []
        assert (await ask("all", "GET", "totals"))[0] == 401
        assert (await ask("acme_portal", "GET", "campaigns"))[0] == 200
        hold(rig.root, "all")
        (rig.root / "configs/agents.yaml").write_text("agents: {}")
        assert len(await rig.reloader.reload()) >= 1
        assert (await ask("acme_portal", "GET", "campaigns"))[0] == 200, "refused whole"


async def test_who_changed_a_campaign_is_on_disk(rig: Rig) -> None:
    async with asking(rig) as ask:
        assert (await ask("globex_lead", "PATCH", "campaigns/renewal", {"priority": 3}))[0] == 200
        assert (await ask("globex_lead", "PATCH", "campaigns/winback", {"priority": 3}))[0] == 404
        await rig.quiet()
        assert rig.rows("SELECT who, told FROM audit") == [("globex_lead", '{"priority": 3}')]
        [told] = (await ask("boss", "GET", "audit?from=2023-11-14&by=globex_lead"))[1]
    assert (told["at"], told["named"], told["on_behalf_of"]) == (rig.clock.now(), {"campaign": "renewal"}, None)
