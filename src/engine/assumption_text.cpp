// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "engine/assumption_text.h"

#include "llvm/ADT/StringExtras.h"

#include <algorithm>

namespace tiercel {

namespace {

class Speller {
public:
  explicit Speller(Registry& registry) : registry_(registry) {}

  std::string line(const BodyAssumption& body) {
    return "body " + nameOf(registry_.function(body.function)) + ": " + body.content.text();
  }
  std::string line(const ClaimsAssumption& claims) {
    return "claims " + nameOf(registry_.function(claims.function)) + ": " +
           llvm::join(claims.believed->texts, ", ") + ": " + claims.believed->content.text();
  }
  std::string line(const DataAssumption& data) {
    const GlobalRecord& record = registry_.global(data.global);
    const std::string name(record.name);
    std::string text = "data " + (record.names.empty() ? internal(name, record.definition.load()) : name) +
                       ": align " + llvm::utostr(data.alignment);
    text += data.near ? ", near" : "";
    text += data.threadLocal ? ", thread-local" : "";
    text += data.constant ? ", constant" : "";
    return data.value ? text + ", value " + data.value->text() : text;
  }
  static std::string line(const NameAssumption& name) {
    static constexpr const char* kUses[] = {"outside the program", "absent",
                                            "outside the program, with a hint", "defined"};
    return "name " + name.name + ": " + kUses[static_cast<size_t>(name.use)];
  }

private:
  std::string nameOf(const FunctionRecord& record) {
    const std::string name(record.name);
    return record.internal ? internal(name, record.definition.load()) : name;
  }
  std::string internal(const std::string& name, Definition where) {
    const std::shared_ptr<const ProgramImage> image =
        where.exists() ? registry_.image(where.image) : std::shared_ptr<const ProgramImage>();
    return name + " of " + (image ? strongHash(image->bytes->getBuffer()).text() : "a module that is gone");
  }

  Registry& registry_;
};

} // namespace

std::string assumptionText(const Assumptions& assumptions, Registry& registry) {
  Speller speller(registry);
  std::vector<std::string> lines;
  const auto add = [&](const auto& list) {
    for (const auto& entry : list)
      lines.push_back(speller.line(entry));
  };
  add(assumptions.bodies);
  add(assumptions.claims);
  add(assumptions.data);
  add(assumptions.names);
  std::sort(lines.begin(), lines.end());
  return "cpu " + assumptions.cpu.text() + "\n" + (lines.empty() ? "" : llvm::join(lines, "\n") + "\n");
}

} // namespace tiercel
