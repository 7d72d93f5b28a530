// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Profiles as text: docs/profile-format.md.
#include "tiercel/profile.h"

#include "profile/edge_plan.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <tuple>
#include <unistd.h>

namespace tiercel {

namespace {

constexpr unsigned kFormatVersion = 1;

void appendQuoted(std::string& out, std::string_view name) {
  out += '"';
  for (char c : name) {
    if (llvm::isPrint(c) && c != '"' && c != '\\') {
      out += c;
    } else {
      out += '\\';
      out += llvm::hexdigit(static_cast<unsigned char>(c) >> 4);
      out += llvm::hexdigit(static_cast<unsigned char>(c) & 15);
    }
  }
  out += '"';
}

/// Reads one line from left to right.
class Line {
public:
  explicit Line(llvm::StringRef text) : rest_(text.trim(" \t\r")) {}

  bool atEnd() const { return rest_.empty(); }
  llvm::StringRef rest() const { return rest_; }

  llvm::StringRef word() {
    const llvm::StringRef word = rest_.take_until([](char c) { return c == ' ' || c == '\t'; });
    rest_ = rest_.drop_front(word.size()).ltrim(" \t");
    return word;
  }
  bool number(uint64_t& value, unsigned radix = 10) { return !word().getAsInteger(radix, value); }

  bool quoted(std::string& value) {
    if (!rest_.consume_front("\""))
      return false;
    value.clear();
    while (!rest_.empty() && rest_.front() != '"') {
      char c = rest_.front();
      size_t length = 1;
      if (c == '\\') {
        if (rest_.size() < 3 ||
            !llvm::tryGetHexFromNibbles(rest_[1], rest_[2], reinterpret_cast<uint8_t&>(c)))
          return false;
        length = 3;
      }
      value += c;
      rest_ = rest_.drop_front(length);
    }
    if (!rest_.consume_front("\""))
      return false;
    const bool separated = rest_.empty() || rest_.front() == ' ' || rest_.front() == '\t';
    rest_ = rest_.ltrim(" \t");
    return separated;
  }

private:
  llvm::StringRef rest_;
};

class Parser {
public:
  Parser(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  Result<Profile> run() {
    bool hasHeader = false;
    while (!text_.empty() && !ended_) {
      auto [text, rest] = text_.split('\n');
      text_ = rest;
      ++lineNumber_;
      Line line(text);
      if (line.atEnd() || line.rest().starts_with("#"))
        continue;
      Status status = hasHeader ? parseLine(line) : parseHeader(line);
      hasHeader = true;
      if (!status)
        return status.takeError();
    }
    if (!hasHeader)
      return Error(ErrorKind::BadInput, name_, "it is empty, not a profile");
    if (!ended_)
      return error("the file ends before its 'end' line: it is not complete");
    if (!text_.trim().empty()) {
      ++lineNumber_;
      return error("something follows the 'end' line");
    }
    return std::move(profile_);
  }

private:
  Error error(std::string why) const {
    return Error(ErrorKind::BadInput, name_ + ":" + std::to_string(lineNumber_), std::move(why));
  }

  Status parseHeader(Line line) {
    uint64_t format = 0;
    uint64_t plan = 0;
    if (line.word() != "tiercel-profile")
      return error("expected 'tiercel-profile', with which every profile begins");
    if (!line.number(format) || line.word() != "plan" || !line.number(plan) || !line.atEnd())
      return error("expected 'tiercel-profile FORMAT plan VERSION'");
    if (format != kFormatVersion)
      return error(
          llvm::formatv("the format is version {0}, this Tiercel reads version {1}", format, kFormatVersion));
    if (plan != kPlanVersion)
      return error(llvm::formatv("its counts were taken by plan {0}, this Tiercel uses plan {1}: make the "
                                 "profile again",
                                 plan, kPlanVersion));
    return {};
  }

  Status parseLine(Line line) {
    const llvm::StringRef keyword = line.word();
    if (keyword == "function")
      return parseFunction(line);
    if (keyword == "counts")
      return parseCounts(line);
    if (keyword == "call")
      return parseCall(line);
    if (keyword == "end")
      return parseEnd(line);
    return error("expected 'function', 'counts', 'call' or 'end', not '" + shown(keyword) + "'");
  }

  Status parseFunction(Line line) {
    if (Status status = finishFunction(); !status)
      return status;
    FunctionProfile function;
    const llvm::StringRef hash = line.word();
    if (hash.size() != 16 || hash.getAsInteger(16, function.hash))
      return error("expected a hash of 16 hexadecimal digits, not '" + shown(hash) + "'");
    if (!line.quoted(function.name) || !line.atEnd())
      return error("expected the function's name in quotes and nothing after it");
    current_ = std::move(function);
    inFunction_ = true;
    return {};
  }

  Status parseCounts(Line line) {
    if (!inFunction_)
      return error("'counts' without a 'function' before it");
    if (!current_.counts.empty())
      return error("a second 'counts' line for one function");
    while (!line.atEnd()) {
      const llvm::StringRef word = line.word();
      uint64_t count = 0;
      if (word.getAsInteger(10, count))
        return error("expected a count, not '" + shown(word) + "'");
      current_.counts.push_back(count);
    }
    if (current_.counts.empty())
      return error("a function has at least one count, that of its entry");
    return {};
  }

  Status parseCall(Line line) {
    if (!inFunction_)
      return error("'call' without a 'function' before it");
    IndirectCallProfile call;
    if (!line.number(call.total))
      return error("expected the number of calls after 'call'");
    while (!line.atEnd()) {
      CallTarget target;
      if (!line.quoted(target.name) || !line.number(target.count))
        return error("expected a target's name in quotes and its count");
      call.targets.push_back(std::move(target));
    }
    current_.calls.push_back(std::move(call));
    return {};
  }

  Status parseEnd(Line line) {
    if (Status status = finishFunction(); !status)
      return status;
    uint64_t count = 0;
    if (!line.number(count) || !line.atEnd())
      return error("expected 'end COUNT'");
    if (count != profile_.functions().size())
      return error(llvm::formatv("the file says that it has {0} functions, but there are {1}", count,
                                 profile_.functions().size()));
    ended_ = true;
    return {};
  }

  Status finishFunction() {
    if (!inFunction_)
      return {};
    inFunction_ = false;
    if (current_.counts.empty())
      return error("the function before this line has no 'counts'");
    const size_t before = profile_.functions().size();
    const std::string name = current_.name;
    if (!profile_.add(std::move(current_)) || profile_.functions().size() == before)
      return error("function '" + shown(name) + "', which ends before this line, is there twice");
    return {};
  }

  /// Foreign text in a message: short and on one line.
  static std::string shown(llvm::StringRef text) {
    std::string quoted;
    appendQuoted(quoted, text.take_front(40).str());
    return quoted.substr(1, quoted.size() - 2) + (text.size() > 40 ? "…" : "");
  }

  llvm::StringRef text_;
  const std::string& name_;
  Profile profile_;
  FunctionProfile current_;
  unsigned lineNumber_ = 0;
  bool inFunction_ = false;
  bool ended_ = false;
};

Error systemError(const std::string& path) {
  return Error(ErrorKind::Environment, path, std::strerror(errno));
}

bool writeAll(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno != EINTR)
      return false;
    text.remove_prefix(written < 0 ? 0 : static_cast<size_t>(written));
  }
  return true;
}

Status writeAndClose(int file, std::string_view text, const std::string& path) {
  bool written = writeAll(file, text);
  Error problem = systemError(path);
  if (::close(file) != 0 && written) {
    written = false;
    problem = systemError(path);
  }
  return written ? Status() : problem;
}

} // namespace

