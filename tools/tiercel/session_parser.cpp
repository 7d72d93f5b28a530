// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "session_parser.h"

#include "tiercel/options.h"

#include "command.h"
#include "session_help.h"

#include <fmt/format.h>

#include <charconv>

namespace tiercel::cli::session {

namespace {

constexpr unsigned kDeepest = 100; // parser and executor recurse
constexpr uint64_t kMostThreads = 1000;

Error wrong(std::string what, std::string why) {
  return Error(ErrorKind::BadInput, std::move(what), std::move(why));
}

/// As the inside of a string in C.
std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '"' || c == '\\')
      out += '\\';
    out += c;
  }
  return out;
}

std::optional<ReportKind> reportNamed(std::string_view name) {
  if (name == "stats")
    return ReportKind::Stats;
  if (name == "describe")
    return ReportKind::Describe;
  if (name == "modules")
    return ReportKind::Modules;
  if (name == "collect")
    return ReportKind::Collect;
  return std::nullopt;
}

} // namespace

struct Parser::Row {
  std::string_view name;
  Parse parse;
};

constexpr Parser::Row Parser::kRows[] = {
    {"add", &Parser::addOrRedefine},   {"redefine", &Parser::addOrRedefine},
    {"remove", &Parser::remove},       {"discard", &Parser::discard},
    {"promote", &Parser::promote},     {"call", &Parser::show},
    {"address", &Parser::show},        {"load", &Parser::show},
    {"stats", &Parser::show},          {"describe", &Parser::show},
    {"modules", &Parser::show},        {"collect", &Parser::show},
    {"expect", &Parser::expect},       {"let", &Parser::let},
    {"print", &Parser::print},         {"wait", &Parser::wait},
    {"quiescent", &Parser::quiescent}, {"sleep", &Parser::sleep},
    {"repeat", &Parser::repeat},       {"threads", &Parser::threads},
    {"end", &Parser::strayEnd},        {"help", &Parser::help},
    {"quit", &Parser::quit},
};

// --- lines and blocks ---

Result<std::optional<Command>> Parser::next() {
  auto located = [this](const Error& error) {
    if (!ended_)
      dropped_.begin(text_, depth_);
    return Error(error.kind(), fmt::format("{}:{}: {}", file_, errorLine_, error.what()), error.why());
  };
  dropRest();
  depth_ = 0;
  Result<bool> read = readTokens(/*continued=*/false);
  if (!read)
    return located(read.error());
  if (!*read)
    return std::optional<Command>();
  Command command;
  if (Status parsed = parseCommand(command); !parsed)
    return located(parsed.error());
  return std::optional(std::move(command));
}

Result<Block> Parser::all() {
  Block block;
  while (true) {
    Result<std::optional<Command>> command = next();
    if (!command)
      return command.takeError();
    if (!*command)
      return block;
    block.push_back(std::move(**command));
  }
}

std::optional<std::string> Parser::readLine(bool continued) {
  std::optional<std::string> line = lines_.next(continued);
  ended_ = !line;
  if (!line)
    return line;
  ++line_;
  if (line->ends_with('\r'))
    line->pop_back();
  return line;
}

void Parser::dropRest() {
  while (dropped_.more()) {
    const std::optional<std::string> line = readLine(/*continued=*/true);
    if (line)
      dropped_.drop(*line);
    else
      dropped_.clear(); // at a terminal lines can follow the end: those of other commands
  }
}

Result<bool> Parser::readTokens(bool continued) {
  while (std::optional<std::string> line = readLine(continued)) {
    text_ = std::move(*line);
    errorLine_ = line_;
    // What print prints is no tokens.
    const size_t begin = std::min(text_.find_first_not_of(" \t"), text_.size());
    const std::string_view rest = std::string_view(text_).substr(begin);
    const bool isPrint = rest == "print" || rest.starts_with("print ") || rest.starts_with("print\t");
    Result<std::vector<Token>> tokens = tokenise(isPrint ? "print" : text_);
    if (!tokens)
      return tokens.takeError();
    tokens_ = std::move(*tokens);
    at_ = 0;
    if (!at(Token::End))
      return true;
  }
  return false;
}

