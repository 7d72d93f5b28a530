// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loops whose header follows a handler or a cleanup: retries, and loops that go round by throwing.
// LEVELS: O0 frontend O2
#include <cstdio>
#include <memory>
#include <vector>
struct Busy { int rounds; };
[[gnu::noinline]] static int attempt(int i) {
  if (i % 16 != 0)
    throw Busy{i};
  return i;
}
[[gnu::noinline]] static int sometimes(int i) {
  if (i % 5000 == 4999)
    throw Busy{i};
  return i & 7;
}
// The only back edge comes out of a handler.
[[gnu::noinline]] static long retry(int n) {
  long sum = 0;
  int i = 1;
again:
  try {
    sum += attempt(i);
  } catch (const Busy &busy) {
    sum += busy.rounds & 3;
    if (++i < n)
      goto again;
  }
  return sum;
}
// A hot loop inside; the outer loop goes round through the handler.
[[gnu::noinline]] static long resumed(int n) {
  long sum = 0;
  int i = 0;
  while (i < n) {
    try {
      for (; i < n; ++i)
        sum += sometimes(i);
    } catch (const Busy &busy) {
      sum ^= busy.rounds;
      ++i;
    }
  }
  return sum;
}
struct Owner {
  std::unique_ptr<int> value;
  std::vector<int> list;
};
// Every operation of the loop's body may throw, so it is made of invokes.
[[gnu::noinline]] static long invokes(int n) {
  long sum = 0;
  std::vector<Owner> owners;
  for (int i = 0; i < n; ++i) {
    Owner owner{std::make_unique<int>(i), {i, i + 1}};
    owner.list.push_back(*owner.value * 2);
    try {
      sum += sometimes(i) + owner.list.back();
      owners.push_back(std::move(owner));
      if (owners.size() > 50)
        owners.erase(owners.begin(), owners.begin() + 40);
    } catch (Busy &) {
      owners.clear();
    }
  }
  return sum * 100 + (long)owners.size();
}
static long count(int n, long sum) {
  for (;;) {
    struct Scope {
      long &sum;
      ~Scope() { sum = sum * 3 % 1000003; }
    } scope{sum};
    if (n-- == 0)
      return sum;
    if (n % 3 == 0)
      continue;
    sum += n;
  }
}
int main() {
  std::printf("%ld %ld\n", retry(12), retry(16));
  long sum = 0;
  for (int i = 0; i < 300; ++i)
    sum += retry(15);
  std::printf("%ld\n", sum);
  std::printf("%ld\n", resumed(300000));
  std::printf("%ld\n", invokes(20000));
  std::printf("%ld\n", count(300000, 1));
}