Result<Profile> Profile::parse(std::string_view text, const std::string& name) {
  return Parser(text, name).run();
}

Result<Profile> Profile::read(const std::string& path) {
  auto bytes = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!bytes)
    return Error(ErrorKind::BadInput, path, bytes.getError().message());
  const llvm::StringRef text = (*bytes)->getBuffer();
  return parse(std::string_view(text), path);
}

std::string Profile::text() const {
  std::vector<const FunctionProfile*> sorted;
  sorted.reserve(functions_.size());
  for (const FunctionProfile& function : functions_)
    sorted.push_back(&function);
  std::ranges::sort(sorted, [](const FunctionProfile* a, const FunctionProfile* b) {
    return std::tie(a->name, a->hash) < std::tie(b->name, b->hash);
  });

  std::string out = llvm::formatv("tiercel-profile {0} plan {1}\n", kFormatVersion, kPlanVersion);
  for (const FunctionProfile* function : sorted) {
    out += "function " + llvm::utohexstr(function->hash, /*LowerCase=*/true, /*Width=*/16) + ' ';
    appendQuoted(out, function->name);
    out += "\ncounts";
    for (uint64_t count : function->counts)
      out += ' ' + std::to_string(count);
    out += '\n';
    for (const IndirectCallProfile& call : function->calls) {
      out += "call " + std::to_string(call.total);
      for (const CallTarget& target : call.targets) {
        out += ' ';
        appendQuoted(out, target.name);
        out += ' ' + std::to_string(target.count);
      }
      out += '\n';
    }
  }
  return out + "end " + std::to_string(sorted.size()) + '\n';
}

Status Profile::write(const std::string& path) const {
  struct stat status;
  if (::stat(path.c_str(), &status) == 0 &&
      !S_ISREG(status.st_mode)) { // a device or a pipe, and it stays one
    const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    return file < 0 ? systemError(path) : writeAndClose(file, text(), path);
  }
  // Beside the file, because a rename does not cross file systems.
  std::string temporary;
  int file = -1;
  for (unsigned attempt = 0; file < 0 && attempt < 100; ++attempt) {
    temporary = path + "." + std::to_string(::getpid()) + "-" + std::to_string(attempt) + ".tmp";
    file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0 && errno != EEXIST)
      break;
  }
  if (file < 0)
    return systemError(path);
  auto removeTemporary = llvm::make_scope_exit([&] { ::unlink(temporary.c_str()); });
  if (Status written = writeAndClose(file, text(), path); !written)
    return written;
  if (::rename(temporary.c_str(), path.c_str()) != 0)
    return systemError(path);
  removeTemporary.release();
  return {};
}

} // namespace tiercel
