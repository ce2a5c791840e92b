"""Reads tags with impinj-iot (PyPI), unmodified, from the reader whose address is given; a JSON line for each thing seen."""

import json
import sys
import time

from impinj_iot import ImpinjIot, RfMode

address, wanted = sys.argv[1], int(sys.argv[2])


def say(**what):
    print(json.dumps(what), flush=True)


reader = ImpinjIot()
wrong = ImpinjIot()
say(wrong_password=wrong.connect(address, password="wrong"))
say(connected=reader.connect(address))
info = reader.get_reader_info()
say(model=info.model, manufacturer=info.manufacturer, serial=info.serial_number, antennas=info.antenna_count)
say(modes=sorted(reader.get_supported_rf_modes()))
reader.set_antenna_config([True, False, True, False])
reader.set_tx_power(28.5)
reader.set_rf_mode(RfMode.DENSE_READER_M4)
reads = []
reader.set_notification_callback(reads.append)
say(started=reader.start())
end = time.monotonic() + 10
while len(reads) < wanted and time.monotonic() < end:
    time.sleep(0.05)
say(stopped=reader.stop())
for read in reads[:wanted]:
    say(epc=read.epc, antenna=read.antenna_port, rssi_cdbm=read.peak_rssi_cdbm, frequency=read.frequency,
        power_cdbm=read.transmit_power_cdbm)
reader.disconnect()
