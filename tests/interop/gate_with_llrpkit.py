"""Has llrpkit inventory for as long as an input is high; sets an output. Prints a line for each thing that happens.

    gate_with_llrpkit.py HOST PORT
"""

import asyncio
import sys

from llrpkit import Reader


async def main(host: str, port: int) -> None:
    async with Reader(host, port) as reader:
        await reader.set_gpo(2, True)
        windows = reader.windows(1)
        print("ready", flush=True)
        async for window in windows:
            # The first may have opened before the inventory was there.
            if window.tags:
                print("window", len({tag.epc for tag in window.tags}), flush=True)
                return


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
