"""The running engine: events in, pure steps, effects out.

`core.py` holds the loop and what all parts share; `calls.py` customers' channels, `scripts.py` their flows,
`floor.py` the agents' legs, `campaigns.py` dialling, `reconcile.py` what to believe after a break, `control.py` what
people ask of it.
"""
