"""What the callers of the demo do with the sample flows in `ivr_flows/`."""

from demo.world import Habit

_ACME, _ACME_TOO, _GLOBEX = "+493023125010", "+493023125011", "+441632960010"
_PATIENT_S, _HASTY_S, _GONE_S = (45.0, 90.0), (9.0, 16.0), (1.5, 6.0)
_BRITISH = "+4477009001"
"""Numbers that Ofcom keeps for films and plays, as the Bundesnetzagentur does +49 30 23125."""


def habits() -> list[Habit]:
    return [
        # language, policy number or none, then a new contract (1) or support (2)
        Habit(12, _GLOBEX, "1WWWWW#WW2", _PATIENT_S, numbers_from=_BRITISH),
        Habit(8, _GLOBEX, "1WWWWW9123#", _PATIENT_S, numbers_from=_BRITISH),
        Habit(8, _GLOBEX, "2WWWWW#WW1", _PATIENT_S, numbers_from=_BRITISH),
        # language, then orders (1) or support (2)
        Habit(24, _ACME, "1WW2", _PATIENT_S, listens_s=(3.0, 6.0)),
        Habit(14, _ACME_TOO, "2WW2", _PATIENT_S, listens_s=(3.0, 6.0)),
        Habit(12, _ACME, "1WW1", _PATIENT_S, listens_s=(3.0, 6.0)),
        Habit(8, _ACME_TOO, "3WW1", _PATIENT_S, listens_s=(3.0, 6.0)),
        # keys that mean nothing, and then the right ones
        Habit(5, _ACME, "7WW1WW9WW2", _PATIENT_S, listens_s=(3.0, 6.0)),
        # no key at all, until the flow goes on by itself
        Habit(4, _ACME, "", _PATIENT_S),
        # hang up while waiting or just connected; hang up in the menu
        Habit(6, _ACME, "1WW2", _HASTY_S, listens_s=(3.0, 5.0)),
        Habit(5, _ACME_TOO, "", _GONE_S),
        Habit(3, _GLOBEX, "1", _HASTY_S, numbers_from=_BRITISH),
        Habit(2, _GLOBEX, "", _GONE_S, numbers_from=_BRITISH),
    ]
