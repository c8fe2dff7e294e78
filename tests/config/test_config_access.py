"""`configs/access.yaml`: whose tokens there are, and every fault with its place."""

import hashlib

import pytest

from dialer.config.access import Holder
from dialer.config.reload import changes

FILE = "configs/access.yaml"
TOKEN, OTHER = "correct-horse-battery-staple", "wrong-horse-battery-staple"
SHA = hashlib.sha256(TOKEN.encode()).hexdigest()


def holders(*lines: str) -> str:
    return "holders:\n" + "".join(f"  {line}\n" for line in lines)


def test_the_three_ways_of_a_token_are_one(site):
    site.env["DIALER_TOKEN_A"] = TOKEN
    site.write("var/token", f"{OTHER}\n")
    site.write(FILE, holders(f"maria: {{role: supervisor, clients: [acme, globex], sha256: {SHA}}}",
                             "portal: {role: client, clients: [acme], recordings: true, token_file: var/token}"))
    digest, other = bytes.fromhex(SHA), hashlib.sha256(OTHER.encode()).digest()
    assert site.load().access == (
        Holder("maria", "supervisor", frozenset({"acme", "globex"}), digest=digest),
        Holder("portal", "client", frozenset({"acme"}), recordings=True, digest=other),
    )
    site.write(FILE, holders("desk: {role: agent, agent: agent01, token_env: DIALER_TOKEN_A}"))
    assert site.load().access == (Holder("desk", "agent", agent="agent01", digest=digest),)
    assert SHA[:8] not in repr(site.load()) and repr(digest) not in repr(site.load())


def test_without_the_file_there_is_nobody_else(site):
    assert site.load().access is None
    site.write(FILE, "holders: {}\n")
    assert site.load().access == ()


@pytest.mark.parametrize(("line", "fault"), [
    ("portal: {role: client, clients: [acne], sha256: %s}", "2:36: there is no client `acne`; did you mean `acme`?"),
    ("portal: {role: client, sha256: %s}", "2:3: nothing says of which client `portal` is; add `clients: [acme]`"),
    ("desk: {role: agent, agent: agent99, sha256: %s}", "2:30: there is no agent `agent99`; did you mean `agent09`?"),
    ("desk: {role: supervisor, agent: agent01, sha256: %s}",
     "2:28: the role `supervisor` has no desk; leave `agent` out, or write `role: agent`"),
    ("desk: {role: agent, recordings: true, sha256: %s}", ("2:23: `recordings` says nothing of `agent`; leave it out: "
     "operators and supervisors hear recordings, of the others only clients may")),
    ("operator: {role: operator, sha256: %s}",
     "2:3: `operator` is the name of who needs no entry here; give the holder another name"),
    ("maria: {role: operator}", (
     "2:3: nothing says what the token of `maria` is; run `dialer token new maria`, and add "
     "the `sha256` that it prints")),
    ("maria: {role: operator, token_env: DIALER_X, sha256: %s}",
     "2:3: `sha256`, `token_env` say twice what the token of `maria` is; keep one of them"),
    ("maria: {role: operator, token_env: DIALER_X}", (
     "2:38: the environment variable DIALER_X is not set; set it to the "
     "token of `maria`, or write its `sha256`")),
    ("maria: {role: operator, token_env: DIALER_SHORT}", ("2:38: the environment variable DIALER_SHORT holds no token "
     "that is hard to guess; 20 characters or more, without spaces: dialer token new maria")),
    ("maria: {role: operator, token_file: var/none}", ("2:39: the file var/none cannot be read: No such file or "
     "directory; it must hold the token of `maria`")),
    ("maria: {role: boss, sha256: %s}", ("2:17: `boss` is not known here; one of: `accountant`, `agent`, `client`, "
     "`metrics`, `operator`, `supervisor`")),
    # What stands there by mistake is not repeated: it may be the token.
    ("maria: {role: operator, sha256: correct-horse}",
     "2:35: this is not a SHA-256; run `dialer token new NAME`, and write what it prints"),
    ("maria: {role: operator, token_env: correct-horse}", (
     "2:38: this is not the name of an environment variable; write "
     "it as DIALER_TOKEN_PORTAL; it holds the token")),
])  # fmt: skip
def test_a_fault(site, line: str, fault: str):
    site.env["DIALER_SHORT"] = "guess-me"
    site.write(FILE, holders(line.replace("%s", SHA)))
    assert site.faults() == [f"{FILE}:{fault}"]


def test_two_with_one_token(site):
    site.write(FILE, holders(f"maria: {{role: operator, sha256: {SHA}}}", f"paul: {{role: operator, sha256: {SHA}}}"))
    assert site.faults() == [
        (f"{FILE}:3:34: the token of `paul` is also that of `maria`; give each a token of its own: dialer token new "
        "paul")]
    site.write(FILE, holders(f"maria: {{role: operator, sha256: {SHA}}}"))
    site.env["DIALER_API_TOKEN"] = TOKEN
    assert site.faults() == [(f"{FILE}:2:35: the token of `maria` is also that of `operator`; give each a token of its "
                             "own: dialer token new maria")]  # fmt: skip


def test_others_may_reach_it_once_anybody_has_a_token(site):
    site.edit("configs/plant.yaml", "{host: 127.0.0.1, port: 8080}", "{host: 0.0.0.0, port: 8080}")
    assert len(site.faults()) == 1
    site.write(FILE, holders(f"maria: {{role: operator, sha256: {SHA}}}"))
    assert site.faults() == []


def test_a_reload_takes_holders_and_says_whom(site):
    site.write("var/token", TOKEN)
    site.write(FILE, holders("maria: {role: operator, token_file: var/token}", "paul: {role: agent, agent: agent01, "
                             f"sha256: {'0' * 64}}}"))  # fmt: skip
    before = site.load()
    site.write("var/token", OTHER)
    site.write(FILE, holders("maria: {role: operator, token_file: var/token}", f"eve: {{role: agent, sha256: {SHA}}}"))
    told = changes(before, site.load())
    assert str(told) == "access: added eve, removed paul, changed maria"
