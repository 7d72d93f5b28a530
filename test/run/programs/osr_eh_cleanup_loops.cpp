// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loops that run in cleanups, between landing pad and handler, in handlers and in the cleanups of handlers, nested, with
// handlers of several types behind them and exceptions thrown again from inside.
// LEVELS: O0 frontend O2
#include <cstdio>
static int made, gone, limit, noise;
static long order;
struct Early { int at; };
struct Late { int at; };
struct Other { int at; };
// Throws each type in turn when the limit is reached.
struct Part {
  int id;
  Part() {
    if (made == limit) {
      if (limit % 3 == 0)
        throw Early{made};
      if (limit % 3 == 1)
        throw Late{made};
      throw made;
    }
    id = made++;
  }
  ~Part() {
    gone++;
    order = (order * 7 + id) % 1000003;
  }
};
struct Box { Part rows[3][2]; };
// A destructor with a loop, which an exception passes.
struct Stack {
  int depth;
  explicit Stack(int n) : depth(n) {}
  ~Stack() {
    for (int i = 0; i < depth; ++i)
      for (int k = i; k < depth; ++k)
        order = (order * 5 + i + k) % 1000003;
  }
};
// The first handlers' types have numbers of their own: behind the second cleanup the numbers must still fit.
[[gnu::noinline]] static int chosen(int n) {
  int result = 0;
  try {
    if (n % 4 == 1)
      throw Other{n};
    if (n % 4 == 2)
      throw Early{n};
  } catch (Other &other) {
    result += other.at;
  } catch (Early &early) {
    result -= early.at;
  }
  try {
    Stack outer(3);
    Part parts[4];
    Stack inner(n % 3 + 1);
    if (n % 2)
      throw 1000L;
  } catch (int at) {
    result += 10 * at;
  } catch (Late &late) {
    result += 20 * late.at;
  } catch (Early &early) {
    result += 30 * early.at;
  } catch (long) {
    result += 7;
  }
  return result;
}
// Loops in handlers, one of which throws again from the middle of its loop, and cleanups of handlers with loops.
[[gnu::noinline]] static int again(int n) {
  try {
    try {
      Box *box = new Box[2];
      delete[] box;
    } catch (Late &late) {
      Part local[2];
      for (int i = 0; i < n; ++i) {
        Stack stack(i);
        if (i == late.at)
          throw;
        order = (order + i) % 1000003;
      }
      throw Other{late.at};
    } catch (...) {
      Stack stack(2);
      for (int i = 0; i < 3; ++i)
        noise += i;
      throw;
    }
  } catch (Other &other) {
    return 1000 + other.at;
  } catch (Late &late) {
    return 2000 + late.at;
  } catch (int at) {
    return 3000 + at;
  } catch (const Early &early) {
    int sum = 4000;
    for (int i = 0; i <= early.at; ++i)
      sum += i;
    return sum;
  }
  return n;
}
// An exception of its own in the loop of a cleanup, swallowed there.
struct Quiet {
  ~Quiet() {
    for (int i = 0; i < 4; ++i) {
      try {
        Stack stack(i);
        if (i % 2)
          throw Other{i};
      } catch (const Other &other) {
        for (int k = 0; k < other.at; ++k)
          order = (order * 3 + k) % 1000003;
      }
    }
  }
};
[[gnu::noinline]] static int quiet(int n) {
  try {
    Quiet first;
    Stack stack(2);
    Quiet second;
    for (int i = 0; i < n; ++i) {
      Quiet inLoop;
      if (i == n - 1)
        throw Late{i};
    }
  } catch (const Other &) {
    return -1;
  } catch (const Late &late) {
    return late.at;
  }
  return -2;
}
int main() {
  for (limit = 1; limit < 16; limit++) {
    made = gone = 0;
    try {
      Box *box = new Box[2];
      delete[] box;
      std::printf("%d built %d %d\n", limit, made, gone);
    } catch (int at) {
      std::printf("%d int %d, gone %d\n", limit, at, gone);
    } catch (Late &late) {
      std::printf("%d late %d, gone %d\n", limit, late.at, gone);
    } catch (Early &early) {
      std::printf("%d early %d, gone %d\n", limit, early.at, gone);
    }
    made = gone = 0;
    const int first = chosen(limit), parts = gone;
    made = gone = 0;
    std::printf("%d %d %d %d %d %ld\n", first, parts, again(limit), gone, quiet(limit % 3 + 1), order);
  }
  return 0;
}
