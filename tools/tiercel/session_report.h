// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the engine tells about itself, as figures with names: the reports of the session language.
#pragma once

#include "tiercel/engine.h"

#include "session_value.h"

#include <string>
#include <string_view>
#include <vector>

namespace tiercel::cli::session {

struct Figure {
  std::string key; ///< dotted, as in the JSON of --stats: functions.freed
  Value value;
};
using Report = std::vector<Figure>;

Report statsReport(const Engine& engine);
Report describeReport(const FunctionInfo& function);
Report modulesReport(const std::vector<ModuleInfo>& modules);
Report collectReport(const CollectReport& collection);

/// One figure. `what` names the report in the error.
Result<Value> figureOf(const Report& report, const std::string& key, const std::string& what);
/// A line per figure: KEY VALUE.
std::string show(const Report& report);

} // namespace tiercel::cli::session
