// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "stats_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fcntl.h>
#include <string_view>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

namespace tiercel::cli {

namespace {

double monotonicMs() {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

double processStart;

// The origin of wall_ms and startup_ms: the first code of the executable, ahead of LLVM's static
// constructors. What lies before, exec and the dynamic loader, is about half a millisecond and cannot be seen
// from inside: the start time in /proc/self/stat counts in steps of 10 ms, and both it and the process's CPU
// time begin at fork, not exec.
[[gnu::constructor(101)]] void takeProcessStart() { processStart = monotonicMs(); }

double msSinceProcessStart() { return monotonicMs() - processStart; }

/// The peak of this process image. getrusage's ru_maxrss would be simpler, but survives exec: it would be the
/// parent's memory whenever a large process starts us.
uint64_t peakRssKib() {
  char text[4096];
  int descriptor = ::open("/proc/self/status", O_RDONLY | O_CLOEXEC);
  ssize_t size = ::read(descriptor, text, sizeof text);
  ::close(descriptor);
  std::string_view status(text, static_cast<size_t>(std::max<ssize_t>(size, 0)));
  constexpr std::string_view kKey = "VmHWM:";
  if (size_t at = status.find(kKey); at != std::string_view::npos) {
    status.remove_prefix(at + kKey.size());
    status.remove_prefix(std::min(status.find_first_not_of(" \t"), status.size()));
    uint64_t kib = 0;
    std::from_chars(status.data(), status.data() + status.size(), kib);
    return kib;
  }
  // No /proc, as in a chroot that the program entered.
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<uint64_t>(usage.ru_maxrss);
}

std::string kib(uint64_t bytes) { return fmt::format("{:.1f} KiB", static_cast<double>(bytes) / 1024); }

std::string_view sourceName(SamplingSource source) {
  switch (source) {
  case SamplingSource::Off:
    return "off";
  case SamplingSource::Kernel:
    return "kernel";
  case SamplingSource::Counters:
    return "counters";
  }
  return {};
}

std::string_view mappingName(CodeMapping mapping) {
  switch (mapping) {
  case CodeMapping::Dual:
    return "dual";
  case CodeMapping::Single:
    return "single";
  }
  return {};
}

StatsAtExit* installed = nullptr;

} // namespace

RunFigures currentFigures(const Engine& engine) {
  RunFigures figures;
  figures.wallMs = msSinceProcessStart();
  figures.engine = engine.stats();
  figures.peakRssKib = peakRssKib();
  return figures;
}

std::string statsJson(const RunFigures& figures) {
  const Stats& s = figures.engine;
  std::string startup = figures.startupMs ? fmt::format("{:.3f}", *figures.startupMs) : "null";
  std::string tiers;
  for (unsigned tier = 0; tier < kTierCount; ++tier)
    tiers += fmt::format(R"({}
    {{"tier": {}, "functions": {}, "compile_ms": {:.3f}, "bytes": {}, "continuations": {}}})",
                         tier == 0 ? "" : ",", tier, s.tiers[tier].functions, s.tiers[tier].compileMs,
                         s.tiers[tier].bytes, s.tiers[tier].continuations);
  std::string out = "{\n";
  auto line = [&out](const char* key, const std::string& value, const char* end = ",") {
    out += fmt::format("  \"{}\": {}{}\n", key, value, end);
  };
  line("wall_ms", fmt::format("{:.3f}", figures.wallMs));
  line("startup_ms", startup);
  line(
      "functions",
      fmt::format(
          R"({{"total": {}, "compiled_tier0": {}, "promoted": {}, "osr_entries": {}, "failed": {}, "fatal": {}, )"
          R"("retired": {}, "freed": {}, "superseded": {}, "pinned": {}, "continuations": {}, "osr_excluded": {}}})",
          s.functions.total, s.functions.compiledTier0, s.functions.promoted, s.functions.osrEntries,
          s.functions.failed, s.functions.fatal, s.functions.retired, s.functions.freed,
          s.functions.superseded, s.functions.pinned, s.functions.continuations, s.functions.osrExcluded));
  line("compile_ms", fmt::format(R"({{"foreground": {:.3f}, "background": {:.3f}}})", s.compileMs.foreground,
                                 s.compileMs.background));
  line("phase_ms",
       fmt::format(R"({{"read": {:.3f}, "extract": {:.3f}, "optimize": {:.3f}, "codegen": {:.3f}, )"
                   R"("data": {:.3f}, "link": {:.3f}}})",
                   s.phaseMs.read, s.phaseMs.extract, s.phaseMs.optimize, s.phaseMs.codegen, s.phaseMs.data,
                   s.phaseMs.link));
  line("code_bytes", fmt::format(R"({{"live": {}, "retired": {}, "freed": {}}})", s.codeBytes.live,
                                 s.codeBytes.retired, s.codeBytes.freed));
  line("data_bytes", std::to_string(s.dataBytes));
  line("replaced_constant_bytes", std::to_string(s.replacedConstantBytes));
  line("memory", fmt::format(R"({{"mapping": "{}", "code_committed": {}, "code_used": {}, "code_free": {}, )"
                             R"("code_fragmentation": {:.3f}, "resident": {}}})",
                             mappingName(s.memory.mapping), s.memory.codeCommitted, s.memory.codeUsed,
                             s.memory.codeFree, s.memory.codeFragmentation, s.memory.resident));
  line("living", fmt::format(R"({{"redefinitions": {}, "removals": {}, "collections": {}, "incomplete": {}, )"
                             R"("flushes": {}, "longest_pause_us": {:.1f}}})",
                             s.living.redefinitions, s.living.removals, s.living.collections,
                             s.living.incomplete, s.living.flushes, s.living.longestPauseUs));
  line("calls", fmt::format(R"({{"direct": {}, "patches": {}}})", s.calls.direct, s.calls.patches));
  line("tiers", fmt::format("[{}\n  ]", tiers));
  line("queue", fmt::format(R"({{"max_depth": {}, "dropped": {}}})", s.queue.maxDepth, s.queue.dropped));
  line("sampling", fmt::format(R"({{"source": "{}", "samples": {}}})", sourceName(s.sampling.source),
                               s.sampling.samples));
  line("cache", fmt::format(R"({{"hits": {}, "misses": {}, "bytes": {}}})", s.cache.hits, s.cache.misses,
                            s.cache.bytes));
  line("peak_rss_kib", std::to_string(figures.peakRssKib), "");
  return out + "}\n";
}

std::string statsSummary(const RunFigures& figures, const std::string& program) {
  const Stats& s = figures.engine;
  std::string startup = !figures.hasMain ? ""
                        : figures.startupMs
                            ? fmt::format(", {:.1f} ms of them before main", *figures.startupMs)
                            : ", main not reached";
  std::string out = fmt::format("tiercel: stats: {}: {:.1f} ms{}; at most {:.1f} MiB of memory\n", program,
                                figures.wallMs, startup, static_cast<double>(figures.peakRssKib) / 1024);
  out += fmt::format("  functions  {} known, {} compiled at tier 0, {} promoted, {} pinned, {} failed\n",
                     s.functions.total, s.functions.compiledTier0, s.functions.promoted, s.functions.pinned,
                     s.functions.failed);
  for (unsigned tier = 0; tier < kTierCount; ++tier)
    if (s.tiers[tier].functions + s.tiers[tier].continuations != 0)
      out += fmt::format("  tier {}     {} compiles, {} continuations, {:.1f} ms, {}\n", tier,
                         s.tiers[tier].functions, s.tiers[tier].continuations, s.tiers[tier].compileMs,
                         kib(s.tiers[tier].bytes));
  out += fmt::format("  compiling  {:.1f} ms that the program waited for, {:.1f} ms in the background\n",
                     s.compileMs.foreground, s.compileMs.background);
  out +=
      fmt::format("  phases     read {:.1f}, extract {:.1f}, optimize {:.1f}, codegen {:.1f}, data {:.1f}, "
                  "link {:.1f} ms\n",
                  s.phaseMs.read, s.phaseMs.extract, s.phaseMs.optimize, s.phaseMs.codegen, s.phaseMs.data,
                  s.phaseMs.link);
  out += fmt::format("  code       {} live, {} retired, {} freed; data {}\n", kib(s.codeBytes.live),
                     kib(s.codeBytes.retired), kib(s.codeBytes.freed), kib(s.dataBytes));
  out += fmt::format("  calls      {} direct, turned {} times\n", s.calls.direct, s.calls.patches);
  out += fmt::format("  queue      at most {} waiting, {} asked for in vain\n", s.queue.maxDepth,
                     s.queue.dropped);
  out += fmt::format("  sampling   {}, {} samples\n", sourceName(s.sampling.source), s.sampling.samples);
  return out;
}

StatsAtExit::StatsAtExit(const RunRequest& request, Output output)
    : request_(request), output_(output), process_(::getpid()) {}

Result<StatsAtExit*> StatsAtExit::install(const RunRequest& request) {
  if (request.statsFile.empty()) {
    installed = new StatsAtExit(request, Output::standardError());
  } else {
    Result<Output> file = Output::file(request.statsFile, "--stats=" + request.statsFile);
    if (!file)
      return file.takeError();
    installed = new StatsAtExit(request, *file);
  }
  // Not atexit: that goes through __cxa_atexit, which no_static_destructors.cpp turns off.
  ::on_exit([](int, void*) { installed->write(); }, nullptr);
  ::at_quick_exit([] { installed->write(); });
  return installed;
}

void StatsAtExit::attach(Engine& engine) {
  engine.addListener(this);
  engine_ = &engine;
}

void StatsAtExit::onEvent(const Event& event) {
  // The entry function is compiled by the very call that enters it.
  if (event.kind != EventKind::CodePublished || event.name != request_.entry)
    return;
  double first = kNotReached;
  startupMs_.compare_exchange_strong(first, msSinceProcessStart());
}

void StatsAtExit::write() const {
  const Engine* engine = engine_;
  if (engine == nullptr || ::getpid() != process_)
    return;
  RunFigures figures = currentFigures(*engine);
  figures.hasMain = !request_.entry.empty();
  if (startupMs_ != kNotReached)
    figures.startupMs = startupMs_;
  const bool summary = request_.statsFile.empty();
  const bool written =
      output_.write(summary ? statsSummary(figures, request_.program.front()) : statsJson(figures));
  if (!written && !summary)
    errors_.write(fmt::format("tiercel: error: --stats={}: could not be written\n", request_.statsFile));
}

} // namespace tiercel::cli
