"""Ids that we give to channels: Asterisk looks only at as many characters as it is given."""

import itertools

from dialer.engine.ids import Ids


def test_no_id_is_the_beginning_of_another():
    ids = Ids("node1", 1795297704.4)
    given = sorted(ids.leg() if number % 40 < 12 else ids.call() for number in range(3000))
    for one, after in itertools.pairwise(given):  # sorted: what begins with an id stands right behind it
        assert not after.startswith(one)


def test_ids_of_this_node_are_known_again():
    ids, other = Ids("node1", 1795297704.4), Ids("node12", 1795297704.4)
    assert ids.ours(Ids("node1", 1.0).call())
    assert not ids.ours(other.leg())
    assert not ids.ours("1795297704.43")
