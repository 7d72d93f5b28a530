// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Many threads and processes on one engine.
#include "unit/support/engines.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <memory>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace tiercel {
namespace {

/// fN(x) = x * N + (N > 0 ? f(N-1)(x) mod 7 : 0), each a function of its own.
std::string chainOfFunctions(int count, const std::string& prefix = "f") {
  std::string text;
  for (int n = 0; n < count; ++n) {
    text += fmt::format("define i32 @{0}{1}(i32 %x) {{\n  %m = mul i32 %x, {1}\n", prefix, n);
    text += n == 0
                ? "  %r = add i32 %m, 0\n"
                : fmt::format("  %o = call i32 @{}{}(i32 %x)\n  %p = urem i32 %o, 7\n  %r = add i32 %m, %p\n",
                              prefix, n - 1);
    text += "  ret i32 %r\n}\n";
  }
  return text;
}

int expectedOf(int n, int x) {
  uint32_t result = 0;
  for (int i = 1; i <= n; ++i)
    result = static_cast<uint32_t>(x * i) + result % 7;
  return static_cast<int>(result);
}

TEST(Threads, TheFirstCallOfEightCompilesOnce) {
  constexpr int kThreads = 8, kFunctions = 40;
  Options options;
  options.fixedTier = 0; // publications of promotions do not count here
  const auto engine = engineWith(chainOfFunctions(kFunctions), options);
  std::vector<int (*)(int)> functions;
  functions.reserve(kFunctions);
  for (int n = 0; n < kFunctions; ++n)
    functions.push_back(function<int(int)>(*engine, "f" + std::to_string(n)));
  std::barrier together(kThreads);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  threads.reserve(8);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int n = 0; n < kFunctions; ++n) {
        together.arrive_and_wait();
        wrong += functions[static_cast<size_t>(n)](3) != expectedOf(n, 3);
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(engine->stats().functions.compiledTier0, static_cast<uint64_t>(kFunctions));
}

TEST(Threads, AddingAndLookingUpWhileOthersRun) {
  constexpr int kModules = 20, kEach = 5;
  Options options;
  options.policy = Policy::Threshold;
  options.callThreshold = 50;
  const auto engine = engineWith(chainOfFunctions(kEach, "m0_"), options);
  std::atomic<int> added{1};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  threads.reserve(8);
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (int seen = 0; seen < kModules;) {
        seen = added.load();
        for (int m = seen < 3 ? 0 : seen - 3; m < seen; ++m) {
          const auto last =
              engine->lookup<int(int)>("m" + std::to_string(m) + "_" + std::to_string(kEach - 1));
          wrong += !last || (*last)(m) != expectedOf(kEach - 1, m);
        }
      }
    });
  }
  for (int m = 1; m < kModules; ++m) {
    addText(*engine, chainOfFunctions(kEach, "m" + std::to_string(m) + "_"));
    added = m + 1;
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(engine->stats().functions.total, static_cast<uint64_t>(kModules * kEach));
}

TEST(Threads, ResultsHoldWhileCodeIsReplaced) {
  Options options;
  options.modes.promoteAlways = true;
  options.compileThreads = 2;
  const auto engine = engineWith(chainOfFunctions(30), options);
  const auto last = function<int(int)>(*engine, "f29");
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  threads.reserve(8);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20000; ++i)
        wrong += last(i % 50 + t) != expectedOf(29, i % 50 + t);
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  engine->waitIdle();
  EXPECT_EQ(wrong, 0);
  EXPECT_GE(engine->stats().functions.promoted, 30u);
}

TEST(Threads, DataIsInitialisedBeforeAnyoneSeesIt) {
  // Each function reads a chain of globals that leads back to the shared first one.
  std::string text = "@g0 = global { ptr, i32 } { ptr @g0, i32 1000 }\n";
  for (int n = 1; n < 50; ++n)
    text += fmt::format(
        "@g{0} = internal global {{ ptr, i32 }} {{ ptr @g{1}, i32 {0} }}\n"
        "define i32 @f{0}() {{\n  %p = load ptr, ptr @g{0}\n  %q = getelementptr i8, ptr %p, i64 8\n"
        "  %v = load i32, ptr %q\n  ret i32 %v\n}}\n",
        n, n / 2);
  for (int round = 0; round < 5; ++round) {
    const auto engine = engineWith(text);
    std::barrier together(4);
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    threads.reserve(8);
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        together.arrive_and_wait();
        for (int n = 49 - t; n > 0; n -= 4)
          wrong += function<int()>(*engine, "f" + std::to_string(n))() != (n == 1 ? 1000 : n / 2);
      });
    }
    for (std::thread& thread : threads)
      thread.join();
    ASSERT_EQ(wrong, 0);
  }
}

/// The exit status of a child that runs `body`, which returns whether all was well.
template <typename Body> int inChild(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(60); // a deadlock ends the child, not the test run
    _exit(body() ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  return status;
}

TEST(Fork, ChildAndParentGoOnSeparately) {
  Options options;
  options.policy = Policy::Threshold;
  options.callThreshold = 5;
  options.compileThreads = 1;
  const auto engine = engineWith("@state = global i32 0\ndefine i32 @next() { %x = load i32, ptr @state\n"
                                 "  %y = add i32 %x, 1\n  store i32 %y, ptr @state\n  ret i32 %y }\n" +
                                     chainOfFunctions(20),
                                 options);
  const auto next = function<int()>(*engine, "next");
  EXPECT_EQ(next(), 1);
  const int status = inChild([&] {
    bool right = next() == 2;
    for (int i = 0; i < 20; ++i) // promoted by the child's own workers
      right &= function<int(int)>(*engine, "f19")(i) == expectedOf(19, i);
    engine->waitIdle();
    return right && engine->stats().functions.promoted > 0;
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(next(), 2) << "the child has its own data";
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(function<int(int)>(*engine, "f19")(i), expectedOf(19, i));
  engine->waitIdle();
  EXPECT_GT(engine->stats().functions.promoted, 0u);
}

TEST(Fork, InTheMiddleOfCompiles) {
  constexpr int kFunctions = 400, kChildren = 20;
  Options options;
  options.policy = Policy::Window; // with its sampling thread
  options.callThreshold = 2;
  options.compileThreads = 1;
  const auto engine = engineWith(chainOfFunctions(kFunctions), options);
  std::atomic<int> progress{0};
  std::atomic<bool> stop{false};
  std::thread runner([&] {
    for (int n = 0; n < kFunctions && !stop; ++n) {
      for (int i = 0; i < 3; ++i)
        function<int(int)>(*engine, "f" + std::to_string(n))(i);
      progress = n + 1;
    }
    progress = kFunctions;
  });
  for (int c = 0; c < kChildren; ++c) {
    // Ahead of the runner, so that the child finds functions in every state.
    const int ahead = std::min(progress + 5, kFunctions - 1);
    const int status = inChild([&] {
      bool right = true;
      for (int i = 0; i < 4; ++i)
        right &= function<int(int)>(*engine, "f" + std::to_string(ahead))(i) == expectedOf(ahead, i);
      engine->waitIdle();
      return right;
    });
    EXPECT_EQ(status, 0) << "child " << c;
  }
  stop = true;
  runner.join();
  EXPECT_EQ(function<int(int)>(*engine, "f" + std::to_string(kFunctions - 1))(9),
            expectedOf(kFunctions - 1, 9));
}

} // namespace
} // namespace tiercel
