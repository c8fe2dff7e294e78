"""What `load` returns, and what a reload may change."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dialer.config.faults import ConfigError
from dialer.config.loader import load
from dialer.config.reload import changes

ROOT = Path(__file__).parents[2]
WINBACK = "configs/campaigns/acme_winback.yaml"


def test_the_shipped_samples_load():
    found = load(ROOT)
    assert set(found.clients) == {"acme", "globex"}
    assert set(found.agents) == {f"agent{number:02}" for number in range(1, 13)}
    assert {flow.client for flow in found.flows.values() if flow.numbers} == {"acme", "globex"}
    assert {campaign.start for campaign in found.campaigns.values()} == {"auto"}
    assert all(found.list_path(campaign).is_file() for campaign in found.campaigns.values())


def test_what_follows_from_references(site):
    site.edit(WINBACK, 'caller_id: "+493023125002"\nlanguage: de\n', "")
    found = site.load()
    winback = found.campaigns["acme_winback"]
    assert found.caller_id(winback) == "+493023125001"
    assert found.language(winback) == "de"
    assert found.switch_of("agent01") == "main"
    assert found.flow_for("+493023125011") is found.flows["acme_support"]
    assert found.flow_for("+493023125099") is None


def test_another_plant_file(site, tmp_path):
    plant = tmp_path / "elsewhere.yaml"
    plant.write_text("node: other\nswitches: {main: {}}\n")
    (site.root / "configs/plant.yaml").unlink()
    assert load(site.root, {}, plant).plant.node == "other"
    plant.write_text("node: other\n")
    with pytest.raises(ConfigError, match=r"elsewhere\.yaml:1:1: key `switches` is missing"):
        load(site.root, {}, plant)


def test_the_environment_is_the_process_s_own_by_default(site, monkeypatch):
    site.edit("configs/plant.yaml", "{host: 127.0.0.1, port: 8080}", "{host: 0.0.0.0, port: 8080}")
    monkeypatch.setenv("DIALER_API_TOKEN", "long and random")
    assert load(site.root).plant.web.listen.host == "0.0.0.0"
    monkeypatch.delenv("DIALER_API_TOKEN")
    with pytest.raises(ConfigError, match="without a token"):
        load(site.root)


def test_the_digest_tells_any_change(site):
    before = site.load().digest
    assert site.load().digest == before
    site.edit("configs/hours/always.yaml", "# Round", "# All round")
    after = site.load().digest
    assert after != before
    site.record("new.de.wav")
    assert site.load().digest != after


def test_nothing_changed(site):
    same = changes(site.load(), site.load())
    assert not same
    assert str(same) == "nothing changed"


def test_what_may_change(site):
    old = site.load()
    site.edit(WINBACK, "ring_timeout: 20s", "ring_timeout: 30s")
    site.edit("configs/agents.yaml", "phone: agent02, skills: [sales, support, de, en]",
              "phone: agent02, skills: [support, de, en]")
    site.edit("configs/plant.yaml", "drain: 30s", "drain: 60s")
    site.edit("configs/plant.yaml", "channels: 200", "channels: 100")
    site.write("configs/hours/new.yaml", (site.root / "configs/hours/always.yaml").read_text()
               .replace("hours: always", "hours: new"))
    site.edit("configs/campaigns/globex_renewal.yaml", "campaign: globex_renewal", "campaign: globex_autumn")
    (site.root / "configs/campaigns/globex_renewal.yaml").rename(site.root / "configs/campaigns/globex_autumn.yaml")
    site.edit("ivr_flows/survey.yaml", "retries: 1", "retries: 0")
    assert changes(old, site.load()).lines() == [
        "agents: changed agent02",
        "hours: added new",
        "campaigns: added globex_autumn, removed globex_renewal, changed acme_winback",
        "flows: changed survey",
        "switches: limits of main",
        "plant: drain",
    ]


def test_a_new_recording_changes_the_flows_that_play_it(site):
    site.edit("ivr_flows/survey.yaml", '"yes": {set: {helpful: "1"}, next: thanks}',
              '"yes": {play: prompts/nice, next: thanks}')
    for language in ("de", "en", "it"):
        site.record(f"nice.{language}.wav")
    old = site.load()
    site.record("nice.it.wav", samples=90)
    site.record("unused.it.wav")
    assert changes(old, site.load()).lines() == ["flows: changed survey"]


def test_what_needs_a_restart_is_refused_whole(site):
    old = site.load()
    site.edit("configs/plant.yaml", "node: node1", "node: node2")
    site.edit("configs/plant.yaml", "url: sqlite:///var/dialer.db", "url: sqlite:///var/other.db")
    site.edit("configs/plant.yaml", "{host: 127.0.0.1, port: 4573}", "{host: 127.0.0.1, port: 4574}")
    site.edit("configs/plant.yaml", "port: 5038", "port: 5039")
    site.edit("configs/plant.yaml", "write: var/sounds", "write: var/other")
    site.edit("configs/plant.yaml", "drain: 30s", "drain: 60s")
    with pytest.raises(ConfigError) as caught:
        changes(old, site.load())
    assert [(one.place.line, one.place.column, one.wrong) for one in caught.value.faults] == [
        (4, 1, "`node` changed"),
        (6, 1, "`store` changed"),
        (13, 1, "`fastagi` changed"),
        (17, 5, "`ami` of switch `main` changed"),
        (22, 5, "`sounds` of switch `main` changed"),
    ]


def test_switches_come_and_go_with_a_restart(site):
    one = site.load()
    site.edit("configs/plant.yaml", "speech:\n", "  far: {}\n\nspeech:\n")
    agents = site.root / "configs/agents.yaml"
    agents.write_text(agents.read_text().replace("skills:", "switch: main, skills:"))
    two = site.load()
    with pytest.raises(ConfigError, match=r"plant\.yaml:24:3: switch `far` is new; that needs a restart"):
        changes(one, two)
    with pytest.raises(ConfigError, match=r"plant\.yaml:15:1: switch `far` is gone; that needs a restart"):
        changes(two, one)


def check(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    code = "import sys, pathlib; from dialer.config.commands import check; sys.exit(check(pathlib.Path(sys.argv[1])))"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, "-c", code, str(root), *arguments], capture_output=True, text=True,
                          env=environment, check=False)


def test_check_says_what_it_found(site):
    fine = check(site.root)
    assert fine.returncode == 0
    assert fine.stderr == "".join(
        f"warning: campaign `{name}` goes by no country's rules (`rules: []`): the operator answers for that\n"
        for name in ("acme_winback", "globex_renewal")
    )
    assert fine.stdout == "fine: 2 clients, 12 agents, 2 hours, 1 rules, 2 campaigns, 3 flows, 0 recorded prompts\n"
    site.edit(WINBACK, "client: acme\n", "client: acne\n")
    faulty = check(site.root)
    assert (faulty.returncode, faulty.stdout) == (2, "")
    assert faulty.stderr == (
        f"{site.root}/{WINBACK}:3:9: there is no client `acne`; did you mean `acme`?\n1 fault\n"
    )
