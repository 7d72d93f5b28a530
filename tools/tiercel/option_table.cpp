// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "option_table.h"

#include <llvm/Support/CommandLine.h>
#include <llvm/Support/StringSaver.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>
#include <optional>
#include <unistd.h>

namespace tiercel::cli {

namespace {

/// A whole number from `least` to the largest T; nullopt for anything else.
template <typename T> std::optional<T> parseNumber(std::string_view text, T least) {
  T number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least)
    return std::nullopt;
  return number;
}

std::string storeTier(RunRequest& request, std::string_view, const std::string& value) {
  if (value == "adaptive") {
    request.engine.fixedTier.reset();
    return {};
  }
  std::optional<unsigned> tier = parseNumber<unsigned>(value, 0);
  if (!tier || *tier > kTopTier)
    return "must be adaptive, 0, 1, 2 or 3";
  request.engine.fixedTier = tier;
  return {};
}

std::string storePolicy(RunRequest& request, std::string_view, const std::string& value) {
  if (value == "threshold")
    request.engine.policy = Policy::Threshold;
  else if (value == "window")
    request.engine.policy = Policy::Window;
  else if (value == "cost")
    request.engine.policy = Policy::Cost;
  else
    return "must be threshold, window or cost";
  return {};
}

/// Stores a number from 1 to 4294967295.
std::string storeCount(uint32_t& target, const std::string& value) {
  std::optional<uint32_t> count = parseNumber<uint32_t>(value, 1);
  if (!count)
    return fmt::format("must be a whole number from 1 to {}", std::numeric_limits<uint32_t>::max());
  target = *count;
  return {};
}

std::string storeCompileThreads(RunRequest& request, std::string_view, const std::string& value) {
  std::optional<unsigned> threads = parseNumber<unsigned>(value, 1);
  if (!threads || *threads > kMostCompileThreads)
    return fmt::format("must be a whole number from 1 to {}", kMostCompileThreads);
  request.engine.compileThreads = *threads;
  return {};
}

/// Stores a number of bytes: 1048576, 1024K, 1M.
std::string storeCodeLimit(RunRequest& request, std::string_view, const std::string& value) {
  constexpr std::string_view kUnits = "KMG";
  std::string_view digits = value;
  unsigned shift = 0;
  if (size_t unit = value.empty() ? kUnits.npos : kUnits.find(value.back()); unit != kUnits.npos) {
    digits.remove_suffix(1);
    shift = 10 * (static_cast<unsigned>(unit) + 1);
  }
  std::optional<size_t> size = parseNumber<size_t>(digits, 1);
  if (!size || *size > std::numeric_limits<size_t>::max() >> shift)
    return "must be a number of bytes, from 1; K, M or G may follow it";
  request.engine.codeLimit = *size << shift;
  return {};
}

std::string storeMode(RunRequest& request, std::string_view, const std::string& value) {
  TestModes& modes = request.engine.modes;
  for (const std::string& text : wordsOf(value, ',')) {
    const size_t colon = text.find(':');
    const std::string mode = text.substr(0, colon);
    const bool seeded = mode == "random-tier" || mode == "osr-always";
    if (seeded && colon != std::string::npos) {
      std::optional<uint64_t> seed = parseNumber<uint64_t>(std::string_view(text).substr(colon + 1), 0);
      if (!seed)
        return fmt::format("the seed of {} must be a whole number", mode);
      modes.seed = *seed;
    }
    if (text == "promote-always")
      modes.promoteAlways = true;
    else if (mode == "osr-always")
      modes.osrAlways = true;
    else if (mode == "random-tier")
      modes.randomTier = true;
    else if (text == "poison-freed")
      modes.poisonFreed = true;
    else if (text == "single-mapping")
      modes.singleMapping = true;
    else if (text == "tiny-arena")
      modes.tinyArena = true;
    else if (text == "retire-always")
      modes.retireAlways = true;
    else
      return fmt::format("'{}' is no mode; there are osr-always[:SEED], poison-freed, promote-always, "
                         "random-tier[:SEED], retire-always, single-mapping and tiny-arena",
                         text);
  }
  return {};
}

std::string storeDump(RunRequest& request, std::string_view, const std::string& value) {
  size_t colon = value.find(':');
  std::string stage = value.substr(0, colon);
  DumpRequest dump;
  if (stage == "input")
    dump.stage = DumpStage::Input;
  else if (stage == "lowered")
    dump.stage = DumpStage::Lowered;
  else if (stage == "inlining")
    dump.stage = DumpStage::Inlining;
  else if (stage == "assumptions")
    dump.stage = DumpStage::Assumptions;
  else if (stage == "object" && ::isatty(STDERR_FILENO) == 0)
    dump.stage = DumpStage::Object;
  else if (stage == "object")
    return "shows the bytes of an ELF file, which would garble the terminal; send stderr to a file";
  else
    return "the stage must be input, lowered, object, inlining or assumptions";
  if (colon != std::string::npos)
    dump.pattern = value.substr(colon + 1);
  if (dump.pattern.empty())
    return "a function name or pattern must follow the colon";
  request.engine.dump.push_back(std::move(dump));
  return {};
}

std::string storeLog(RunRequest& request, std::string_view, const std::string& value) {
  if (value == "error")
    request.log = LogLevel::Error;
  else if (value == "info")
    request.log = LogLevel::Info;
  else if (value == "debug")
    request.log = LogLevel::Debug;
  else
    return "must be error, info or debug";
  return {};
}

/// For clang: option and value as two words.
std::string passOn(RunRequest& request, std::string_view name, const std::string& value) {
  std::vector<std::string>& arguments = request.engine.frontend.arguments;
  arguments.emplace_back(name);
  if (!value.empty())
    arguments.push_back(value);
  return {};
}

/// For clang, as it was given.
std::string passOnRest(RunRequest& request, std::string_view, const std::string& value) {
  request.engine.frontend.arguments.push_back(value);
  return {};
}

std::string storeWarning(RunRequest& request, std::string_view name, const std::string& value) {
  if (value.starts_with("-Wl,"))
    return "is for a linker; libraries are given by -l, -L and --link";
  return passOnRest(request, name, value);
}

std::string storeLanguage(RunRequest& request, std::string_view, const std::string& value) {
  constexpr std::string_view kLanguages[] = {"c",   "c++",       "c++-module",         "cpp-output",
                                             "ir",  "assembler", "assembler-with-cpp", "c++-cpp-output",
                                             "none"};
  if (std::find(std::begin(kLanguages), std::end(kLanguages), value) == std::end(kLanguages))
    return fmt::format("must be {}", fmt::join(kLanguages, ", "));
  request.engine.frontend.language = value == "none" ? "" : value;
  return {};
}

std::string storeCompilerFlags(RunRequest& request, std::string_view, const std::string& value) {
  llvm::BumpPtrAllocator allocator;
  llvm::StringSaver saver(allocator);
  llvm::SmallVector<const char*, 8> words;
  constexpr std::string_view kEnd = ";"; // a word of its own, unless something before it is still open
  llvm::cl::TokenizeGNUCommandLine(fmt::format("{} {}", value, kEnd), saver, words);
  if (words.pop_back_val() != kEnd)
    return "a quote is not closed, or nothing follows a backslash";
  std::vector<std::string>& arguments = request.engine.frontend.arguments;
  arguments.insert(arguments.end(), words.begin(), words.end());
  return {};
}

std::string_view nameOf(Policy policy) {
  switch (policy) {
  case Policy::Threshold:
    return "threshold";
  case Policy::Window:
    return "window";
  case Policy::Cost:
    return "cost";
  }
  return {};
}

/// Every option, in the order of the help.
std::vector<OptionRow> allOptions() {
  constexpr const char* kProgram = "The program";
  constexpr const char* kSources = "How C, C++ and assembly are compiled, by clang";
  constexpr const char* kCode = "How its code is made";
  constexpr const char* kInsight = "What is reported, always to stderr unless a file is named";
  constexpr const char* kDefects = "For finding defects";
  constexpr const char* kPrompt = "At the prompt";
  constexpr const char* kHelp = "Help";
  const Options defaults;
  return {
      {kProgram, "--link", Takes::Value, "FILE",
       "Add more of the program: source, IR, bitcode, ELF object, archive or shared library. Repeatable.",
       [](RunRequest& request, std::string_view, const std::string& value) {
         request.linkInputs.push_back({.isLibrary = false, .name = value});
         return std::string();
       }},
      {kProgram, "-l", Takes::Value, "LIB",
       "Add a library by name, in the order of the command line. Repeatable.",
       [](RunRequest& request, std::string_view, const std::string& value) {
         request.linkInputs.push_back({.isLibrary = true, .name = value});
         return std::string();
       }},
      {kProgram, "-L", Takes::Value, "DIR",
       "Look for the libraries of every -l here before the system's directories. Repeatable.",
       [](RunRequest& request, std::string_view, const std::string& value) {
         request.libraryDirectories.push_back(value);
         return std::string();
       }},
      {kProgram, "--preload", Takes::Value, "FILE.so",
       "Load a shared library before anything else; its symbols come first. Repeatable.",
       [](RunRequest& request, std::string_view, const std::string& value) {
         request.preloads.push_back(value);
         return std::string();
       },
       For::Both,
       "A name without a slash is a file in the current directory if there is one, otherwise it is looked "
       "for as the dynamic linker does"},
      {kProgram, "--entry", Takes::Value, "NAME",
       "Call this function in place of main, with main's arguments.",
       [](RunRequest& request, std::string_view, const std::string& value) {
         request.entry = value;
         return std::string();
       },
       For::Run},

      {kSources, "-I,-iquote,-isystem,-idirafter", Takes::Value, "DIR", "Look for headers here.", passOn,
       For::Both, "Each is passed on to clang, here and in the rows below, for every source of the program"},
      {kSources, "-D,-U", Takes::Value, "NAME[=VALUE]", "Define or undefine a macro.", passOn},
      {kSources, "-include,-imacros", Takes::Value, "FILE", "Include it before the source; only its macros.",
       passOn},
      {kSources, "-std=,-stdlib=", Takes::Rest, "NAME", "The language's version; the C++ library.",
       passOnRest},
      {kSources, "-f,-m", Takes::Rest, "NAME[=VALUE]",
       "The language's and the machine's variants: -fno-exceptions, -mavx2.", passOnRest, For::Both,
       "Instrumentation (`-fsanitize=`, `-fprofile-instr-generate`) runs clang's passes; its runtime library "
       "is given by `--link`"},
      {kSources, "-O", Takes::Rest, "[LEVEL]",
       "What clang defines and assumes for the level; the tiers decide how code is made.", passOnRest},
      {kSources, "-g", Takes::Rest, "[KIND]", "Keep what debuggers want to know.", passOnRest},
      {kSources, "-W", Takes::Rest, "[no-]NAME", "Warnings. They go to stderr.", storeWarning},
      {kSources, "-w,-pedantic,-pedantic-errors,-ansi,-pthread,-nostdinc,-nostdinc++", Takes::Nothing, "",
       "As clang's.", passOn},
      {kSources, "-x", Takes::Value, "LANGUAGE",
       "What all sources are in, whatever their names: c, c++, ir, assembler and their variants as clang "
       "names them; none (default): as their names end, else as they begin.",
       storeLanguage, For::Run},
      {kSources, "--cflags", Takes::Value, "WORDS", "Pass these on to clang, whatever they are. Repeatable.",
       storeCompilerFlags, For::Both,
       "Words are separated by spaces; quotes and backslashes keep them together, as in a shell"},

      {kCode, "--tier", Takes::Value, "adaptive|0|1|2|3",
       "adaptive (default): start at tier 0, recompile what is hot. A number: compile everything once, at "
       "that tier.",
       storeTier},
      {kCode, "--policy", Takes::Value, "threshold|window|cost",
       fmt::format("How hot functions are chosen (default {}). threshold: one tier up each time the counters "
                   "run out. window: the same, and the top tier for what most of the last 100 samples hit. "
                   "cost: what should save more time than its compile takes.",
                   nameOf(defaults.policy)),
       storePolicy, For::Both, "The policies are described in [tiering](tiering.md#policies)"},
      {kCode, "--threshold", Takes::Value, "N",
       fmt::format(
           "Calls before the policy first looks at a function (default {}). Scales --loop-threshold along.",
           defaults.callThreshold),
       [](RunRequest& request, std::string_view, const std::string& value) {
         return storeCount(request.engine.callThreshold, value);
       }},
      {kCode, "--loop-threshold", Takes::Value, "N",
       fmt::format("Loop iterations before the policy first looks at a function (default {}).",
                   defaults.loopThreshold),
       [](RunRequest& request, std::string_view, const std::string& value) {
         return storeCount(request.engine.loopThreshold, value);
       }},
      {kCode, "--hot", Takes::Value, "PATTERN",
       "Compile functions whose name matches this glob at the top tier as soon as they are called. "
       "Repeatable.",
       [](RunRequest& request, std::string_view, const std::string& value) {
         request.engine.hot.push_back(value);
         return std::string();
       }},
      {kCode, "--cold", Takes::Value, "PATTERN",
       "Never promote functions whose name matches this glob. Repeatable.",
       [](RunRequest& request, std::string_view, const std::string& value) {
         request.engine.cold.push_back(value);
         return std::string();
       },
       For::Both, "Comes before `--hot`"},
      {kCode, "--sync", Takes::Nothing, "",
       "Promote on the program's own threads: slow, but the same decisions in every run.",
       [](RunRequest& request, std::string_view, const std::string&) {
         request.engine.sync = true;
         return std::string();
       },
       For::Both, "There are no compile threads then"},
      {kCode, "--compile-threads", Takes::Value, "N",
       "Background compile threads (default: one per core, less one, at least one).", storeCompileThreads,
       For::Both, "Up to 1024"},
      {kCode, "--no-reclaim", Takes::Nothing, "",
       "Keep code that has been replaced. Otherwise it is freed when no stack leads into it.",
       [](RunRequest& request, std::string_view, const std::string&) {
         request.engine.reclaim = Reclaim::QuiescentPoints;
         return std::string();
       },
       For::Both, "[How code is freed](living-programs.md#freeing-code)"},
      {kCode, "--no-osr", Takes::Nothing, "", "Let running loops finish in the code they began in.",
       [](RunRequest& request, std::string_view, const std::string&) {
         request.engine.osr = false;
         return std::string();
       }},
      {kCode, "--no-profile", Takes::Nothing, "", "Do not count branches and call targets for the top tier.",
       [](RunRequest& request, std::string_view, const std::string&) {
         request.engine.profile = false;
         return std::string();
       }},
      {kCode, "--no-inline", Takes::Nothing, "", "Compile hot functions alone, without those that they call.",
       [](RunRequest& request, std::string_view, const std::string&) {
         request.engine.inlining = false;
         return std::string();
       }},
      {kCode, "--no-promote-indirect", Takes::Nothing, "",
       "Leave indirect calls indirect, however often they reach the same function.",
       [](RunRequest& request, std::string_view, const std::string&) {
         request.engine.promoteIndirect = false;
         return std::string();
       }},
      {kCode, "--profile-in", Takes::Value, "FILE",
       "Use the profile of an earlier run from the start. Repeatable: they add up.",
       [](RunRequest& request, std::string_view, const std::string& value) {
         request.engine.profileIn.push_back(value);
         return std::string();
       }},
      {kCode, "--profile-out", Takes::Value, "FILE",
       "When the program exits, write what was counted, for --profile-in. First code counts until it is "
       "replaced; with --tier=0 that is the whole run.",
       [](RunRequest& request, std::string_view, const std::string& value) {
         request.profileFile = value;
         request.engine.wholeProfile = true;
         return std::string();
       }},
      {kCode, "--cpu", Takes::Value, "NAME",
       "Make code for this CPU, by LLVM's name for it. native (default): the one that runs it.",
       [](RunRequest& request, std::string_view, const std::string& value) {
         request.engine.cpu = value;
         return std::string();
       }},
      {kCode, "--no-direct-calls", Takes::Nothing, "",
       "Call functions through memory in optimised code too, not by direct calls that are turned on "
       "promotion.",
       [](RunRequest& request, std::string_view, const std::string&) {
         request.engine.directCalls = false;
         return std::string();
       }},
      {kCode, "--code-limit", Takes::Value, "SIZE",
       "Let code take up at most SIZE bytes at a time (K, M or G may follow the number). Beyond it functions "
       "stay in the code that they have, and a first call of one without code ends the program (default "
       "512M).",
       storeCodeLimit},
      {kCode, "--huge-pages", Takes::Nothing, "", "Ask the system for huge pages for code and globals.",
       [](RunRequest& request, std::string_view, const std::string&) {
         request.engine.hugePages = true;
         return std::string();
       },
       For::Both, "[What comes of it](architecture.md#the-arena)"},

      {kInsight, "--stats", Takes::OptionalValue, "FILE.json",
       "When the program exits, summarise what the engine did; with FILE.json, write it there as JSON.",
       [](RunRequest& request, std::string_view, const std::string& value) {
         request.stats = true;
         request.statsFile = value;
         return std::string();
       },
       For::Both, "[The statistics file](#the-statistics-file)"},
      {kInsight, "--log", Takes::Value, "error|info|debug",
       "error (default): only what stops the program. info: promotions, pinned functions, failed compiles. "
       "debug: every event.",
       storeLog},
      {kInsight, "--dump", Takes::Value, "STAGE[:FUNCTION]",
       "Show functions whose name matches the glob FUNCTION (default *) at a stage: input (as read), lowered "
       "(as given to the code generator), object (ELF bytes), inlining (what the inliner decided) or "
       "assumptions (what the code takes for granted). Repeatable.",
       storeDump, For::Both, "Names are those that the linker knows. [Assumptions](assumptions.md)"},

      {kDefects, "--mode", Takes::Value, "NAME[,NAME]",
       "Run in ways that reach rare paths; output must not change. promote-always: promote at every "
       "opportunity. random-tier[:SEED]: pick tiers at random. osr-always[:SEED]: leave running loops for "
       "new code at random. poison-freed: freed code traps and is never used again. single-mapping: write "
       "code where it is executed. retire-always: look for code to free all the time. tiny-arena: a "
       "--code-limit of 256K.",
       storeMode, For::Both,
       "`osr-always` does not go with `--no-osr` or a fixed tier. With the same seed and `--sync`, one "
       "thread gets the same choices in every run. One seed serves all modes by chance, the last that is "
       "given"},
      {kDefects, "--only", Takes::Value, "PATTERN", "Promote only functions whose name matches this glob.",
       [](RunRequest& request, std::string_view, const std::string& value) {
         request.engine.only = value;
         return std::string();
       },
       For::Both, "Halve the set to find a miscompiled function"},
      {kDefects, "--verify", Takes::Nothing, "", "Verify the IR of every function when it is read (default).",
       [](RunRequest& request, std::string_view, const std::string&) {
         request.engine.verify = true;
         return std::string();
       }},
      {kDefects, "--no-verify", Takes::Nothing, "", "Trust bitcode. Textual IR is verified all the same.",
       [](RunRequest& request, std::string_view, const std::string&) {
         request.engine.verify = false;
         return std::string();
       }},
      {kPrompt, "--no-history", Takes::Nothing, "",
       "Neither read nor write the file with the lines typed in earlier sessions.",
       [](RunRequest& request, std::string_view, const std::string&) {
         request.history = false;
         return std::string();
       },
       For::Session},
      {kHelp, "-h,--help", Takes::Nothing, "", "Show this text.",
       [](RunRequest& request, std::string_view, const std::string&) {
         request.help = true;
         return std::string();
       }},
  };
}

} // namespace

std::vector<OptionRow> optionTable(Subcommand command) {
  std::vector<OptionRow> table = allOptions();
  const For others = command == Subcommand::Run ? For::Session : For::Run;
  std::erase_if(table, [others](const OptionRow& row) { return row.commands == others; });
  return table;
}

std::string OptionRow::usage() const {
  std::string all;
  for (const std::string& name : wordsOf(names, ','))
    all += (all.empty() ? "" : ", ") + name + (takes == Takes::Rest ? value : "");
  switch (takes) {
  case Takes::Nothing:
  case Takes::Rest:
    return all;
  case Takes::Value:
    return all + (names.starts_with("--") ? "=" : " ") + value;
  case Takes::OptionalValue:
    return all + "[=" + value + "]";
  }
  return {};
}

std::vector<std::string> wordsOf(std::string_view text, char separator) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    if (end > 0)
      words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

} // namespace tiercel::cli
