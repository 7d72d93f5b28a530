// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// tiercel-stress: options, and the run.
#include "stress.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <map>
#include <random>

int main(int argc, char** argv) {
  using namespace tiercel;
  stress::Configuration configuration;
  Options& options = configuration.options;
  configuration.seed = std::random_device{}();
  options.reclaim = Reclaim::Signals;
  options.callThreshold = 20;
  options.loopThreshold = 20;
  options.compileThreads = 2;
  bool noForks = false;
  double minutes = 0;

  CLI::App app("Calls, changes and frees a program at the same time, and checks what it sees.");
  const std::map<std::string, Policy> policies = {
      {"threshold", Policy::Threshold}, {"window", Policy::Window}, {"cost", Policy::Cost}};
  app.add_option("--seconds", configuration.seconds, "how long")->capture_default_str();
  app.add_option("--minutes", minutes, "how long, instead of --seconds");
  app.add_option("--seed", configuration.seed, "of all choices; random without");
  app.add_option("--threads", configuration.callers, "that call")->capture_default_str();
  app.add_option("--redefiners", configuration.redefiners, "threads that redefine")
      ->check(CLI::Range(1u, stress::kSlots))
      ->capture_default_str();
  app.add_option("--changers", configuration.changers, "threads that add and remove modules")
      ->check(CLI::Range(1u, stress::kTemps))
      ->capture_default_str();
  app.add_flag("--no-forks", noForks, "one process only");
  app.add_option("--policy", options.policy, "threshold, window or cost")
      ->transform(CLI::CheckedTransformer(policies));
  app.add_option("--call-threshold", options.callThreshold)->capture_default_str();
  app.add_option("--loop-threshold", options.loopThreshold)->capture_default_str();
  app.add_option("--workers", options.compileThreads)->capture_default_str();
  app.add_flag("--promote-always", options.modes.promoteAlways, "every counter promotes");
  app.add_flag("--random-tier", options.modes.randomTier, "to any tier");
  app.add_flag("--osr-always", options.modes.osrAlways, "loops are left at once");
  app.add_flag("--retire-always", options.modes.retireAlways, "workers collect again and again");
  app.add_flag("--poison", options.modes.poisonFreed, "freed code traps and is not used again");
  app.add_flag("--single-mapping", options.modes.singleMapping, "code is written where it is executed");
  CLI11_PARSE(app, argc, argv);

  configuration.forks = !noForks;
  if (minutes > 0)
    configuration.seconds = 60 * minutes;
  options.modes.seed = configuration.seed;
  fmt::print("seed {}\n", configuration.seed);
  return stress::Stress(std::move(configuration)).run() ? 0 : 1;
}
