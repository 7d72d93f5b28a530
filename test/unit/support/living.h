// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shorthand for tests of programs that change while they run. Thread rule: Gate may be used from any thread.
#pragma once

#include "tiercel/engine.h"

#include "unit/support/engines.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <cstdlib>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <unistd.h>

namespace tiercel {

inline Source ir(std::string text) { return Source::memory(std::move(text), "test.ll"); }
inline Source c(std::string text) { return Source::memory(std::move(text), "test.c"); }

inline std::string returning(const std::string& name, int value) {
  return "define i32 @" + name + "() { ret i32 " + std::to_string(value) + " }\n";
}

inline Options reclaiming() {
  Options options;
  options.reclaim = Reclaim::Signals;
  return options;
}

/// Calls of what nothing defines go to a function that returns 99.
inline Options with99() {
  Options options = reclaiming();
  options.onUndefined = [](std::string_view) { return reinterpret_cast<void*>(+[] { return 99; }); };
  return options;
}

#define EXPECT_OK(expression)                                                                                \
  do {                                                                                                       \
    const auto outcome = (expression);                                                                       \
    EXPECT_TRUE(outcome) << outcome.error().message();                                                       \
  } while (false)

inline std::string messageOf(const Status& status) { return status ? "no error" : status.error().message(); }

#if __has_feature(thread_sanitizer)
constexpr bool kLooksAtStacks = false;
#else
constexpr bool kLooksAtStacks = true;
#endif
#define SKIP_UNLESS_STACKS_ARE_LOOKED_AT()                                                                   \
  if (!kLooksAtStacks)                                                                                       \
  GTEST_SKIP() << "ThreadSanitizer delays signals"

/// Where they cannot be looked at, no thread may be in compiled code.
inline Result<CollectReport> collect(Engine& engine) {
  return kLooksAtStacks ? engine.collect() : Result<CollectReport>(engine.quiescentPoint());
}
/// A thread that is waiting for a processor may not get one in time to look at its stack: tried again. And
/// not from here: the frames of a collection have holes, in which return addresses of earlier calls may be
/// left.
inline Result<CollectReport> collectCompletely(Engine& engine) {
  return std::async(std::launch::async,
                    [&engine] {
                      Result<CollectReport> report = collect(engine);
                      for (int i = 0; i < 100 && report && !report->complete; ++i)
                        report = collect(engine);
                      return report;
                    })
      .get();
}

class LivingTest : public testing::Test {
protected:
  void add(const std::string& module, const Source& source) { EXPECT_OK(engine->add(module, source)); }
  void redefine(const std::string& module, const Source& source, const RedefineOptions& options = {}) {
    EXPECT_OK(engine->redefine(module, source, options));
  }
  int call(const std::string& name) {
    auto* f = function<int()>(*engine, name);
    return f ? f() : -1;
  }
  void make(const Options& options) { engine = makeEngine(options); }
  /// Compiles C to a file, a native object unless `flags` ask for something else.
  static std::string compiled(const std::string& name, const std::string& text,
                              const std::string& flags = {}) {
    std::string path = folder() + name;
    shell("echo '" + text + "' | clang-22 -x c -O1 -c " + flags + " -o " + path + " -");
    return path;
  }
  static std::string archive(const std::string& name, const std::string& members) {
    std::string path = folder() + name;
    shell("rm -f " + path + " && llvm-ar-22 qc " + path + " " + members);
    return path;
  }

  std::unique_ptr<Engine> engine = makeEngine(reclaiming());

private:
  static std::string folder() { return testing::TempDir() + std::to_string(getpid()) + "-"; }
  static void shell(const std::string& command) {
    ASSERT_EQ(system(command.c_str()), 0) << command; // NOLINT(bugprone-command-processor): fixed commands
  }
};

/// A place where the first thread that comes along stops until it is let through, once.
class Gate {
public:
  void pass() {
    std::unique_lock lock(mutex_);
    if (!closed_)
      return;
    closed_ = false;
    stopped_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void waitUntilSomebodyStops() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopped_; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool closed_ = true, stopped_ = false, open_ = false;
};

} // namespace tiercel
