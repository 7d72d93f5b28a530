#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""usage: prompt.py FOLDER COMMAND...

Types at the prompt of a command in a terminal, and prints what was shown and the exit status. Each line of standard input
is a Python string literal to type and one to wait for. History goes below FOLDER. The last line of the output says whether
the terminal edits lines and echoes by itself again.
"""

import ast
import os
import pty
import select
import signal
import sys
import termios

PATIENCE = 60  # seconds, for a machine that is busy


def main() -> None:
    folder, *command = sys.argv[1:]
    steps = [ast.literal_eval(f"({line})") for line in sys.stdin if line.strip()]
    child, terminal = pty.fork()
    if child == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # lit ignores it, which would be inherited
        os.environ.update(XDG_STATE_HOME=folder, HOME=folder, TERM="xterm")
        os.execv(command[0], command)
    shown = b""

    def wait_for(text: bytes, since: int) -> None:
        nonlocal shown
        while text not in shown[since:]:
            ready, _, _ = select.select([terminal], [], [], PATIENCE)
            if not ready:
                sys.exit(f"'{text!r}' did not come in {shown!r}")
            try:
                part = os.read(terminal, 4096)
            except OSError:  # how Linux reports the end
                part = b""
            if not part:
                return
            shown += part

    wait_for(b"tiercel> ", 0)
    for typed, awaited in steps:
        since = len(shown)
        os.write(terminal, typed.encode())
        wait_for(awaited.encode(), since)
    wait_for(b"no such text, so the end", 0)
    _, status = os.waitpid(child, 0)
    print(shown.decode().replace("\r", ""))
    print("status", os.waitstatus_to_exitcode(status))
    plain = termios.ICANON | termios.ECHO
    print("terminal", "as before" if termios.tcgetattr(terminal)[3] & plain == plain else "left raw")


main()
