"""The worlds both stand-ins live in: what one TimelinesAI workspace and one Zoho organisation hold at the start.

A world is a plain dict that survives JSON, with the keys `timelines` and `zoho`; every time in it is an ISO-8601 UTC string
and none is later than the `now` it was made for. The same arguments always give the same world: ids and message uids never
depend on `now`, so that the two stand-ins, started one after the other, agree.
"""

from sandbox.world.generated import generate
from sandbox.world.sample import load_file, load_sample

__all__ = ["generate", "load_file", "load_sample"]
