"""Asks a UHFReader what it is with wabson.chafon-rfid, sets its power and reads its tags once; prints type, power and
then each EPC, in hexadecimal capitals.

    read_with_chafon_rfid.py DEVICE BAUD
"""

import sys

from chafon_rfid.base import CommandRunner, ReaderCommand, ReaderInfoFrame, ReaderResponseFrame, ReaderType
from chafon_rfid.command import CF_GET_READER_INFO, CF_SET_RF_POWER, G2_TAG_INVENTORY
from chafon_rfid.response import G2_TAG_INVENTORY_STATUS_MORE_FRAMES
from chafon_rfid.transport_serial import SerialTransport
from chafon_rfid.uhfreader18 import G2InventoryResponseFrame as Short
from chafon_rfid.uhfreader288m import G2InventoryCommand
from chafon_rfid.uhfreader288m import G2InventoryResponseFrame as Long


def main(device: str, baud: int) -> None:
    transport = SerialTransport(device, baud)
    runner = CommandRunner(transport)
    power = ReaderResponseFrame(runner.run(ReaderCommand(CF_SET_RF_POWER, data=[24])))
    assert power.result_status == 0, power.result_status
    info = ReaderInfoFrame(runner.run(ReaderCommand(CF_GET_READER_INFO)))
    print(info.type.name, info.power)
    if info.type is ReaderType.UHFReader18:
        kind, command = Short, ReaderCommand(G2_TAG_INVENTORY)
    else:
        kind, command = Long, G2InventoryCommand(q_value=4)
    transport.write(command.serialize())
    more = True
    while more:
        frame = kind(transport.read_frame())
        more = frame.result_status == G2_TAG_INVENTORY_STATUS_MORE_FRAMES
        for tag in frame.get_tag():
            print(tag.epc.hex().upper())


main(sys.argv[1], int(sys.argv[2]))
