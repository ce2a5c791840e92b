"""Reads tags with sllurp's client for a while; prints each EPC that was read, once, in hexadecimal capitals.

    read_with_sllurp.py HOST PORT SECONDS
"""

import sys
import time

from sllurp.llrp import LLRPReaderClient, LLRPReaderConfig


def main(host: str, port: int, seconds: float) -> None:
    seen = set()

    def reported(_reader, tags) -> None:
        seen.update(tag["EPC"].decode().upper() for tag in tags)

    config = LLRPReaderConfig({"antennas": [0], "report_every_n_tags": 1, "start_inventory": True, "tx_power": 0})
    reader = LLRPReaderClient(host, port, config)
    reader.add_tag_report_callback(reported)
    reader.connect()
    time.sleep(seconds)
    reader.disconnect()
    reader.join(5)
    print("\n".join(sorted(seen)))


main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
