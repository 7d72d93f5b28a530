# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes the files that the real programs work on. The same on every machine; written once."""

from __future__ import annotations

import math
import random
import struct
import wave
from collections.abc import Callable
from pathlib import Path

from measuring import BUILD

DIRECTORY = BUILD / "inputs"


def made(name: str, make: Callable[[Path], None]) -> Path:
    """The file of that name, made if it is not there. The name has to change with its contents."""
    path = DIRECTORY / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".tmp")
        make(unfinished)
        unfinished.rename(path)
    return path


def prose(path: Path) -> None:
    """100 kB of words with the frequencies of a language."""
    source = random.Random("prose")
    words = ["".join(source.choices("etaoinshrdlucmfwyp", range(18, 0, -1), k=source.randint(2, 9))) for _ in range(3000)]
    text = source.choices(words, [1 / (rank + 1) for rank in range(len(words))], k=30000)
    for place in range(0, len(text), 13):
        text[place] = text[place].capitalize() + ("," if place % 3 else ".\n")
    path.write_text(" ".join(text)[:100_000])


def music(path: Path) -> None:
    """Half a second of stereo at 44.1 kHz: a chord that decays, and some noise."""
    source = random.Random("music")
    frames = bytearray()
    for frame in range(22050):
        time = frame / 44100
        level = math.exp(-3 * (time % 0.25))
        left = sum(math.sin(2 * math.pi * pitch * time) for pitch in (220, 277.2, 329.6))
        right = sum(math.sin(2 * math.pi * pitch * time + 0.3) for pitch in (220, 440, 659.3))
        noise = source.uniform(-400, 400)
        frames += struct.pack("<hh", int(9000 * level * left + noise), int(9000 * level * right - noise))
    with wave.open(str(path), "wb") as output:
        output.setnchannels(2)
        output.setsampwidth(2)
        output.setframerate(44100)
        output.writeframes(bytes(frames))


def hard_formula(path: Path) -> None:
    """Random clauses of three, where as many formulas can be satisfied as not: nobody decides it soon."""
    source = random.Random("formula")
    variables = 600
    clauses = round(variables * 4.26)
    lines = [f"p cnf {variables} {clauses}"]
    for _ in range(clauses):
        literals = source.sample(range(1, variables + 1), 3)
        lines.append(" ".join(str(source.choice((1, -1)) * literal) for literal in literals) + " 0")
    path.write_text("\n".join(lines) + "\n")


def cplusplus(path: Path) -> None:
    """A source file for a checker of C++: classes, templates, loops, and some of the mistakes it looks for."""
    source = random.Random("cplusplus")
    parts = ["#include <vector>\n#include <string>\n"]
    for number in range(12):
        size = source.randint(4, 20)
        parts.append(f"""
template <class T> class Table{number} {{
public:
  explicit Table{number}(int size) : size_(size), values_(new T[size]) {{}}
  ~Table{number}() {{ delete[] values_; }}
  T sum(int from, int to) const {{
    T result = T();
    for (int i = from; i < to && i < size_; ++i) {{
      if (values_[i] > {size})
        result += values_[i] * {source.randint(2, 9)};
      else if (i % 3 == 1)
        result -= values_[i];
    }}
    return result;
  }}
private:
  int size_;
  T *values_;
}};
int use{number}(const std::string &text, std::vector<int> &out) {{
  int local[{size}];
  for (int i = 0; i < {size}; ++i)
    local[i] = i * (int)text.size();
  Table{number}<int> table({size});
  int *leaked = new int[{size}];
  leaked[0] = table.sum(0, {size});
  switch (leaked[0] % 4) {{
  case 0: out.push_back(local[{source.randrange(size)}]); break;
  case 1: out.push_back(leaked[0]);
  default: return local[{size - 1}];
  }}
  return 0;
}}
""")
    path.write_text("".join(parts))
