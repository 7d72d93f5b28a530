// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a change costs does not depend on how many modules are there.
#include "unit/support/living.h"

#include <ctime>
#include <limits>

namespace tiercel {
namespace {

double threadCpuUs() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) * 1e-3;
}

/// Modules that mention names of each other, and one that all mention.
class Crowd {
public:
  explicit Crowd(int count) : count_(count) {
    EXPECT_OK(engine_->add("common", ir("@common = global i32 1\n")));
    for (int i = 0; i < count; ++i)
      add(i);
    EXPECT_OK(engine_->runConstructors());
  }
  /// The least processor time of several: what else the machine does only adds to it.
  double removeUs() {
    double least = std::numeric_limits<double>::max();
    for (int i = 0; i < 40; ++i) {
      const int module = i * (count_ / 40);
      const double start = threadCpuUs();
      EXPECT_OK(engine_->remove("m" + std::to_string(module)));
      least = std::min(least, threadCpuUs() - start);
      add(module);
    }
    return least;
  }
  double addUs() {
    double least = std::numeric_limits<double>::max();
    for (int i = 0; i < 20; ++i) {
      const double start = threadCpuUs();
      add(count_ + i);
      EXPECT_OK(engine_->runConstructors());
      least = std::min(least, threadCpuUs() - start);
    }
    return least;
  }
  double redefineUs() {
    double least = std::numeric_limits<double>::max();
    for (int i = 0; i < 20; ++i) {
      const double start = threadCpuUs();
      EXPECT_OK(engine_->redefine("m5", ir(returning("f5", i))));
      least = std::min(least, threadCpuUs() - start);
    }
    return least;
  }

private:
  void add(int i) {
    const std::string n = std::to_string(i);
    EXPECT_OK(engine_->add(
        "m" + n, ir("@common = external global i32\ndeclare i32 @abs(i32)\ndeclare void @absent()\n@v" + n +
                    " = global i32 " + n + "\ndefine i32 @f" + n +
                    "() {\n  %c = load i32, ptr @common\n  %v = load i32, ptr @v" + n +
                    "\n  %s = add i32 %c, %v\n  ret i32 %s\n}\n")));
  }

  const int count_;
  std::unique_ptr<Engine> engine_ = makeEngine();
};

TEST(LivingScale, ChangesCostTheSameAmongFewModulesAndMany) {
  Crowd few(100), many(4000);
  // Anything that looks at every module would be 40 times as much. What is allowed here is for caches.
  EXPECT_LT(many.removeUs(), 4 * few.removeUs());
  EXPECT_LT(many.addUs(), 4 * few.addUs());
  EXPECT_LT(many.redefineUs(), 4 * few.redefineUs());
}

} // namespace
} // namespace tiercel