Status Parser::parseCommand(Command& command) {
  command.line = line_;
  errorLine_ = line_;
  Parse parse = nullptr;
  if (at(Token::Word)) {
    for (const Row& row : kRows)
      if (row.name == token().text)
        parse = row.parse;
    if (parse == nullptr && typeNamed(token().text))
      parse = &Parser::show;
  } else if (at(Token::Variable) || at(Token::Symbol)) {
    parse = &Parser::show;
  }
  if (parse == nullptr) {
    std::vector<std::string_view> names;
    for (const Row& row : kRows)
      names.push_back(row.name);
    const std::string_view meant = nearest(token().text, names);
    return wrong(quoted(token().text), meant.empty()
                                           ? "is not a command; 'help' lists them"
                                           : fmt::format("is not a command; did you mean {}?", meant));
  }
  if (Status parsed = (this->*parse)(command); !parsed)
    return parsed;
  // A block or text has moved on to its last line, of which nothing is left.
  return at(Token::End) ? Status() : expected("the end of the line");
}

Status Parser::deeper(std::string_view what) {
  if (depth_ == kDeepest)
    return wrong(std::string(what), fmt::format("commands are nested more than {} deep", kDeepest));
  ++depth_;
  return {};
}

Status Parser::parseBlock(Block& block) {
  if (!at(Token::End))
    return expected("the end of the line");
  const unsigned first = line_;
  if (Status counted = deeper("block"); !counted)
    return counted;
  while (true) {
    Result<bool> read = readTokens(/*continued=*/true);
    if (!read)
      return read.takeError();
    if (!*read) {
      errorLine_ = first;
      return wrong("block", "its 'end' is missing");
    }
    if (take(Token::Word, "end")) {
      if (!at(Token::End))
        return expected("the end of the line");
      --depth_;
      return {};
    }
    Command command;
    if (Status parsed = parseCommand(command); !parsed)
      return parsed;
    block.push_back(std::move(command));
  }
}

Status Parser::parseHereText(std::string& text) {
  const std::string end = token().text.substr(2);
  if (end.empty())
    return wrong("<<", "a word must follow, the one that ends the text");
  ++at_;
  if (!at(Token::End))
    return expected("the end of the line");
  while (std::optional<std::string> line = readLine(/*continued=*/true)) {
    if (*line == end)
      return {};
    text += *line + "\n";
  }
  return wrong("<<" + end, "the line that ends the text is missing");
}

// --- tokens ---

bool Parser::atSymbolWithArguments() const {
  const Token& following = tokens_[std::min(at_ + 1, tokens_.size() - 1)];
  return at(Token::Symbol) && following.kind == Token::Operator && following.text == "(";
}

bool Parser::take(Token::Kind kind, std::string_view text) {
  if (!at(kind, text))
    return false;
  ++at_;
  return true;
}

Status Parser::takeOperator(std::string_view text) {
  return take(Token::Operator, text) ? Status() : expected(quoted(text));
}

Error Parser::expected(std::string_view expected) const {
  if (at(Token::End))
    return wrong("end of line", fmt::format("{} is expected", expected));
  const size_t end = tokens_[at_ + 1].begin;
  std::string_view here = std::string_view(text_).substr(token().begin, end - token().begin);
  here = here.substr(0, here.find_last_not_of(" \t") + 1);
  return wrong(quoted(here), fmt::format("{} is expected", expected));
}

Literal Parser::stringLiteral(const std::string& text) {
  return {Value::pointer(strings_.emplace_back(text).data())};
}

Status Parser::parseSymbol(std::string& name) {
  if (!at(Token::Symbol))
    return expected("a name such as @f");
  name = token().text;
  ++at_;
  return {};
}

Status Parser::parseType(Type& type) {
  const std::optional<Type> named = at(Token::Word) ? typeNamed(token().text) : std::nullopt;
  if (!named)
    return expected("a type (i1, i8, i16, i32, i64, float, double, ptr or void)");
  type = *named;
  ++at_;
  return {};
}

Status Parser::parseNumber(std::string_view what, uint64_t least, uint64_t most, uint64_t& number) {
  const std::string& text = token().text;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (!at(Token::Word) || error != std::errc() || stop != text.data() + text.size() || number < least ||
      number > most)
    return expected(fmt::format("{} from {} to {}", what, least, most));
  ++at_;
  return {};
}

// --- operands ---

