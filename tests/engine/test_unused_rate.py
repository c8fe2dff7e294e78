"""A claim that finds nobody to dial gives back the rate as well."""

from engine_rig import CAMPAIGN, SWITCH, Rig

from dialer.coordination.limits import Scope


async def test_a_claim_that_finds_nobody_costs_no_rate(rig: Rig) -> None:
    rig.link_up()
    switch, now = Scope("switch", SWITCH), rig.clock.now()
    room = rig.engine.limits.allowance(switch, now)
    rig.log_in("ada")
    rig.engine.campaigns.set_status(CAMPAIGN, "running")
    await rig.quiet()
    assert rig.engine.limits.allowance(switch, now) == room
    await rig.contacts(1)
    rig.engine.campaigns.contact_added(CAMPAIGN)
    await rig.quiet()
    assert len(rig.engine.calls) == 1
    assert rig.engine.limits.allowance(switch, now) == (room or 0) - 1
