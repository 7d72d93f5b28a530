// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `tiercel profile`: what is in profile files, and several made one.

#include "tiercel/profile.h"

#include "command.h"
#include "output.h"

#include <fmt/format.h>

#include <algorithm>
#include <unistd.h>
#include <unordered_map>
#include <vector>

namespace tiercel::cli {

namespace {

constexpr std::string_view kTry = "tiercel profile --help";

/// The hottest first; a count stands for how much of the function's code ran.
uint64_t heat(const FunctionProfile& function) {
  uint64_t sum = 0;
  for (uint64_t count : function.counts)
    sum = sum + count < sum ? ~uint64_t(0) : sum + count;
  return sum;
}

std::vector<const FunctionProfile*> hottestFirst(const Profile& profile) {
  std::vector<const FunctionProfile*> functions;
  functions.reserve(profile.functions().size());
  for (const FunctionProfile& function : profile.functions())
    functions.push_back(&function);
  std::ranges::sort(functions, [](const FunctionProfile* a, const FunctionProfile* b) {
    const uint64_t heatA = heat(*a);
    const uint64_t heatB = heat(*b);
    return heatA != heatB ? heatA > heatB : a->name < b->name;
  });
  return functions;
}

std::string describe(const FunctionProfile& function) {
  std::string text =
      fmt::format("{}  entered {}, hash {:016x}\n", function.name, function.entryCount(), function.hash);
  for (size_t i = 0; i < function.calls.size(); ++i) {
    const IndirectCallProfile& call = function.calls[i];
    text += fmt::format("  indirect call {}: {}\n", i, call.total);
    for (const CallTarget& target : call.targets)
      text += fmt::format("    {:>12}  {}\n", target.count, target.name);
  }
  return text;
}

int showProfile(Arguments args) {
  std::string file;
  std::string program;
  for (const std::string& argument : args) {
    if (argument.starts_with("--program=") && argument.size() > 10)
      program = argument.substr(10);
    else if (argument.starts_with("-"))
      return wrongCommandLine(argument, "unknown option", kTry);
    else if (!file.empty())
      return wrongCommandLine(argument, "'profile show' takes one file", kTry);
    else
      file = argument;
  }
  if (file.empty())
    return wrongCommandLine("FILE", "missing; there is no profile to show", kTry);
  Result<Profile> profile = Profile::read(file);
  if (!profile) {
    printError(profile.error());
    return exitStatusFor(profile.error().kind());
  }

  std::vector<FunctionBlocks> blocks;
  if (!program.empty()) {
    Result<std::vector<FunctionBlocks>> counted = blockCounts(*profile, program);
    if (!counted) {
      printError(counted.error());
      return exitStatusFor(counted.error().kind());
    }
    blocks = std::move(*counted);
  }
  std::unordered_multimap<const FunctionProfile*, const FunctionBlocks*> bodies;
  for (const FunctionBlocks& body : blocks)
    bodies.emplace(body.profile, &body);
  std::string text;
  for (const FunctionProfile* function : hottestFirst(*profile)) {
    text += describe(*function);
    if (program.empty()) {
      text += "  counters";
      for (uint64_t count : function->counts)
        text += fmt::format(" {}", count);
      text += '\n';
    }
    const auto [first, last] = bodies.equal_range(function);
    if (!program.empty() && first == last)
      text += fmt::format("  no function of {} has this body\n", program);
    for (auto body = first; body != last; ++body) {
      text += "  blocks\n";
      for (const BlockCount& block : body->second->blocks)
        text += fmt::format("    {:>12}  {}\n", block.count, block.label);
    }
  }
  return show(text);
}

int mergeProfiles(Arguments args) {
  std::string out;
  std::vector<std::string> inputs;
  for (size_t i = 0; i < args.size(); ++i) {
    if (args[i] == "-o") {
      ++i;
      if (i == args.size() || args[i].empty())
        return wrongCommandLine("-o", "a file must follow", kTry);
      out = args[i];
    } else if (args[i].starts_with("-")) {
      return wrongCommandLine(args[i], "unknown option", kTry);
    } else {
      inputs.push_back(args[i]);
    }
  }
  if (out.empty())
    return wrongCommandLine("-o OUT", "missing; where should the merged profile go?", kTry);
  if (inputs.empty())
    return wrongCommandLine("FILE", "missing; there is nothing to merge", kTry);
  Profile merged;
  for (const std::string& input : inputs) {
    Result<Profile> profile = Profile::read(input);
    if (!profile) {
      printError(profile.error());
      return exitStatusFor(profile.error().kind());
    }
    for (const std::string& note : merged.merge(*profile))
      writeAll(STDERR_FILENO, fmt::format("tiercel: note: {}: {}\n", input, note));
  }
  if (Status written = merged.write(out); !written) {
    printError(written.error());
    return exitStatusFor(written.error().kind());
  }
  return 0;
}

} // namespace

std::string profileHelp() {
  return "Shows and merges profiles, as written by 'tiercel run --profile-out'.\n"
         "\n"
         "Usage:\n"
         "  tiercel profile show [--program=IR] FILE   what FILE holds, the hottest function first\n"
         "  tiercel profile merge -o OUT FILE...       add up the counts of all files\n"
         "\n"
         "With --program, the bitcode, textual IR, C or C++ file that ran, 'show' prints the\n"
         "count of every block; without it, the counters as they are in FILE.\n";
}

int profileCommand(Arguments args) {
  if (args.empty())
    return wrongCommandLine("profile", "'show' or 'merge' must follow", kTry);
  const std::string& action = args.front();
  if (action == "--help" || action == "-h")
    return show(profileHelp());
  if (action == "show")
    return showProfile(args.subspan(1));
  if (action == "merge")
    return mergeProfiles(args.subspan(1));
  return wrongCommandLine(action, "'profile' knows 'show' and 'merge'", kTry);
}

} // namespace tiercel::cli
