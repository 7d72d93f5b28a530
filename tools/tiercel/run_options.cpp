// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "run_options.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <unistd.h>

namespace tiercel::cli {

const char* const kExamples = R"(Examples:
  tiercel run hello.c
      Run a C program. C++, textual LLVM IR (.ll) and bitcode (.bc) work the same way.
  tiercel run --stats main.bc input.txt -v
      Run bitcode with the arguments 'input.txt -v', then report what the engine did.
  tiercel run --link parser.bc -L/opt/zlib/lib -lz main.bc
      Run a program made of two modules and a library.
)";

const char* const kExitStatuses = R"(Exit status:
  The program's own; if a signal ends it, the same signal ends tiercel. Otherwise
  2    the command line is wrong
  125  the program cannot be loaded, or a symbol is missing
  126  internal failure of Tiercel
)";

namespace {

enum class Takes { Nothing, Value, OptionalValue };

enum class For { Both, Run, Session };

/// One row of the table of options.
struct OptionRow {
  const char* group;
  std::string names; ///< as typed; several with commas between
  Takes takes;
  const char* value; ///< how the help calls it
  std::string help;
  /// Stores the value and returns what is wrong with it: "must be ...", or nothing.
  std::string (*store)(RunRequest& request, const std::string& value);
  For commands = For::Both;

  /// As shown in the help: --tier=N, --stats[=FILE], -l LIB.
  std::string usage() const {
    switch (takes) {
    case Takes::Nothing:
      return names;
    case Takes::Value:
      return names.starts_with("--") ? names + "=" + value : names + " " + value;
    case Takes::OptionalValue:
      return names + "[=" + value + "]";
    }
    return {};
  }
};

/// A whole number from `least` to the largest T; nullopt for anything else.
template <typename T> std::optional<T> parseNumber(std::string_view text, T least) {
  T number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least)
    return std::nullopt;
  return number;
}

