"""Tags per second of other people's decoders over the frames on standard input, one a line in hexadecimal.

A line of output per peer and frame: the peer, its version, the frame's number, the tags it saw, tags per second.
"""

import sys
import time
from importlib.metadata import version


def sllurp():
    from sllurp.llrp import LLRPMessage

    def tags(frame):
        return len(LLRPMessage(msgbytes=frame).msgdict["RO_ACCESS_REPORT"]["TagReportData"])

    return tags


def llrpkit():
    from llrpkit.protocol import decode_message

    def tags(frame):
        return len(decode_message(frame).tag_report_datas)

    return tags


def main():
    frames = [bytes.fromhex(line) for line in sys.stdin.read().split()]
    for peer in (sllurp, llrpkit):
        try:
            tags = peer()
        except ImportError as error:
            print(f"skipped: {error}", file=sys.stderr)
            continue
        for number, frame in enumerate(frames):
            best = 0.0
            for _ in range(5):
                start, seen = time.perf_counter(), 0
                while time.perf_counter() - start < 0.3:
                    seen += tags(frame)
                best = max(best, seen / (time.perf_counter() - start))
            print(peer.__name__, version(peer.__name__), number, tags(frame), round(best))


main()
