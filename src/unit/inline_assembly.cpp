// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "unit/inline_assembly.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/InstrTypes.h"
#include "llvm/IR/Module.h"

#include <algorithm>
#include <string>
#include <utility>

namespace tiercel {

namespace {

/// In the IR's form: `$0`, `${0:w}` and `${:uid}` stand for operands and for a number that no other copy has.
llvm::StringRef assemblyOf(const llvm::Instruction& instruction) {
  const auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction);
  return call && call->isInlineAsm() ? llvm::cast<llvm::InlineAsm>(call->getCalledOperand())->getAsmString()
                                     : llvm::StringRef();
}

bool isWordPart(char character) { return llvm::isAlnum(character) || character == '_'; }

/// Operands with modifiers are no labels: `${0:w}`.
size_t endOfOperand(llvm::StringRef text, size_t at) {
  return text.substr(at).starts_with("${") ? text.find('}', at) : llvm::StringRef::npos;
}

/// `1f`, `1b`
bool isNumericReference(llvm::StringRef word) {
  return word.size() > 1 && (word.back() == 'f' || word.back() == 'b') &&
         llvm::all_of(word.drop_back(), llvm::isDigit);
}

/// Whether there is anything but instructions: labels, references to numeric ones, directives, assignments.
bool isMoreThanInstructions(llvm::StringRef text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (const size_t end = endOfOperand(text, i); end != llvm::StringRef::npos) {
      i = end;
      continue;
    }
    if (text[i] == ':' || text[i] == '.' || text[i] == '=')
      return true;
    if (!isWordPart(text[i]))
      continue;
    const llvm::StringRef word = text.substr(i).take_while(isWordPart);
    if (isNumericReference(word))
      return true;
    i += word.size() - 1;
  }
  return false;
}

/// Behind a name in quotes, which may hold anything, or where it does not begin with one.
size_t endOfQuoted(llvm::StringRef text, size_t at) {
  if (text[at] != '"')
    return at;
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\')
      ++at;
  }
  return std::min(at + 1, text.size());
}

/// Behind a comment; of one to the end of the line, in front of that end.
size_t endOfComment(llvm::StringRef text, size_t at) {
  const llvm::StringRef rest = text.substr(at);
  size_t end = at;
  if (rest.starts_with("/*"))
    end = text.find("*/", at + 2) == llvm::StringRef::npos ? text.size() : text.find("*/", at + 2) + 2;
  else if (rest.starts_with("//") || rest.starts_with("#"))
    end = text.find('\n', at);
  return std::min(end, text.size());
}

/// Without comments. A dialect's alternative, in `$(first$|second$)`, may begin with a label, too.
llvm::SmallVector<std::string, 8> statementsOf(llvm::StringRef text) {
  llvm::SmallVector<std::string, 8> statements(1);
  for (size_t i = 0; i < text.size();) {
    size_t end = endOfQuoted(text, i);
    if (const size_t operand = endOfOperand(text, i); operand != llvm::StringRef::npos)
      end = operand + 1;
    else if (text.substr(i).starts_with("$$"))
      end = i + 2; // the character
    if (end > i) {
      statements.back() += text.slice(i, end);
      i = end;
    } else if (const size_t behind = endOfComment(text, i); behind > i) {
      statements.back() += ' ';
      i = behind;
    } else if (text[i] == '\n' || text[i] == ';') {
      statements.emplace_back();
      ++i;
    } else if (text.substr(i).starts_with("$(") || text.substr(i).starts_with("$|")) {
      statements.emplace_back();
      i += 2;
    } else if (text.substr(i).starts_with("$)")) {
      i += 2;
    } else {
      statements.back() += text[i++];
    }
  }
  return statements;
}

/// The label that a statement begins with and what follows its colon; empty if it begins with none.
std::pair<llvm::StringRef, llvm::StringRef> splitLabel(llvm::StringRef statement) {
  size_t i = 0;
  while (i < statement.size() && !llvm::isSpace(statement[i]) && statement[i] != ':') {
    const size_t end = endOfOperand(statement, i);
    i = end == llvm::StringRef::npos ? std::max(endOfQuoted(statement, i), i + 1) : end + 1;
  }
  const llvm::StringRef behind = statement.drop_front(i).ltrim();
  return behind.starts_with(":") ? std::pair(statement.take_front(i), behind.drop_front())
                                 : std::pair(llvm::StringRef(), statement);
}

bool definesNameIn(llvm::StringRef statement) {
  for (;;) {
    statement = statement.ltrim();
    const auto [label, rest] = splitLabel(statement);
    if (label.empty())
      break;
    if (!llvm::all_of(label, llvm::isDigit) && !label.contains("${:uid}"))
      return true;
    statement = rest;
  }
  const llvm::StringRef directive = statement.take_until(llvm::isSpace);
  return directive.equals_insensitive(".macro") || directive.equals_insensitive(".equiv") ||
         directive.equals_insensitive(".lcomm");
}

} // namespace

bool leavesAssemblerState(const llvm::Module& module) {
  return !module.getModuleInlineAsm().empty() || llvm::any_of(module, [](const llvm::Function& function) {
    return llvm::any_of(llvm::instructions(function), [](const llvm::Instruction& instruction) {
      return isMoreThanInstructions(assemblyOf(instruction));
    });
  });
}

bool definesName(const llvm::Instruction& instruction) {
  return llvm::any_of(statementsOf(assemblyOf(instruction)), definesNameIn);
}

void keepNamesSingle(llvm::Module& module) {
  for (llvm::Function& function : module) {
    for (llvm::Instruction& instruction : llvm::instructions(function)) {
      if (!definesName(instruction))
        continue;
      auto& call = llvm::cast<llvm::CallBase>(instruction);
      call.addFnAttr(llvm::Attribute::NoDuplicate);
      // The code generator copies ends of blocks by rules of its own. It leaves alone what must not depend on
      // further branches.
      call.addFnAttr(llvm::Attribute::Convergent);
    }
  }
}

} // namespace tiercel
