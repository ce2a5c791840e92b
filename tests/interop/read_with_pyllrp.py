"""Reads tags with pyllrp's TagInventory until the time is over; prints each EPC that was read, once.

    read_with_pyllrp.py HOST PORT SECONDS [NEW]

With NEW (hexadecimal) its TagWriter first gives that EPC to every tag that comes by.
"""

import sys
import time

from pyllrp import LLRPConnector, TagInventory, TagWriter


class Connector(LLRPConnector.LLRPConnector):
    """pyllrp's inventories know LLRP's own port only."""

    def connect(self, host):
        return super().connect(host, int(sys.argv[2]))


TagInventory.LLRPConnector = Connector


def main(host: str, seconds: float, new: str | None) -> None:
    client = TagWriter.TagWriter(host)
    client.Connect()
    seen = set()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if new:
            client.WriteTag("", new)
        else:
            tags, _ = client.GetTagInventory()
            seen |= tags
    if new:
        seen, _ = client.GetTagInventory()
    client.Disconnect()
    print("\n".join(sorted(seen)))


main(sys.argv[1], float(sys.argv[3]), *(sys.argv[4:] or [None]))