Status Parser::parseOperand(Operand& operand) {
  if (at(Token::Variable)) {
    operand = Variable{token().text};
    ++at_;
    return {};
  }
  if (at(Token::Symbol)) {
    if (atSymbolWithArguments())
      return wrong("@" + token().text, "the type that it returns must come first, as in i32 @f()");
    operand = Address{token().text};
    ++at_;
    return {};
  }
  if (at(Token::Text)) {
    operand = UntypedLiteral{token().text};
    ++at_;
    return {};
  }
  if (!at(Token::Word))
    return expected("a value");
  const std::string word = token().text;
  if (const std::optional<Type> type = typeNamed(word)) {
    ++at_;
    return parseTyped(*type, operand);
  }
  ++at_;
  if (word == "call") {
    Type type;
    if (Status parsed = parseType(type); !parsed)
      return parsed;
    if (!atSymbolWithArguments())
      return expected("a function with arguments, such as @f(i32 1)");
    return parseTyped(type, operand);
  }
  if (word == "address") {
    Address address;
    if (Status parsed = parseSymbol(address.symbol); !parsed)
      return parsed;
    operand = address;
    return {};
  }
  if (word == "load") {
    Load load;
    if (Status parsed = parseType(load.type); !parsed)
      return parsed;
    if (load.type == Type::Void)
      return wrong("void", "there are no values of this type");
    if (Status parsed = parseSymbol(load.symbol); !parsed)
      return parsed;
    operand = load;
    return {};
  }
  if (const std::optional<ReportKind> kind = reportNamed(word))
    return parseReport(*kind, operand);
  operand = UntypedLiteral{word};
  return {};
}

Status Parser::parseTyped(Type type, Operand& operand) {
  if (atSymbolWithArguments()) {
    Call call{.result = type, .function = token().text, .arguments = {}};
    ++at_;
    if (Status parsed = parseArguments(call); !parsed)
      return parsed;
    operand = std::move(call);
    return {};
  }
  CallArgument argument{.type = type, .value = Literal{}};
  if (Status parsed = parseArgument(argument); !parsed)
    return parsed;
  std::visit([&operand](auto& value) { operand = std::move(value); }, argument.value);
  return {};
}

Status Parser::parseArguments(Call& call) {
  ++at_; // the bracket
  while (!take(Token::Operator, ")")) {
    if (!call.arguments.empty() && !take(Token::Operator, ","))
      return expected("',' or ')'");
    if (at(Token::Word, "..."))
      return wrong("...", "functions with variable arguments cannot be called");
    CallArgument argument{.type = Type::Void, .value = Literal{}};
    if (Status parsed = parseType(argument.type); !parsed)
      return parsed;
    if (Status parsed = parseArgument(argument); !parsed)
      return parsed;
    call.arguments.push_back(std::move(argument));
  }
  return {};
}

/// What follows a type.
Status Parser::parseArgument(CallArgument& argument) {
  const Type type = argument.type;
  if (at(Token::Variable)) {
    argument.value = Variable{token().text};
  } else if (at(Token::Symbol) && type == Type::Ptr) {
    argument.value = Address{token().text};
  } else if (at(Token::Text) && type == Type::Ptr) {
    argument.value = stringLiteral(token().text);
  } else if (at(Token::Word)) {
    Result<Value> value = parseLiteral(type, token().text);
    if (!value)
      return value.takeError();
    argument.value = Literal{std::move(*value)};
    argument.extendSign = token().text.starts_with('-');
  } else {
    return expected(fmt::format("a value of type {}", nameOf(type)));
  }
  ++at_;
  return {};
}

Status Parser::parseReport(ReportKind kind, Operand& operand) {
  ReportQuery query{.kind = kind, .subject = {}, .key = {}};
  if (kind == ReportKind::Describe)
    if (Status parsed = parseSymbol(query.subject); !parsed)
      return parsed;
  if (at(Token::Word) || at(Token::Text)) {
    query.key = token().text;
    ++at_;
  }
  operand = std::move(query);
  return {};
}

/// What is compared with something that has a type gets that type; now, if it is known now.
Status Parser::giveType(Operand& untyped, const Operand& other) {
  const auto* literal = std::get_if<UntypedLiteral>(&untyped);
  const std::optional<Type> type = staticType(other);
  if (literal == nullptr || !type)
    return {};
  Result<Value> value = parseLiteral(*type, literal->text);
  if (!value)
    return value.takeError();
  untyped = Literal{std::move(*value)};
  return {};
}

// --- commands ---

Status Parser::addOrRedefine(Command& command) {
  const bool again = token().text == "redefine";
  ++at_;
  if (!at(Token::Word) && !at(Token::Text))
    return expected("the name of a module");
  const std::string module = token().text;
  ++at_;
  Source source;
  RedefineOptions options;
  if (Status parsed = parseSource(module, again ? &options : nullptr, source); !parsed)
    return parsed;
  if (again)
    command.action = Redefine{module, std::move(source), options};
  else
    command.action = Add{module, std::move(source)};
  return {};
}

