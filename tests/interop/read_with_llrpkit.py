"""Reads tags with llrpkit's client for a while; prints each EPC that was read, once, in hexadecimal capitals.

    read_with_llrpkit.py HOST PORT SECONDS
"""

import asyncio
import sys

from llrpkit import Reader


async def main(host: str, port: int, seconds: float) -> None:
    seen = set()
    async with Reader(host, port) as reader:
        async for tag in reader.inventory(duration=seconds, include_phase=True):
            epc = tag.epc if isinstance(tag.epc, (bytes, bytearray)) else bytes.fromhex(tag.epc)
            seen.add(epc.hex().upper())
    print("\n".join(sorted(seen)))


asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