std::string storeTier(RunRequest& request, const std::string& value) {
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

std::string storePolicy(RunRequest& request, const std::string& value) {
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

std::string storeCompileThreads(RunRequest& request, const std::string& value) {
  constexpr unsigned kMost = 1024; // beyond this it is a mistake that would exhaust the machine
  std::optional<unsigned> threads = parseNumber<unsigned>(value, 1);
  if (!threads || *threads > kMost)
    return fmt::format("must be a whole number from 1 to {}", kMost);
  request.engine.compileThreads = *threads;
  return {};
}

/// Stores a number of bytes: 1048576, 1024K, 1M.
std::string storeCodeLimit(RunRequest& request, const std::string& value) {
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

std::string storeMode(RunRequest& request, const std::string& value) {
  TestModes& modes = request.engine.modes;
  for (const std::string& text : CLI::detail::split(value, ',')) {
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

std::string storeDump(RunRequest& request, const std::string& value) {
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

std::string storeLog(RunRequest& request, const std::string& value) {
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

/// What CLI11 gives as the value of an option that has none. A file of this name can be written ./true.
constexpr std::string_view kNoValue = "true";

/// Every option, in the order of the help.
std::vector<OptionRow> allOptions() {
  constexpr const char* kProgram = "The program";
  constexpr const char* kCode = "How its code is made";
  constexpr const char* kInsight = "What is reported, always to stderr unless a file is named";
  constexpr const char* kDefects = "For finding defects";
  constexpr const char* kPrompt = "At the prompt";
  constexpr const char* kHelp = "Help";
  const Options defaults;
  return {
      {kProgram, "--link", Takes::Value, "FILE",
       "Add more of the program: source, IR, bitcode, ELF object, archive or shared library. Repeatable.",
       [](RunRequest& request, const std::string& value) {
         request.linkInputs.push_back({.isLibrary = false, .name = value});
         return std::string();
       }},
      {kProgram, "-l", Takes::Value, "LIB",
       "Add a library by name, in the order of the command line. Repeatable.",
       [](RunRequest& request, const std::string& value) {
         request.linkInputs.push_back({.isLibrary = true, .name = value});
         return std::string();
       }},
      {kProgram, "-L", Takes::Value, "DIR",
       "Look for the libraries of every -l here before the system's directories. Repeatable.",
       [](RunRequest& request, const std::string& value) {
         request.libraryDirectories.push_back(value);
         return std::string();
       }},
      {kProgram, "--preload", Takes::Value, "FILE.so",
       "Load a shared library before anything else; its symbols come first. Repeatable.",
       [](RunRequest& request, const std::string& value) {
         request.preloads.push_back(value);
         return std::string();
       }},
      {kProgram, "--entry", Takes::Value, "NAME",
       "Call this function in place of main, with main's arguments.",
       [](RunRequest& request, const std::string& value) {
         request.entry = value;
         return std::string();
       },
       For::Run},

      {kCode, "--tier", Takes::Value, "adaptive|0|1|2|3",
       "adaptive (default): start at tier 0, recompile what is hot. A number: compile everything once, at "
       "that "
       "tier.",
       storeTier},
      {kCode, "--policy", Takes::Value, "threshold|window|cost",
       "How hot functions are chosen. threshold (default): one tier up each time the counters run out. "
       "window: the "
       "same, and the top tier for what most of the last 100 samples hit. cost: what should save "
       "more time than its compile takes.",
       storePolicy},
      {kCode, "--threshold", Takes::Value, "N",
       fmt::format("Calls before the policy first looks at a function (default {}). Scales --loop-threshold "
                   "along.",
                   defaults.callThreshold),
       [](RunRequest& request, const std::string& value) {
         return storeCount(request.engine.callThreshold, value);
       }},
      {kCode, "--loop-threshold", Takes::Value, "N",
       fmt::format("Loop iterations before the policy first looks at a function (default {}).",
                   defaults.loopThreshold),
       [](RunRequest& request, const std::string& value) {
         return storeCount(request.engine.loopThreshold, value);
       }},
      {kCode, "--hot", Takes::Value, "PATTERN",
       "Compile functions whose name matches this glob at the top tier as soon as they are called. "
       "Repeatable.",
       [](RunRequest& request, const std::string& value) {
         request.engine.hot.push_back(value);
         return std::string();
       }},
      {kCode, "--cold", Takes::Value, "PATTERN",
       "Never promote functions whose name matches this glob. Repeatable.",
       [](RunRequest& request, const std::string& value) {
         request.engine.cold.push_back(value);
         return std::string();
       }},
      {kCode, "--sync", Takes::Nothing, "",
       "Promote on the program's own threads: slow, but the same decisions in every run.",
       [](RunRequest& request, const std::string&) {
         request.engine.sync = true;
         return std::string();
       }},
      {kCode, "--compile-threads", Takes::Value, "N",
       "Background compile threads (default: one per core, less one, at least one).", storeCompileThreads},
      {kCode, "--no-reclaim", Takes::Nothing, "",
       "Keep code that has been replaced. Otherwise it is freed when no stack leads into it.",
       [](RunRequest& request, const std::string&) {
         request.engine.reclaim = Reclaim::QuiescentPoints;
         return std::string();
       }},
      {kCode, "--no-osr", Takes::Nothing, "", "Let running loops finish in the code they began in.",
       [](RunRequest& request, const std::string&) {
         request.engine.osr = false;
         return std::string();
       }},
      {kCode, "--no-profile", Takes::Nothing, "", "Do not count branches and call targets for the top tier.",
       [](RunRequest& request, const std::string&) {
         request.engine.profile = false;
         return std::string();
       }},
      {kCode, "--no-inline", Takes::Nothing, "", "Compile hot functions alone, without those that they call.",
       [](RunRequest& request, const std::string&) {
         request.engine.inlining = false;
         return std::string();
       }},
      {kCode, "--no-promote-indirect", Takes::Nothing, "",
       "Leave indirect calls indirect, however often they reach the same function.",
       [](RunRequest& request, const std::string&) {
         request.engine.promoteIndirect = false;
         return std::string();
       }},
      {kCode, "--profile-in", Takes::Value, "FILE",
       "Use the profile of an earlier run from the start. Repeatable: they add up.",
       [](RunRequest& request, const std::string& value) {
         request.engine.profileIn.push_back(value);
         return std::string();
       }},
      {kCode, "--profile-out", Takes::Value, "FILE",
       "When the program exits, write what was counted, for --profile-in. First code counts until it is "
       "replaced; with --tier=0 that is the whole run.",
       [](RunRequest& request, const std::string& value) {
         request.profileFile = value;
         request.engine.wholeProfile = true;
         return std::string();
       }},
      {kCode, "--cpu", Takes::Value, "NAME",
       "Make code for this CPU, by LLVM's name for it. native (default): the one that runs it.",
       [](RunRequest& request, const std::string& value) {
         request.engine.cpu = value;
         return std::string();
       }},
      {kCode, "--no-direct-calls", Takes::Nothing, "",
       "Call functions through memory in optimised code too, not by direct calls that are turned on "
       "promotion.",
       [](RunRequest& request, const std::string&) {
         request.engine.directCalls = false;
         return std::string();
       }},
      {kCode, "--code-limit", Takes::Value, "SIZE",
       "Let code take up at most SIZE bytes at a time (K, M or G may follow the number). Beyond it functions "
       "are not promoted.",
       storeCodeLimit},
      {kCode, "--huge-pages", Takes::Nothing, "", "Ask the system for huge pages for code and globals.",
       [](RunRequest& request, const std::string&) {
         request.engine.hugePages = true;
         return std::string();
       }},

      {kInsight, "--stats", Takes::OptionalValue, "FILE.json",
       "When the program exits, summarise what the engine did; with FILE.json, write it there as JSON.",
       [](RunRequest& request, const std::string& value) {
         request.stats = true;
         request.statsFile = value == kNoValue ? "" : value;
         return std::string();
       }},
      {kInsight, "--log", Takes::Value, "error|info|debug",
       "error (default): only what stops the program. info: promotions, pinned functions, failed compiles. "
       "debug: "
       "every event.",
       storeLog},
      {kInsight, "--dump", Takes::Value, "STAGE[:FUNCTION]",
       "Show functions whose name matches the glob FUNCTION (default *) at a stage: input (as read), lowered "
       "(as "
       "given to the code generator), object (ELF bytes), inlining (what the inliner decided) or assumptions "
       "(what the code takes for granted). Repeatable.",
       storeDump},

      {kDefects, "--mode", Takes::Value, "NAME[,NAME]",
       "Run in ways that reach rare paths; output must not change. promote-always: promote at every "
       "opportunity. random-tier[:SEED]: pick tiers at random. osr-always[:SEED]: leave running loops for "
       "new "
       "code at random. poison-freed: freed code traps and is never used again. single-mapping: write code "
       "where it is executed. retire-always: look for code to free all the time. tiny-arena: a --code-limit "
       "of 256K.",
       storeMode},
      {kDefects, "--only", Takes::Value, "PATTERN", "Promote only functions whose name matches this glob.",
       [](RunRequest& request, const std::string& value) {
         request.engine.only = value;
         return std::string();
       }},
      {kDefects, "--verify", Takes::Nothing, "", "Verify the IR of every function when it is read (default).",
       [](RunRequest& request, const std::string&) {
         request.engine.verify = true;
         return std::string();
       }},
      {kDefects, "--no-verify", Takes::Nothing, "", "Trust bitcode. Textual IR is verified all the same.",
       [](RunRequest& request, const std::string&) {
         request.engine.verify = false;
         return std::string();
       }},
      {kPrompt, "--no-history", Takes::Nothing, "",
       "Neither read nor write the file with the lines typed in earlier sessions.",
       [](RunRequest& request, const std::string&) {
         request.history = false;
         return std::string();
       },
       For::Session},
      {kHelp, "-h,--help", Takes::Nothing, "", "Show this text.",
       [](RunRequest& request, const std::string&) {
         request.help = true;
         return std::string();
       }},
  };
}

/// Those of one subcommand.
std::vector<OptionRow> optionTable(Subcommand command) {
  std::vector<OptionRow> table = allOptions();
  const For others = command == Subcommand::Run ? For::Session : For::Run;
  std::erase_if(table, [others](const OptionRow& row) { return row.commands == others; });
  return table;
}

/// `text` as a paragraph of `width` columns, each line but the first after `indent` spaces.
std::string wrap(std::string_view text, size_t indent, size_t width) {
  std::string out;
  size_t column = 0;
  for (const std::string& word : CLI::detail::split(std::string(text), ' ')) {
    if (column != 0 && column + 1 + word.size() > width) {
      out += "\n" + std::string(indent, ' ');
      column = 0;
    } else if (column != 0) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  return out;
}

Error wrongOption(const std::string& what, std::string why) {
  return Error(ErrorKind::BadInput, what, std::move(why));
}

Error unknownOption(const std::string& argument, const std::vector<OptionRow>& table) {
  std::vector<std::string_view> names;
  names.reserve(table.size());
  for (const OptionRow& row : table)
    names.push_back(row.names);
  std::string_view meant = nearest(std::string_view(argument).substr(0, argument.find('=')), names);
  return wrongOption(argument, meant.empty() ? "unknown option"
                                             : fmt::format("unknown option; did you mean {}?", meant));
}

} // namespace

std::string optionsHelp(Subcommand command) {
  constexpr size_t kHelpColumn = 28;
  constexpr size_t kHelpWidth = 80 - kHelpColumn;
  std::string text;
  std::string_view group;
  for (const OptionRow& row : optionTable(command)) {
    if (row.group != group) {
      group = row.group;
      text += fmt::format("\n{}:\n", group);
    }
    std::string usage = row.usage();
    text += fmt::format("  {:<{}}", usage, kHelpColumn - 2);
    if (usage.size() + 4 > kHelpColumn)
      text += "\n" + std::string(kHelpColumn, ' ');
    text += wrap(row.help, kHelpColumn, kHelpWidth) + "\n";
  }
  return text;
}

std::string runHelp() {
  constexpr const char* kBeginning =
      R"(Runs a program: LLVM IR, C or C++. Functions are compiled on their first call,
and again, better, while they run when they turn out to be hot.

Usage: tiercel run [OPTIONS] FILE [ARGS...]

Everything after FILE is the program's, even if it looks like an option. A value
may follow its option after '=' or, unless it is optional, as the next argument.
Of an option given twice the last counts, unless it is repeatable.
)";
  return kBeginning + optionsHelp(Subcommand::Run) + "\n" + kExamples + "\n" + kExitStatuses;
}

Status parseRunOptions(Subcommand command, Arguments args, RunRequest& request) {
  const std::vector<OptionRow> table = optionTable(command);

  // CLI11 takes the command line apart and leaves the values as strings; they are stored below, in the order
  // in which they were given.
  CLI::App parser;
  parser.set_help_flag(); // ours is in the table
  parser.prefix_command();
  std::vector<const CLI::Option*> options;
  options.reserve(table.size());
  for (const OptionRow& row : table)
    options.push_back(
        parser.add_option(row.names, CLI::callback_t([](const CLI::results_t&) { return true; }))
            ->expected(row.takes == Takes::Value ? 1 : 0)
            ->allow_extra_args(false)
            ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll));
  try {
    parser.parse(std::vector<std::string>(args.rbegin(), args.rend())); // CLI11 wants the last argument first
  } catch (const CLI::ArgumentMismatch&) {
    return wrongOption(args.back(), "a value must follow"); // only the last argument can lack one
  } catch (const CLI::ParseError& error) {
    return wrongOption(error.get_name(), error.what());
  }
  std::vector<std::string> rest = parser.remaining();

  // CLI11 reads `--name= X` as `--name=X`, which would swallow FILE when a script's variable is empty.
  for (size_t i = 0; i + rest.size() < args.size(); ++i)
    if (args[i].starts_with("--") && args[i].find('=') + 1 == args[i].size())
      return wrongOption(args[i], "a value must follow the '='");

  std::vector<size_t> stored(table.size());
  for (const CLI::Option* option : parser.parse_order()) {
    size_t index = static_cast<size_t>(std::find(options.begin(), options.end(), option) - options.begin());
    const OptionRow& row = table[index];
    const std::string& value = option->results()[stored[index]++];
    std::string wrong =
        row.takes == Takes::Nothing && value != kNoValue ? "takes no value" : row.store(request, value);
    if (!wrong.empty())
      return wrongOption(row.names + "=" + value, wrong);
  }
  if (request.help)
    return {};

  if (request.engine.modes.osrAlways && (request.engine.fixedTier || !request.engine.osr))
    return wrongOption("--mode=osr-always", request.engine.osr ? "loops are never left with a fixed --tier"
                                                               : "loops are never left with --no-osr");

  // Loops follow calls in proportion unless they were given a threshold of their own.
  bool ownLoopThreshold = parser.count("--loop-threshold") > 0;
  if (!ownLoopThreshold) {
    const Options defaults;
    uint64_t scaled =
        uint64_t{request.engine.callThreshold} * defaults.loopThreshold / defaults.callThreshold;
    request.engine.loopThreshold =
        static_cast<uint32_t>(std::min<uint64_t>(scaled, std::numeric_limits<uint32_t>::max()));
  }

  // What is left begins with an option that nobody knows, with `--`, or with FILE.
  if (!rest.empty() && rest.front() == "--")
    rest.erase(rest.begin());
  else if (!rest.empty() && rest.front().size() > 1 && rest.front().starts_with("-"))
    return unknownOption(rest.front(), table);
  if (command == Subcommand::Session && rest.size() > 1)
    return wrongOption(rest[1], "'session' takes one file");
  if (command == Subcommand::Run && rest.empty())
    return wrongOption("FILE", "missing; there is no program to run");
  request.program = std::move(rest);
  if (command == Subcommand::Session)
    request.entry.clear();
  return {};
}

} // namespace tiercel::cli
