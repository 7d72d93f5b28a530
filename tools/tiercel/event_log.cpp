// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "event_log.h"

#include <fmt/format.h>

namespace tiercel::cli {

namespace {

bool isForInfo(EventKind kind) {
  return kind == EventKind::PromotionDecided || kind == EventKind::FunctionPinned ||
         kind == EventKind::CompileFailed;
}

std::string describe(const Event& event) {
  switch (event.kind) {
  case EventKind::ModuleLoaded:
    return fmt::format("loaded {}, {} bytes", event.name, event.bytes);
  case EventKind::CounterTripped:
    return fmt::format("counter of {} tripped at tier {}", event.name, event.tier);
  case EventKind::PromotionDecided:
    return fmt::format("promoting {} to tier {}: {}", event.name, event.tier, event.reason);
  case EventKind::PromotionDropped:
    return fmt::format("not promoting {}: {}", event.name, event.reason);
  case EventKind::CodePublished:
    return fmt::format("published {}, tier {}, {} bytes at {}, {:.2f} ms", event.name, event.tier,
                       event.bytes, fmt::ptr(event.code), event.milliseconds);
  case EventKind::CodeRetired:
    return fmt::format("retired {}, tier {}, {} bytes at {}", event.name, event.tier, event.bytes,
                       fmt::ptr(event.code));
  case EventKind::CodeFreed:
    return fmt::format("freed {} bytes of retired code", event.bytes);
  case EventKind::ModuleRemoved:
    return fmt::format("removed {}", event.name);
  case EventKind::CompileFailed:
    return fmt::format("compiling {} at tier {} failed: {}", event.name, event.tier, event.reason);
  case EventKind::FunctionPinned:
    return fmt::format("pinned {}: {}", event.name, event.reason);
  case EventKind::OsrPublished:
    return fmt::format("continuation of {} at tier {}: {} bytes in {:.2f} ms", event.name, event.tier,
                       event.bytes, event.milliseconds);
  case EventKind::OsrExcluded:
    return fmt::format("loops of {} run to their end: {}", event.name, event.reason);
  }
  return {};
}

} // namespace

void EventLog::onEvent(const Event& event) {
  bool info = isForInfo(event.kind);
  if (info || level_ == LogLevel::Debug)
    output_.write(fmt::format("tiercel: {}: {}\n", info ? "info" : "debug", describe(event)));
}

std::string formatDump(const DumpRequest& request, const std::string& function, const std::string& text) {
  switch (request.stage) {
  case DumpStage::Input:
    return fmt::format("; tiercel: input: {}\n{}\n", function, text);
  case DumpStage::Lowered:
    return fmt::format("; tiercel: lowered: {}\n{}\n", function, text);
  case DumpStage::Inlining:
    return fmt::format("; tiercel: inlining: {}\n{}", function, text);
  case DumpStage::Assumptions:
    return fmt::format("; tiercel: assumptions: {}\n{}", function, text);
  case DumpStage::Object:
    return text; // bytes of an ELF file, which a header would spoil
  }
  return {};
}

} // namespace tiercel::cli
