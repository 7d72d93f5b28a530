// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "session_executor.h"

#include "output.h"
#include "session_call.h"
#include "session_help.h"
#include "session_lexer.h"

#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <latch>
#include <thread>
#include <unistd.h>

namespace tiercel::cli::session {

namespace {

/// Of the command that this thread is in; 0 outside.
thread_local unsigned currentLine;

Error failed(std::string what, std::string why) {
  return Error(ErrorKind::BadInput, std::move(what), std::move(why));
}

/// Ours behind all that the program has printed, which shares stdout and its buffer with us.
Status output(const std::string& text) {
  std::fflush(stdout);
  if (writeAll(STDOUT_FILENO, text))
    return {};
  return Error(ErrorKind::Environment, "standard output", std::strerror(errno));
}

std::string reportName(const ReportQuery& query) {
  switch (query.kind) {
  case ReportKind::Stats:
    return "stats";
  case ReportKind::Describe:
    return "describe @" + query.subject;
  case ReportKind::Modules:
    return "modules";
  case ReportKind::Collect:
    return "collect";
  }
  return {};
}

/// How an operand is called when an expectation fails: as it was written, in short.
std::string nameOf(const Operand& operand) {
  if (const auto* variable = std::get_if<Variable>(&operand))
    return "$" + variable->name;
  if (const auto* address = std::get_if<Address>(&operand))
    return "@" + address->symbol;
  if (const auto* load = std::get_if<Load>(&operand))
    return "@" + load->symbol;
  if (const auto* call = std::get_if<Call>(&operand))
    return "@" + call->function;
  if (const auto* query = std::get_if<ReportQuery>(&operand))
    return reportName(*query) + " " + query->key;
  return {};
}

/// "i64 @f(i64 1)" as a signature: "i64 (i64)".
std::string signatureOf(const Call& call) {
  std::string parameters;
  for (const CallArgument& argument : call.arguments)
    parameters += fmt::format("{}{}", parameters.empty() ? "" : ", ", nameOf(argument.type));
  return fmt::format("{} ({})", nameOf(call.result), parameters);
}

} // namespace

std::string Executor::place() const {
  return currentLine == 0 ? std::string() : fmt::format("{}:{}", file_, currentLine);
}

// --- commands in order ---

Status Executor::run(const Command& command, Scope& scope) {
  // Errors inside of blocks have the line of the command that failed.
  if (const auto* repeat = std::get_if<Repeat>(&command.action))
    return act(*repeat, scope);
  if (const auto* threads = std::get_if<Threads>(&command.action)) {
    currentLine = command.line; // of this thread; those of the block set their own
    Status done = act(*threads, scope);
    currentLine = 0;
    return done;
  }
  return runLocated(command, scope);
}

Status Executor::runLocated(const Command& command, Scope& scope) {
  currentLine = command.line;
  Status done = std::visit([&](const auto& action) { return act(action, scope); }, command.action);
  currentLine = 0;
  if (done)
    return done;
  return located(command.line, done.error());
}

Error Executor::located(unsigned line, const Error& error) const {
  return Error(error.kind(), fmt::format("{}:{}: {}", file_, line, error.what()), error.why());
}

Status Executor::runBlock(const Block& block, Scope& scope) {
  for (const Command& command : block) {
    if (scope.stopped != nullptr && (*scope.stopped)())
      return {};
    if (Status done = run(command, scope); !done)
      return done;
  }
  return {};
}

Status Executor::act(const Repeat& repeat, Scope& scope) {
  const auto outer = scope.variables.find("round");
  const std::optional<Value> saved =
      outer != scope.variables.end() ? std::optional(outer->second) : std::nullopt;
  for (uint64_t round = 0; round < repeat.count; ++round) {
    if (scope.stopped != nullptr && (*scope.stopped)())
      break;
    scope.variables["round"] = Value::integer(Type::I64, round);
    if (Status done = runBlock(repeat.block, scope); !done)
      return done;
  }
  if (saved)
    scope.variables["round"] = *saved;
  else
    scope.variables.erase("round");
  return {};
}

Status Executor::act(const Threads& threads, Scope& scope) {
  struct Shared {
    explicit Shared(unsigned count) : begin(count), ended(count) {}
    std::latch begin; // all at once: that is what they are for
    std::atomic<bool> stop = false;
    std::mutex mutex; // for `first`
    std::optional<Error> first;
    std::vector<char> ended; // a thread can end inside a call
  };
  auto shared = Shared(threads.count);
  const std::function<bool()> stopped = [&shared, outer = scope.stopped] {
    return shared.stop.load(std::memory_order_relaxed) || (outer != nullptr && (*outer)());
  };
  auto fail = [&shared](Error error) {
    const std::lock_guard lock(shared.mutex);
    if (!shared.first)
      shared.first = std::move(error);
    shared.stop = true;
  };
  auto body = [&](unsigned number) {
    shared.begin.arrive_and_wait();
    Scope own = scope;
    own.variables["thread"] = Value::integer(Type::I64, number);
    own.stopped = &stopped;
    if (Status done = runBlock(threads.block, own); !done)
      fail(done.takeError());
    shared.ended[number] = 1;
  };

  std::vector<std::thread> running;
  running.reserve(threads.count);
  try {
    while (running.size() < threads.count)
      running.emplace_back(body, static_cast<unsigned>(running.size()));
  } catch (const std::system_error& error) {
    fail(located(currentLine, Error(ErrorKind::Environment, "threads",
                                    fmt::format("thread {} of {} could not be started: {}",
                                                running.size() + 1, threads.count, error.code().message()))));
    shared.begin.count_down(static_cast<std::ptrdiff_t>(threads.count - running.size()));
  }
  for (std::thread& thread : running)
    thread.join();
  if (shared.first)
    return std::move(*shared.first);
  for (unsigned number = 0; number < threads.count; ++number)
    if (shared.ended[number] == 0)
      return located(currentLine, failed("threads", fmt::format("a call ended thread {}", number)));
  return {};
}

// --- the program changes ---

Status Executor::act(const Add& add, Scope&) {
  Status added = engine_.add(add.module, add.source);
  if (added)
    ++added_;
  return added;
}

Status Executor::act(const Redefine& redefine, Scope&) {
  Status done = engine_.redefine(redefine.module, redefine.source, redefine.options);
  if (done)
    ++added_;
  return done;
}

Status Executor::act(const RemoveModule& remove, Scope&) {
  return engine_.remove(remove.module, remove.options);
}

Status Executor::act(const RemoveFunction& remove, Scope&) {
  return engine_.removeFunction(remove.function, remove.options);
}

Status Executor::act(const Discard& discard, Scope&) { return engine_.discardCode(discard.functions); }

Status Executor::act(const Promote& promote, Scope&) {
  return engine_.prepare(promote.functions, promote.tier);
}

Status Executor::act(const Wait&, Scope&) {
  engine_.waitIdle();
  return {};
}

Status Executor::act(const Quiescent&, Scope&) {
  engine_.quiescentPoint();
  return {};
}

// --- values ---

Result<Value> Executor::variable(const std::string& name, const Scope& scope) {
  const auto found = scope.variables.find(name);
  if (found == scope.variables.end())
    return failed("$" + name, "there is no such variable");
  return found->second;
}

Result<void*> Executor::addressOf(const std::string& symbol) {
  Result<void*> function = engine_.lookupFunction(symbol);
  if (function)
    return function;
  Result<void*> data = engine_.lookupData(symbol);
  return data ? std::move(data) : std::move(function);
}

Result<Value> Executor::evaluate(const Load& load) {
  Result<void*> address = engine_.lookupData(load.symbol);
  if (!address)
    return address.takeError();
  Value value{.type = load.type};
  const unsigned width = load.type == Type::Float ? 32 : widthOf(load.type);
  std::memcpy(&value.bits, *address, (width + 7) / 8);
  return isInteger(load.type) ? Value::integer(load.type, value.bits) : value;
}

Result<Value> Executor::evaluate(const Call& call, Scope& scope) {
  std::vector<Argument> arguments;
  arguments.reserve(call.arguments.size());
  for (const CallArgument& argument : call.arguments) {
    Argument& passed = arguments.emplace_back();
    if (const auto* literal = std::get_if<Literal>(&argument.value)) {
      passed.value = literal->value;
    } else if (const auto* name = std::get_if<Variable>(&argument.value)) {
      Result<Value> value = variable(name->name, scope);
      if (!value)
        return value.takeError();
      passed.value = std::move(*value);
    } else {
      Result<void*> address = addressOf(std::get<Address>(argument.value).symbol);
      if (!address)
        return address.takeError();
      passed.value = Value::pointer(*address);
    }
    if (passed.value.type != argument.type)
      return failed("@" + call.function, fmt::format("an argument is a {} in place of a {}",
                                                     nameOf(passed.value.type), nameOf(argument.type)));
    passed.extendSign = argument.extendSign;
  }
  if (Status constructed = construct(); !constructed)
    return constructed.takeError();
  Result<void*> function = engine_.lookupFunction(call.function, signatureOf(call));
  if (!function)
    return function.takeError();
  Value value = callFunction(*function, call.result, arguments);
  std::fflush(stdout); // a prompt, or another process, may write next
  return value;
}

/// Not when something is added, because what it needs may come after it.
Status Executor::construct() {
  if (constructed_ == added_)
    return {};
  const std::lock_guard lock(constructors_);
  const uint64_t upTo = added_;
  if (constructed_ == upTo)
    return {};
  Status done = engine_.runConstructors();
  if (done)
    constructed_ = upTo;
  return done;
}

Result<Report> Executor::report(const ReportQuery& query) {
  switch (query.kind) {
  case ReportKind::Stats:
    return statsReport(engine_);
  case ReportKind::Describe: {
    Result<FunctionInfo> function = engine_.describe(query.subject);
    return function ? Result<Report>(describeReport(*function)) : function.takeError();
  }
  case ReportKind::Modules:
    return modulesReport(engine_.modules());
  case ReportKind::Collect: {
    Result<CollectReport> collection = engine_.collect();
    return collection ? Result<Report>(collectReport(*collection)) : collection.takeError();
  }
  }
  return Report();
}

Result<Value> Executor::evaluate(const Operand& operand, Scope& scope) {
  if (const auto* literal = std::get_if<Literal>(&operand))
    return literal->value;
  if (const auto* untyped = std::get_if<UntypedLiteral>(&operand))
    return Value::string(untyped->text);
  if (const auto* name = std::get_if<Variable>(&operand))
    return variable(name->name, scope);
  if (const auto* load = std::get_if<Load>(&operand))
    return evaluate(*load);
  if (const auto* call = std::get_if<Call>(&operand))
    return evaluate(*call, scope);
  if (const auto* address = std::get_if<Address>(&operand)) {
    Result<void*> found = addressOf(address->symbol);
    return found ? Result<Value>(Value::pointer(*found)) : found.takeError();
  }
  const auto& query = std::get<ReportQuery>(operand);
  Result<Report> all = report(query);
  return all ? figureOf(*all, query.key, reportName(query)) : all.takeError();
}

Status Executor::act(const Let& let, Scope& scope) {
  Result<Value> value = evaluate(let.operand, scope);
  if (!value)
    return value.takeError();
  scope.variables[let.variable] = std::move(*value);
  return {};
}

// --- what is printed and checked ---

Status Executor::act(const Show& shown, Scope& scope) {
  if (const auto* query = std::get_if<ReportQuery>(&shown.operand); query != nullptr && query->key.empty()) {
    Result<Report> all = report(*query);
    return all ? output(show(*all)) : Status(all.takeError());
  }
  Result<Value> value = evaluate(shown.operand, scope);
  if (!value)
    return value.takeError();
  return value->type == Type::Void ? Status() : output(show(*value) + "\n");
}

Status Executor::act(const Expect& expect, Scope& scope) {
  Result<Value> left = evaluate(expect.left, scope);
  if (!left)
    return left.takeError();
  Result<Value> right = evaluate(expect.right, scope);
  if (!right)
    return right.takeError();
  // A literal beside a variable or a figure has no type until now.
  for (auto [operand, value, other] :
       {std::tuple(&expect.left, &left, &right), std::tuple(&expect.right, &right, &left)})
    if (const auto* untyped = std::get_if<UntypedLiteral>(operand)) {
      *value = parseLiteral((*other)->type, untyped->text);
      if (!*value)
        return value->takeError();
    }
  Result<bool> held = holds(*left, expect.comparison, *right);
  if (!held)
    return held.takeError();
  if (*held)
    return {};
  std::string what = nameOf(expect.left);
  std::string name = nameOf(expect.right);
  return failed(what.empty() ? "expect" : what,
                fmt::format("expected {} {}{}, got {}", nameOf(expect.comparison), show(*right),
                            name.empty() ? "" : fmt::format(" ({})", name), show(*left)));
}

Status Executor::act(const ExpectError& expect, Scope& scope) {
  Status done = std::visit([&](const auto& action) { return act(action, scope); }, expect.command->action);
  if (done)
    return failed("expect error", fmt::format("the command succeeded, an error with {} was expected",
                                              quoted(expect.pattern)));
  if (done.error().message().find(expect.pattern) == std::string::npos)
    return failed("expect error", fmt::format("an error with {} was expected, not '{}'",
                                              quoted(expect.pattern), done.error().message()));
  return {};
}

Status Executor::act(const Print& print, Scope& scope) {
  std::string text;
  for (const auto& piece : print.pieces) {
    if (const auto* plain = std::get_if<std::string>(&piece)) {
      text += *plain;
      continue;
    }
    Result<Value> value = variable(std::get<Variable>(piece).name, scope);
    if (!value)
      return value.takeError();
    text += show(*value);
  }
  return output(text + "\n");
}

Status Executor::act(const Sleep& sleep, Scope&) {
  std::this_thread::sleep_for(std::chrono::milliseconds(sleep.milliseconds));
  return {};
}

Status Executor::act(const Help& help, Scope&) { return output(helpText(help.topic)); }

/// Whoever reads the commands stops there.
Status Executor::act(const Quit&, Scope&) { return {}; }

} // namespace tiercel::cli::session
