"""Starts the emulated reader of llrpkit on a free port, prints the port, and runs until standard input ends.

Lines on standard input: `antenna N on|off` plugs an antenna in or out; `input N high|low` sets an input;
`drop` cuts the client's connection.
"""

import asyncio
import sys

from llrpkit.emulator import LLRPEmulator


async def main() -> None:
    async with LLRPEmulator(reads_per_sec=200.0) as reader:
        print(reader.port, flush=True)
        lines = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(lines), sys.stdin
        )
        while words := (await lines.readline()).split():
            match words:
                case [b"antenna", port, state]:
                    await reader.set_antenna_connected(int(port), state == b"on")
                case [b"input", port, level]:
                    await reader.set_gpi(int(port), level == b"high")
                case [b"drop"]:
                    reader._writer.transport.abort()


asyncio.run(main())
