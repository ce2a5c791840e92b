"""Asks an R200 module what it is with rfid-r200, sets power and receiver, and reads its tags; prints hardware, power,
receiver, then each EPC, in hexadecimal capitals.

    read_with_rfid_r200.py DEVICE
"""

import sys

# The package is installed under this name, by mistake it seems.
from src.rfid_r200 import R200


def main(device: str) -> None:
    with R200(device, timeout=0.3) as module:
        print(module.hw_info().strip("\0"))
        assert module.set_power(20.5)
        print(module.get_power())
        assert module.set_demodulator_params(2, 7, 0x100)
        print(*module.get_demodulator_params().values())
        tags, _ = module.read_tags()
        print("\n".join(bytes(tag.epc).hex().upper() for tag in tags))


main(sys.argv[1])