Status Parser::parseSource(const std::string& module, RedefineOptions* options, Source& source) {
  std::string language;
  while (at(Token::Word) && !token().text.starts_with("<<") && token().text.find('=') != std::string::npos) {
    const std::string& option = token().text;
    if (option == "lang=ir" || option == "lang=c" || option == "lang=c++")
      language = option.substr(5);
    else if (option == "types=change" && options != nullptr)
      options->changeTypes = true;
    else
      return expected(options != nullptr ? "lang=ir, lang=c, lang=c++ or types=change"
                                         : "lang=ir, lang=c or lang=c++");
    ++at_;
  }
  if (!at(Token::Word) && !at(Token::Text))
    return expected("a file or <<WORD");
  if (at(Token::Text) || !token().text.starts_with("<<")) {
    if (!language.empty())
      return wrong("lang=" + language, "is for text that follows; what a file is, it shows itself");
    source = Source::file(token().text);
    ++at_;
    return {};
  }
  std::string text;
  const unsigned first = line_ + 1;
  if (Status parsed = parseHereText(text); !parsed)
    return parsed;
  // Compilers number the lines as they are here.
  if (language == "c" || language == "c++")
    source = Source::memory(fmt::format("#line {} \"{}\"\n{}", first, escaped(file_), text),
                            module + (language == "c" ? ".c" : ".cpp"));
  else
    source = Source::memory(std::string(first - 1, '\n') + text, module + ".ll");
  return {};
}

Status Parser::remove(Command& command) {
  ++at_;
  if (!at(Token::Symbol) && !at(Token::Word) && !at(Token::Text))
    return expected("the name of a module or an @function");
  const Token what = token();
  ++at_;
  RemoveOptions options;
  options.force = take(Token::Word, "force");
  if (what.kind == Token::Symbol)
    command.action = RemoveFunction{what.text, options};
  else
    command.action = RemoveModule{what.text, options};
  return {};
}

Status Parser::discard(Command& command) {
  ++at_;
  Discard discard;
  do {
    if (Status parsed = parseSymbol(discard.functions.emplace_back()); !parsed)
      return parsed;
  } while (!at(Token::End));
  command.action = std::move(discard);
  return {};
}

Status Parser::promote(Command& command) {
  ++at_;
  Promote promote{.functions = {}, .tier = kTopTier};
  do {
    if (Status parsed = parseSymbol(promote.functions.emplace_back()); !parsed)
      return parsed;
  } while (at(Token::Symbol));
  if (!at(Token::End)) {
    uint64_t tier = 0;
    if (Status parsed = parseNumber("a tier", 0, kTopTier, tier); !parsed)
      return parsed;
    promote.tier = static_cast<unsigned>(tier);
  }
  command.action = std::move(promote);
  return {};
}

Status Parser::show(Command& command) {
  Operand operand;
  if (Status parsed = parseOperand(operand); !parsed)
    return parsed;
  command.action = Show{std::move(operand)};
  return {};
}

Status Parser::expect(Command& command) {
  ++at_;
  if (at(Token::Word, "error"))
    return expectError(command);
  Expect expect;
  if (Status parsed = parseOperand(expect.left); !parsed)
    return parsed;
  const std::optional<Comparison> comparison =
      at(Token::Operator) ? comparisonNamed(token().text) : std::nullopt;
  if (!comparison)
    return expected("a comparison (== != < <= > >=)");
  expect.comparison = *comparison;
  ++at_;
  if (Status parsed = parseOperand(expect.right); !parsed)
    return parsed;

  if (isWholeReport(expect.left) || isWholeReport(expect.right))
    return wrong("expect", "a report is compared by one of its figures, as in stats functions.total");
  if (std::holds_alternative<UntypedLiteral>(expect.left) &&
      std::holds_alternative<UntypedLiteral>(expect.right))
    return wrong("expect", "there are two literals and no type");
  for (auto [one, other] : {std::pair(&expect.left, &expect.right), std::pair(&expect.right, &expect.left)})
    if (Status typed = giveType(*one, *other); !typed)
      return typed;
  const std::optional<Type> left = staticType(expect.left);
  const std::optional<Type> right = staticType(expect.right);
  if (left && right)
    if (Result<bool> comparable = holds({.type = *left}, expect.comparison, {.type = *right}); !comparable)
      return comparable.takeError();
  command.action = std::move(expect);
  return {};
}

