"""Every kind of fault, with its place and its words; and all of them at once."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

CASES = yaml.safe_load((Path(__file__).parent / "faults.yaml").read_text(encoding="utf-8"))
WINBACK = "configs/campaigns/acme_winback.yaml"
SUPPORT = "ivr_flows/acme_support.yaml"


def test_the_site_has_no_faults(site):
    assert site.faults() == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_fault(site, case: dict[str, Any]):
    site.edit(case["file"], case["old"], case["new"])
    assert [fault.removeprefix(case["file"] + ":") for fault in site.faults()] == case["faults"]


def test_a_campaign_that_dials_ahead_must_have_something_to_say(site):
    site.edit(WINBACK, "mode: progressive", "mode: predictive")
    assert site.faults() == []
    text = (site.root / WINBACK).read_text(encoding="utf-8")
    said = text[text.index("  message:") : text.index("retry:")]
    site.edit(WINBACK, said, "")
    (fault,) = site.faults()
    assert fault.startswith(f"{WINBACK}:9:7: a predictive campaign will abandon some people, and has nothing to say")
    assert fault.endswith("add `abandon: {message: {de: ...}}` with who called")


def test_ten_faults_in_one_file_are_ten(site):
    for old, new in (
        ("client: acme\n", "client: acne\n"),
        ('"+493023125002"', "030"),
        ("lists/acme_winback.csv", "lists/gone.csv"),
        ("country: DE", "country: XX"),
        ("[sales, de]", "[sales, dutch]"),
        ("mode: progressive", "mode: progresive"),
        ("hours: always", "hours: never"),
        ("ring_timeout: 20s", "ring_timeout: 20"),
        ("channels: 30", "chanels: 30"),
        ("{after: 15m, times: 3}", "{after: 15m}"),
    ):
        site.edit(WINBACK, old, new)
    assert [int(fault.split(":")[1]) for fault in site.faults()] == [3, 4, 6, 7, 8, 9, 12, 13, 14, 21]


def test_faults_of_every_kind_in_a_flow_come_together(site):
    for old, new in (
        ("open: menu", "open: manu"),
        ("hours: always", "hours: never"),
        ("max_waiting: 20", "max_waitng: 20"),
        ("[orders,", "[order,"),
        ("  bye: {hangup: {cause: 16}}", "  bye: {hangup: {cause: 0}}\n  attic: {play: prompts/rain, next: bye}"),
    ):
        site.edit(SUPPORT, old, new)
    assert [fault.split(": ", 1)[1] for fault in site.faults()] == [
        "there are no hours `never`; hours: `always`, `globex_office`",
        "there is no node `manu`; did you mean `menu`?",
        "no agent has the skill `order`; did you mean `orders`?",
        "unknown key `max_waitng`; did you mean `max_waiting`?",
        "`0` is out of range; it must be at least 1",
        "no way leads to node `attic`; name it in another node, or remove it",
        "there is no recording `prompts/rain`; there are no recordings",
    ]


def test_a_reference_to_a_faulty_file_is_no_second_fault(site):
    site.edit("configs/clients/acme.yaml", "currency: EUR", "currency: Euro")
    site.edit("configs/hours/always.yaml", "hours: always", "hours: [")
    assert len(site.faults()) == 2


def test_no_agent_has_all_the_skills_together(site):
    site.edit("configs/agents.yaml", "de, en, fr, it]", "de, en, it]")
    site.edit(WINBACK, "[sales, de]", "[fr, it]")
    assert site.faults() == [
        f"{WINBACK}:8:18: no agent has all the skills `fr`, `it`; give them to an agent, or ask for fewer"
    ]


def test_an_agent_on_another_switch_does_not_count(site):
    site.edit("configs/plant.yaml", "speech:\n", "  far: {}\n\nspeech:\n")
    agents = site.root / "configs/agents.yaml"
    agents.write_text(agents.read_text().replace("skills:", "switch: main, skills:"))
    site.edit(WINBACK, "hours: always", "hours: always\nswitches: [far]")
    assert site.faults() == [
        (f"{WINBACK}:8:18: no agent on `far` has all the skills `de`, `sales`; "
        "give them to an agent, or ask for fewer")
    ]


def test_the_same_phone_on_two_switches_is_two_phones(site):
    site.edit("configs/plant.yaml", "speech:\n", "  far: {}\n\nspeech:\n")
    agents = site.root / "configs/agents.yaml"
    text = agents.read_text().replace("skills:", "switch: main, skills:").replace("phone: agent02", "phone: agent01")
    agents.write_text(text)
    assert len(site.faults()) == 1
    agents.write_text(text.replace("phone: agent01, switch: main, skills: [sales, support, de, en]",
                                   "phone: agent01, switch: far, skills: [sales, support, de, en]"))
    assert site.faults() == []


def test_a_recording_missing_in_one_language(site):
    site.edit("ivr_flows/survey.yaml", '"yes": {set: {helpful: "1"}, next: thanks}',
              '"yes": {play: prompts/nice, next: thanks}')
    for language in ("de", "en"):
        site.record(f"nice.{language}.wav")
    assert site.faults() == [
        "ivr_flows/survey.yaml:18:17: recording `prompts/nice` is missing in `it`; add ivr_flows/prompts/nice.it.wav"
    ]
    site.record("nice.it.wav")
    assert site.faults() == []
    assert site.load().prompts["nice", "it"].path.name == "nice.it.wav"


def test_recordings_that_cannot_be_played(site):
    site.record("fast.de.wav", rate=44100)
    site.write("ivr_flows/prompts/other.de.wav", "ID3")
    (site.root / "ivr_flows/prompts/lost.de.wav").symlink_to("nowhere.wav")
    assert site.faults() == [
        "ivr_flows/prompts/fast.de.wav:1:1: 44100 Hz; 8000 or 16000 Hz are needed",
        "ivr_flows/prompts/lost.de.wav:1:1: cannot be read: No such file or directory; make it readable",
        ("ivr_flows/prompts/other.de.wav:1:1: not a plain WAV file (it is cut short); "
         "save it as PCM, 16 bits, one channel"),
    ]


def test_names_of_files(site):
    site.write("configs/clients/initech.yml", "")
    site.record("hello.wav")
    assert site.faults() == [
        "configs/clients/initech.yml:1:1: is not read; name it `initech.yaml`",
        ("ivr_flows/prompts/hello.wav:1:1: does not say its language; "
        "name it `hello.LANGUAGE.wav`, as `hello.de.wav`"),
    ]


def test_a_name_declared_twice(site):
    text = (site.root / "configs/clients/acme.yaml").read_text()
    site.write("configs/clients/acme_2.yaml", text)
    assert site.faults() == [
        ("configs/clients/acme_2.yaml:2:9: client `acme` is already in configs/clients/acme.yaml; "
        "declare `client: acme_2`")
    ]


def test_missing_files(site):
    (site.root / "configs/agents.yaml").unlink()
    (site.root / "configs/plant.yaml").unlink()
    assert site.faults() == [
        "configs/agents.yaml:1:1: there is no such file; every plant needs one",
        "configs/plant.yaml:1:1: there is no such file; every plant needs one",
    ]


def test_files_that_cannot_be_read(site):
    (site.root / "configs/clients/dir.yaml").mkdir()
    (site.root / "ivr_flows/prompts").mkdir()
    (site.root / "ivr_flows/prompts/gone.de.wav").symlink_to("nowhere")
    shutil.rmtree(site.root / "configs/hours")
    (site.root / "configs/hours").write_text("")
    faults = site.faults()
    assert "configs/clients/dir.yaml:1:1: cannot be read: Is a directory; it must be readable" in faults
    assert "configs/hours:1:1: cannot be read: Not a directory; it must be readable" in faults
    assert any(fault.startswith("ivr_flows/prompts/gone.de.wav:1:1: ") for fault in faults)


def test_a_list_s_name_that_no_file_can_have(site):
    site.edit(WINBACK, "lists/acme_winback.csv", "é" * 200)
    assert [fault.split(": ")[0] for fault in site.faults()] == [f"{WINBACK}:6:7"]


def test_a_token_makes_the_open_listener_right(site):
    site.edit("configs/plant.yaml", "{host: 127.0.0.1, port: 8080}", "{host: 0.0.0.0, port: 8080}")
    assert len(site.faults()) == 1
    site.env["DIALER_API_TOKEN"] = "long and random"
    assert site.faults() == []


def test_secrets_are_not_repeated_in_messages(site):
    site.edit("configs/plant.yaml", "sqlite:///var/dialer.db", "postgresql://me:secret@db/dialer")
    assert len(site.faults()) == 1
    assert "secret" not in site.faults()[0]
