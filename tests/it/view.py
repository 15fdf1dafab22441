"""Runs a command in a pseudo terminal of 140 x 40 cells: `view.py KEYS WANTED... -- COMMAND...` types KEYS as soon as all that is WANTED was written,
and prints a line of JSON: the exit code, all that was written, and whether the terminal is as it was."""

import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time

PATIENCE = 120

split = sys.argv.index("--")
keys, wanted, command = sys.argv[1], [word.encode() for word in sys.argv[2:split]], sys.argv[split + 1 :]
ours, theirs = pty.openpty()
fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 140, 0, 0))
before = termios.tcgetattr(ours)
environment = dict(os.environ, TERM="xterm-256color", COLORTERM="truecolor")
child = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, env=environment)
written, raw, until = b"", False, time.monotonic() + PATIENCE
while time.monotonic() < until:
    ended = child.poll() is not None
    if select.select([ours], [], [], 0 if ended else 0.05)[0]:
        written += os.read(ours, 65536)
    elif ended:
        break
    raw = raw or termios.tcgetattr(ours) != before
    if keys and all(word in written for word in wanted):
        os.write(ours, keys.encode())
        keys = ""
child.kill()
said = {"code": child.wait(), "raw": raw, "as_before": termios.tcgetattr(ours) == before, "typed": not keys}
print(json.dumps(said | {"text": written.decode(errors="replace")}))
