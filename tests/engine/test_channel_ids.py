"""Ids that we give to channels: Asterisk refuses one that a living channel's id begins with."""

from dialer.engine.ids import Ids


def test_no_id_is_the_beginning_of_one_given_before():
    ids = Ids("node1", 1795297704.4)
    given: set[str] = set()
    for number in range(3000):
        fresh = ids.leg() if number % 40 < 12 else ids.call()
        beginnings = {earlier[: len(fresh)] for earlier in given}
        assert fresh not in beginnings
        given.add(fresh)


def test_ids_of_this_node_are_known_again():
    ids, other = Ids("node1", 1795297704.4), Ids("node12", 1795297704.4)
    assert ids.ours(Ids("node1", 1.0).call())
    assert not ids.ours(other.leg())
    assert not ids.ours("1795297704.43")
