"""A campaign rehearsed: the engine itself, its law, lists, retries and pacers, in virtual time, with simulated people.

`dialer/simulation` drives a pacer alone, to judge pacers; here all but Asterisk and the people is the real thing.
"""