Status Parser::expectError(Command& command) {
  ++at_;
  if (!at(Token::Text))
    return expected("a part of the error's message in quotes");
  ExpectError expect{.pattern = token().text, .command = nullptr};
  ++at_;
  if (Status colon = takeOperator(":"); !colon)
    return colon;
  if (at(Token::End))
    return expected("a command");
  for (std::string_view name : {"repeat", "threads", "quit", "print"})
    if (at(Token::Word, name))
      return expected("a command that can fail by itself");
  auto failing = std::make_unique<Command>();
  if (Status counted = deeper("expect error"); !counted)
    return counted;
  Status parsed = parseCommand(*failing);
  --depth_; // also after errors, where it counts the blocks to be dropped
  if (!parsed)
    return parsed;
  expect.command = std::move(failing);
  command.action = std::move(expect);
  return {};
}

Status Parser::let(Command& command) {
  ++at_;
  Let let;
  if (!at(Token::Word) || variableName(token().text) != token().text)
    return expected("the name of a variable, of letters, digits and _");
  if (token().text == "round" || token().text == "thread")
    return wrong(token().text, "repeat and threads set this variable");
  let.variable = token().text;
  ++at_;
  if (Status equals = takeOperator("="); !equals)
    return equals;
  if (Status parsed = parseOperand(let.operand); !parsed)
    return parsed;
  if (const auto* literal = std::get_if<UntypedLiteral>(&let.operand))
    return wrong(quoted(literal->text), "a type must come first, as in i32 5");
  if (isWholeReport(let.operand) || staticType(let.operand) == Type::Void)
    return wrong("let", "there is no value");
  command.action = std::move(let);
  return {};
}

Status Parser::print(Command& command) {
  constexpr size_t kName = 5;
  ++at_;
  std::string_view rest(text_);
  rest.remove_prefix(rest.find("print") + kName);
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  Print print;
  while (!rest.empty()) {
    const size_t dollar = std::min(rest.find('$'), rest.size());
    if (dollar != 0)
      print.pieces.emplace_back(std::string(rest.substr(0, dollar)));
    rest.remove_prefix(dollar);
    if (rest.empty())
      break;
    const std::string_view name = variableName(rest.substr(1));
    if (name.empty())
      print.pieces.emplace_back("$");
    else
      print.pieces.emplace_back(Variable{std::string(name)});
    rest.remove_prefix(1 + name.size());
  }
  command.action = std::move(print);
  return {};
}

Status Parser::wait(Command& command) {
  ++at_;
  command.action = Wait();
  return {};
}

Status Parser::quiescent(Command& command) {
  ++at_;
  command.action = Quiescent();
  return {};
}

Status Parser::sleep(Command& command) {
  constexpr uint64_t kHour = 3'600'000;
  ++at_;
  Sleep sleep{};
  if (Status parsed = parseNumber("milliseconds", 0, kHour, sleep.milliseconds); !parsed)
    return parsed;
  command.action = sleep;
  return {};
}

Status Parser::repeat(Command& command) {
  constexpr uint64_t kMost = 1'000'000'000'000;
  ++at_;
  Repeat repeat{};
  if (Status parsed = parseNumber("a number of rounds", 0, kMost, repeat.count); !parsed)
    return parsed;
  if (Status parsed = parseBlock(repeat.block); !parsed)
    return parsed;
  command.action = std::move(repeat);
  return {};
}

Status Parser::threads(Command& command) {
  ++at_;
  uint64_t count = 0;
  if (Status parsed = parseNumber("a number of threads", 1, kMostThreads, count); !parsed)
    return parsed;
  Threads threads{.count = static_cast<unsigned>(count), .block = {}};
  if (Status parsed = parseBlock(threads.block); !parsed)
    return parsed;
  command.action = std::move(threads);
  return {};
}

Status Parser::help(Command& command) {
  ++at_;
  Help help;
  if (at(Token::Word)) {
    help.topic = token().text;
    if (findCommandHelp(help.topic) == nullptr)
      return expected("the name of a command");
    ++at_;
  }
  command.action = std::move(help);
  return {};
}

Status Parser::quit(Command& command) {
  if (depth_ != 0)
    return wrong("quit", "ends the session, so it cannot be part of a block");
  ++at_;
  command.action = Quit();
  return {};
}

Status Parser::strayEnd(Command&) { return wrong("end", "there is no block to end"); }

} // namespace tiercel::cli::session
