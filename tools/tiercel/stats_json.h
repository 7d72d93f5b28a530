// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// --stats: what the engine did, written when the program exits.
#pragma once

#include "tiercel/engine.h"

#include "output.h"
#include "run_options.h"

#include <atomic>
#include <string>
#include <sys/types.h>

namespace tiercel::cli {

/// All that --stats tells. Plain data.
struct RunFigures {
  Stats engine;
  double wallMs = 0;               ///< from the start of the process
  std::optional<double> startupMs; ///< from there to the entry into the program's main, if that was reached
  bool hasMain = true;             ///< false for sessions: then there is no such entry
  uint64_t peakRssKib = 0;
};

/// As of now, but for startupMs.
RunFigures currentFigures(const Engine& engine);
/// The contents of --stats=FILE.json; docs/command-line.md describes them.
std::string statsJson(const RunFigures& figures);
/// For people.
std::string statsSummary(const RunFigures& figures, const std::string& program);

/// Writes the figures of one engine when the process ends by exit, quick_exit or a return from main; nothing
/// when it ends by a signal or _exit. Children of fork write nothing: the file belongs to the process that
/// was started.
class StatsAtExit final : public EventListener {
public:
  /// To be called before any code of the program runs: handlers run in reverse order, so ours comes after the
  /// program's. Opens the file, so that one that cannot be written is an error now rather than at the end.
  /// The object is never destroyed, because the process's end may come at any time.
  static Result<StatsAtExit*> install(const RunRequest& request);

  /// Nothing is written before this.
  void attach(Engine& engine);
  void onEvent(const Event& event) override;

private:
  StatsAtExit(const RunRequest& request, Output output);
  void write() const;

  const RunRequest& request_;
  const Output output_;
  const Output errors_ = Output::standardError();
  const pid_t process_;
  std::atomic<Engine*> engine_ = nullptr;
  std::atomic<double> startupMs_ = kNotReached;

  static constexpr double kNotReached = -1;
};

} // namespace tiercel::cli
