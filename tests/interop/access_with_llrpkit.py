"""Reads, writes and kills one tag with llrpkit; prints a line of JSON for each step.

    access_with_llrpkit.py HOST PORT ACCESS_PASSWORD
"""

import asyncio
import json
import sys

from llrpkit import Reader


async def main(host: str, port: int, password: int) -> None:
    def say(step: str, result) -> None:
        data = result.data.hex() if result.data is not None else None
        print(json.dumps({"step": step, "epc": result.epc_hex, "status": result.status, "data": data}))

    async with Reader(host, port) as reader:

        async def seen(**how) -> list[str]:
            return sorted({tag.epc_hex async for tag in reader.inventory(duration=0.8, **how)})

        tag = (await seen())[0]
        print(json.dumps({"step": "tag", "epc": tag}))
        know = {"target_epc": tag, "access_password": password}
        say("tid", await reader.read_memory(bank="tid", target_epc=tag))
        say("write", await reader.write_memory(bank="user", data="cafe0123", **know))
        say("user", await reader.read_memory(bank="user", word_count=2, target_epc=tag))
        say("beyond", await reader.write_memory(bank="user", word_pointer=31, data="00010002", **know))
        say("wrong password", await reader.read_memory(bank="user", target_epc=tag, access_password=password + 1))
        new = "3036450E000000000000ABCD"
        say("epc", await reader.write_epc(new, **know))
        print(json.dumps({"step": "only", "epcs": await seen(epc_filter=new)}))
        say("kill password", await reader.write_memory(bank="reserved", data="00000007", target_epc=new, access_password=password))
        say("wrong kill", await reader.kill_tag(kill_password=8, target_epc=new))
        say("kill", await reader.kill_tag(kill_password=7, target_epc=new))
        print(json.dumps({"step": "left", "epcs": await seen()}))


asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
