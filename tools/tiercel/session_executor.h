// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs commands of the session language on an engine. Thread rule: one thread at a time; the threads that a
// command starts have ended when it returns. The engine and the commands must outlive the executor, and the
// executor all code of the program.
//
// While the program runs below a call, nothing between here and main catches exceptions, as in a native run.
#pragma once

#include "tiercel/engine.h"

#include "session_report.h"
#include "session_script.h"

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace tiercel::cli::session {

class Executor {
public:
  /// `file` is what errors call the source.
  Executor(Engine& engine, std::string file) : engine_(engine), file_(std::move(file)) {}

  /// The `what` of an error begins with FILE:LINE.
  Status run(const Command& command) { return run(command, scope_); }

  /// FILE:LINE of the command that the calling thread is in; empty outside of any.
  std::string place() const;

private:
  /// What the commands of one thread see. A thread gets a copy of its starter's variables.
  struct Scope {
    std::map<std::string, Value> variables;
    /// Another thread of the same `threads` has failed, or of one around it.
    const std::function<bool()>* stopped = nullptr;
  };

  Status run(const Command& command, Scope& scope);
  Status runBlock(const Block& block, Scope& scope);
  Status runLocated(const Command& command, Scope& scope);
  Error located(unsigned line, const Error& error) const;

  Status act(const Add& add, Scope& scope);
  Status act(const Redefine& redefine, Scope& scope);
  Status act(const RemoveModule& remove, Scope& scope);
  Status act(const RemoveFunction& remove, Scope& scope);
  Status act(const Discard& discard, Scope& scope);
  Status act(const Promote& promote, Scope& scope);
  Status act(const Show& show, Scope& scope);
  Status act(const Expect& expect, Scope& scope);
  Status act(const ExpectError& expect, Scope& scope);
  Status act(const Let& let, Scope& scope);
  Status act(const Print& print, Scope& scope);
  Status act(const Wait& wait, Scope& scope);
  Status act(const Quiescent& quiescent, Scope& scope);
  Status act(const Sleep& sleep, Scope& scope);
  Status act(const Repeat& repeat, Scope& scope);
  Status act(const Threads& threads, Scope& scope);
  Status act(const Help& help, Scope& scope);
  Status act(const Quit& quit, Scope& scope);

  Result<Value> evaluate(const Operand& operand, Scope& scope);
  Result<Value> evaluate(const Call& call, Scope& scope);
  Result<Value> evaluate(const Load& load);
  Result<Report> report(const ReportQuery& query);
  Status construct();
  Result<void*> addressOf(const std::string& symbol);
  static Result<Value> variable(const std::string& name, const Scope& scope);

  Engine& engine_;
  const std::string file_;
  Scope scope_;
  /// Constructors of what came run before the next call. Both count additions; they differ while some are
  /// due.
  std::atomic<uint64_t> added_ = 1;
  std::atomic<uint64_t> constructed_ = 0;
  std::mutex constructors_; ///< held while they run
};

} // namespace tiercel::cli::session
