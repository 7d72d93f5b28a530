// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Hot loops in function-try blocks of functions and constructors: in the body, in a member's initialiser, in the handler.
// LEVELS: O0 frontend O2
#include <cstdio>
#include <stdexcept>
static long log_sum;
struct Part {
  int id;
  explicit Part(int i) : id(i) {}
  ~Part() { log_sum = log_sum * 10 + id; }
};
[[gnu::noinline]] static long hot(long n, long limit) {
  long sum = 0;
  for (long i = 0; i < n; ++i) {
    sum = (sum * 3 + i) % 1000003;
    if (i == limit)
      throw std::range_error("limit");
  }
  return sum;
}
struct Whole {
  Part first{1};
  long value;
  Part second{2};
  Whole(long n, long limit_member, long limit_body) try : value(hot(n, limit_member)) {
    for (long i = 0; i < n; ++i) {
      value = (value * 5 + i) % 1000003;
      if (i == limit_body)
        throw i;
    }
  } catch (long i) {
    long sum = 0;
    for (long k = 0; k < i; ++k)
      sum = (sum + k * k) % 1000003;
    throw sum;
  } catch (const std::exception &) {
    for (int k = 0; k < 100000; ++k)
      log_sum = (log_sum + k) % 1000003;
  } // thrown on
};
[[gnu::noinline]] static long whole(long n) try {
  long sum = 0;
  for (long i = 0; i < n; ++i)
    sum += hot(i % 4, 3 + (n - 1 - i) * 10);
  return sum;
} catch (const std::range_error &) {
  long product = 1;
  for (long i = 0; i < n; ++i)
    product = product * 7 % 1000003;
  return product;
}
int main() {
  {
    Whole good(100000, -1, -1);
    std::printf("%ld\n", good.value);
  }
  try {
    Whole bad(100000, -1, 90000);
  } catch (long sum) {
    std::printf("%ld %ld\n", sum, log_sum);
  }
  try {
    Whole bad(100000, 80000, -1);
  } catch (const std::exception &e) {
    std::printf("%s %ld\n", e.what(), log_sum);
  }
  std::printf("%ld %ld\n", whole(100000), whole(100001));
}
