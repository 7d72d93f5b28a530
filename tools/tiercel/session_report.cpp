// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "session_report.h"

#include "command.h"
#include "stats_json.h"

#include <llvm/Support/JSON.h>

#include <fmt/format.h>

#include <algorithm>

namespace tiercel::cli::session {

namespace {

Value number(uint64_t value) { return Value::integer(Type::I64, value); }
Value flag(bool value) { return Value::integer(Type::I1, value ? 1 : 0); }

/// The leaves below `value`, whose place is `key`. Null is no figure.
void flatten(const llvm::json::Value& value, const std::string& key, Report& report) {
  const std::string prefix = key.empty() ? key : key + ".";
  if (const llvm::json::Object* object = value.getAsObject()) {
    for (const auto& [name, member] : *object)
      flatten(member, prefix + name.str(), report);
  } else if (const llvm::json::Array* array = value.getAsArray()) {
    for (size_t i = 0; i < array->size(); ++i)
      flatten((*array)[i], prefix + std::to_string(i), report);
  } else if (const std::optional<int64_t> whole = value.getAsInteger()) {
    report.push_back({key, Value::integer(Type::I64, static_cast<uint64_t>(*whole))});
  } else if (const std::optional<double> real = value.getAsNumber()) {
    report.push_back({key, Value::floating(*real)});
  } else if (const std::optional<llvm::StringRef> text = value.getAsString()) {
    report.push_back({key, Value::string(text->str())});
  }
}

std::string_view nameOf(FunctionState state) {
  switch (state) {
  case FunctionState::Undefined:
    return "undefined";
  case FunctionState::Removed:
    return "removed";
  case FunctionState::Lazy:
    return "lazy";
  case FunctionState::Compiling:
    return "compiling";
  case FunctionState::Ready:
    return "ready";
  case FunctionState::Failed:
    return "failed";
  }
  return {};
}

} // namespace

Report statsReport(const Engine& engine) {
  // By way of the JSON, so that the keys are the same and there is one list of them.
  llvm::Expected<llvm::json::Value> json = llvm::json::parse(statsJson(currentFigures(engine)));
  Report report;
  if (json)
    flatten(*json, {}, report);
  else
    llvm::consumeError(json.takeError());
  std::ranges::sort(report, {}, &Figure::key);
  return report;
}

Report describeReport(const FunctionInfo& function) {
  Report report = {
      {"name", Value::string(function.name)},
      {"type", Value::string(function.type)},
      {"linkage", Value::string(function.linkage)},
      {"module", Value::string(function.module)},
      {"state", Value::string(std::string(nameOf(function.state)))},
      {"tier", number(function.tier)},
      {"version", number(function.version)},
      {"address", Value::pointer(function.address)},
      {"code", Value::pointer(function.code)},
      {"code_bytes", number(function.codeBytes)},
      {"continuations", number(function.continuations)},
      {"retired", number(function.retired)},
      {"users", number(function.users.size())},
  };
  for (const FunctionUser& user : function.users) {
    const std::string prefix = "users." + user.function;
    report.push_back({prefix + ".direct_calls", number(user.directCalls)});
    report.push_back({prefix + ".mentions", flag(user.mentions)});
    report.push_back({prefix + ".inlines", flag(user.inlines)});
  }
  return report;
}

Report modulesReport(const std::vector<ModuleInfo>& modules) {
  Report report = {{"count", number(modules.size())}};
  for (const ModuleInfo& module : modules) {
    report.push_back({module.name + ".functions", number(module.functions)});
    report.push_back({module.name + ".variables", number(module.variables)});
  }
  return report;
}

Report collectReport(const CollectReport& collection) {
  return {
      {"freed", number(collection.freed)},
      {"freed_bytes", number(collection.freedBytes)},
      {"held", number(collection.held)},
      {"pinned", number(collection.pinned)},
      {"threads", number(collection.threads)},
      {"complete", flag(collection.complete)},
      {"why", Value::string(collection.why)},
      {"longest_pause_us", Value::floating(collection.longestPauseUs)},
  };
}

Result<Value> figureOf(const Report& report, const std::string& key, const std::string& what) {
  std::vector<std::string_view> keys;
  keys.reserve(report.size());
  for (const Figure& figure : report) {
    if (figure.key == key)
      return figure.value;
    keys.push_back(figure.key);
  }
  const std::string_view meant = nearest(key, keys);
  return Error(ErrorKind::BadInput, what,
               meant.empty() ? fmt::format("has no figure {}", key)
                             : fmt::format("has no figure {}; did you mean {}?", key, meant));
}

std::string show(const Report& report) {
  size_t width = 0;
  for (const Figure& figure : report)
    width = std::max(width, figure.key.size());
  std::string text;
  for (const Figure& figure : report) {
    std::string line = fmt::format("{:<{}} {}", figure.key, width, show(figure.value));
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

} // namespace tiercel::cli::session
