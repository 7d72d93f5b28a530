# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""usage: cut_everywhere.py TIERCEL BITCODE WORK: every beginning of a bitcode file has to be refused with status 125.

Prints one line for each length that is treated otherwise, then how many lengths were tried.
"""

import subprocess
import sys
from pathlib import Path

# Coprime with the 4-byte words of bitcode, so that cuts within words and between them both occur.
STRIDE = 37

tiercel, bitcode, work = sys.argv[1:]
content = Path(bitcode).read_bytes()
lengths = [*range(0, len(content), STRIDE), len(content) - 1]
for length in lengths:
    Path(work).write_bytes(content[:length])
    result = subprocess.run([tiercel, "run", work], stdin=subprocess.DEVNULL, capture_output=True)
    message = result.stderr.decode(errors="replace")
    clear = message.startswith(f"tiercel: error: {work}") and message.count("tiercel: error:") == 1
    if result.returncode != 125 or result.stdout or not clear:
        print(f"{length} of {len(content)} bytes: status {result.returncode}, message {message!r}")
print(f"{len(lengths)} lengths tried")
