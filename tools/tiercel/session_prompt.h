// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lines from a person at a terminal: editing, history, completion. Thread rule: one thread.
#pragma once

#include "tiercel/engine.h"

#include "session_parser.h"

#include <memory>
#include <string>

namespace tiercel::cli::session {

class Prompt final : public LineSource {
public:
  /// With `keepHistory` lines are read from and added to historyFile(). The engine must outlive the prompt.
  static Result<std::unique_ptr<Prompt>> create(Engine& engine, bool keepHistory);
  ~Prompt() override;
  Prompt(const Prompt&) = delete;
  Prompt& operator=(const Prompt&) = delete;

  std::optional<std::string> next(bool continued) override;

  /// $XDG_STATE_HOME/tiercel/session-history or ~/.local/state/…; empty when neither folder is known.
  static std::string historyFile();

private:
  struct Editor; // libedit stays in the source
  explicit Prompt(std::unique_ptr<Editor> editor);

  std::unique_ptr<Editor> editor_;
};

} // namespace tiercel::cli::session
