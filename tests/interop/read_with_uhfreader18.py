"""Sets a UHFReader18 with the command client of uhfreader18, switches it to telling of tags by itself, and reads what it
pushes for a while; prints address, power and band, then each EPC once, in hexadecimal capitals.

    read_with_uhfreader18.py HOST PORT SECONDS
"""

import sys
import time

from uhfreader18.client import RfidClient
from uhfreader18.constants import FreqBand, MemInven, ModeState, WorkMode
from uhfreader18.stream import StreamBuffer


def main(host: str, port: int, seconds: float) -> None:
    seen = set()
    with RfidClient(host, port) as client:
        _, address = client.discover_address()
        client.set_power(address, 25)
        client.set_scan_time(address, 5)
        client.set_region(address, FreqBand.US, 49, 0)
        client.acousto_optic_control(address, 1, 1, 1)
        info = client.get_reader_info(address)
        print(info.address, info.power, info.band.name)
        client.set_work_mode(address, WorkMode.SCAN, ModeState.RS_OUTPUT, MemInven.INVENTORY_MULTIPLE, 0, 1, 0)
        stream = StreamBuffer()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            # The client has no way to read what is pushed; its stream takes the bytes apart.
            parsed = stream.feed(client._socket.recv(4096))
            assert not parsed.errors, parsed.errors
            seen.update(frame.tag for frame in parsed.frames if frame.command_name == "TAG_REPORT")
    print("\n".join(sorted(seen)))


main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
