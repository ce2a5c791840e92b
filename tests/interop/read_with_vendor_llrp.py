"""Reads tags with the drivers impinj-llrp or zebra-llrp for a while; prints each EPC that was read, once.

    read_with_vendor_llrp.py HOST PORT SECONDS impinj|zebra
"""

import os
import sys
import time


def main(host: str, port: int, seconds: float, vendor: str) -> None:
    if vendor == "impinj":
        from impinj_llrp import ImpinjLlrp as Driver
    else:
        from zebra_llrp import ZebraLlrp as Driver
    driver = Driver()
    seen = set()
    if not driver.connect(host, port):
        sys.exit("not connected")
    driver.set_notification_callback(lambda tag: seen.add(tag.epc))
    driver.set_antenna_config([1, 2])
    # They come back before the connection is set up, and trip over themselves when they are used at once.
    time.sleep(3)
    if not driver.start():
        sys.exit("not started")
    time.sleep(seconds)
    driver.stop()
    time.sleep(1)
    driver.disconnect()
    print("\n".join(sorted(seen)), flush=True)
    # Their threads do not always notice that it is over, and keep the process for ever.
    os._exit(0)


main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4])
