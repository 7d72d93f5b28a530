// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// --log and --dump: what the engine does, on stderr while the program runs.
#pragma once

#include "tiercel/events.h"

#include "output.h"
#include "run_options.h"

namespace tiercel::cli {

/// One line per event, with names as the linker knows them, so that they can be given to --only and --dump.
class EventLog final : public EventListener {
public:
  EventLog(LogLevel level, Output output) : level_(level), output_(output) {}
  void onEvent(const Event& event) override;

private:
  const LogLevel level_;
  const Output output_;
};

/// What Options::onDump receives, for people; an object is passed on as it is.
std::string formatDump(const DumpRequest& request, const std::string& function, const std::string& text);

} // namespace tiercel::cli
