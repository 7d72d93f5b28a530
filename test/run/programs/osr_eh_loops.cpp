// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Exceptions thrown in hot loops and caught inside, outside and in the caller, with destructors on every way out.
// LEVELS: O0 frontend O2
#include <cstdio>
#include <stdexcept>
#include <string>
static long destroyed;
struct Guard {
  long value;
  explicit Guard(long v) : value(v) {}
  Guard(const Guard &other) : value(other.value + 1) {}
  ~Guard() { destroyed = destroyed * 3 % 1000003 + value; }
};
struct Stop { int at; };
[[gnu::noinline]] static int check(int i, int limit) {
  if (i % limit == limit - 1)
    throw Stop{i};
  return i & 15;
}
[[gnu::noinline]] static long inside(int n) {
  long sum = 0;
  for (int i = 0; i < n; ++i) {
    Guard guard(i);
    try {
      Guard inner(i + 1);
      sum += check(i, 500);
    } catch (const Stop &stop) {
      sum ^= stop.at;
      if (stop.at % 1500 == 1499)
        continue;
    }
    sum += guard.value & 3;
  }
  return sum;
}
[[gnu::noinline]] static long outside(int n) {
  long sum = 0;
  Guard first(1);
  try {
    for (int i = 0;; ++i) {
      Guard guard(i);
      for (int k = 0; k < 4; ++k) {
        Guard inner(k);
        sum += check(4 * i + k, n);
      }
    }
  } catch (const Stop &stop) {
    sum = sum * 2 + stop.at;
  }
  return sum;
}
[[gnu::noinline]] static long loop_that_throws(int n, Guard by_value) {
  long sum = by_value.value;
  std::string text = "a text that does not fit into the string object itself";
  for (int i = 0;; ++i) {
    Guard guard(i);
    text[(unsigned)i % text.size()] ^= 1;
    sum += text[0] + by_value.value;
    if (i == n)
      throw std::runtime_error(text + std::to_string(sum));
  }
}
[[gnu::noinline]] static void in_caller(int n) {
  Guard guard(77);
  try {
    loop_that_throws(n, guard);
  } catch (const std::logic_error &) {
    std::puts("wrong");
  }
}
[[gnu::noinline]] static int by_type(int n) {
  int counts[4] = {};
  for (int i = 0; i < n; ++i) {
    try {
      try {
        switch (i % 1000) {
        case 1: throw i;
        case 2: throw 'c';
        case 3: throw std::out_of_range("three");
        case 4: throw Stop{i};
        default: counts[3] += i & 1;
        }
      } catch (char) {
        ++counts[0];
        throw; // to the next
      } catch (const std::exception &) {
        ++counts[1];
      }
    } catch (int value) {
      counts[2] += value % 7;
    } catch (...) {
      counts[2] += 100;
    }
  }
  return ((counts[0] * 31 + counts[1]) * 31 + counts[2]) * 31 + counts[3];
}
int main() {
  std::printf("%ld %ld\n", inside(200000), destroyed);
  std::printf("%ld %ld\n", outside(200000), destroyed);
  for (int i = 0; i < 3; ++i)
    try {
      in_caller(60000 + i);
    } catch (const std::exception &e) {
      std::printf("%s\n", e.what());
    }
  std::printf("%ld\n", destroyed);
  std::printf("%d\n", by_type(200000));
}
