// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Signal handlers and terminal modes of libedit are in force only while a line is being read.

#include "session_prompt.h"

#include "session_help.h"
#include "session_terminal.h"

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <histedit.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace tiercel::cli::session {

namespace {

constexpr int kRemembered = 1000;

/// The program shares the process's locale and has the one that programs start with. Only while a line is
/// edited, and only in this thread, characters are those of the environment.
class EditorLocale {
public:
  EditorLocale() : own_(::newlocale(LC_CTYPE_MASK, "", nullptr)), outer_(::uselocale(own_)) {}
  ~EditorLocale() {
    ::uselocale(outer_);
    if (own_ != nullptr)
      ::freelocale(own_);
  }
  EditorLocale(const EditorLocale&) = delete;
  EditorLocale& operator=(const EditorLocale&) = delete;

private:
  locale_t own_;
  locale_t outer_;
};

/// Creates the folder. Histories may hold what is nobody else's business.
int openHistory(const std::string& path, int flags) {
  std::error_code ignored; // then the file cannot be opened either
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  return ::open(path.c_str(), flags | O_CREAT | O_CLOEXEC, 0600);
}

std::vector<std::string> readLines(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    lines.push_back(std::move(line));
  return lines;
}

std::string commonPrefix(const std::vector<std::string>& words) {
  std::string prefix = words.front();
  for (const std::string& word : words) {
    const auto end = std::ranges::mismatch(prefix, word).in1;
    prefix.erase(end, prefix.end());
  }
  return prefix;
}

} // namespace

struct Prompt::Editor {
  Editor(Engine& engineToAsk, std::string file) : engine(engineToAsk), historyPath(std::move(file)) {}
  ~Editor() {
    if (editor != nullptr)
      ::el_end(editor);
    if (history != nullptr)
      ::history_end(history);
  }
  Editor(const Editor&) = delete;
  Editor& operator=(const Editor&) = delete;

  static Editor& of(EditLine* line) {
    void* self = nullptr;
    ::el_get(line, EL_CLIENTDATA, &self);
    return *static_cast<Editor*>(self);
  }

  void loadHistory() {
    std::vector<std::string> lines = readLines(historyPath);
    const size_t surplus = lines.size() - std::min<size_t>(lines.size(), kRemembered);
    lines.erase(lines.begin(), lines.begin() + static_cast<ptrdiff_t>(surplus));
    for (const std::string& line : lines)
      ::history(history, &event, H_ENTER, line.c_str());
    if (surplus <= kRemembered)
      return;
    // Shortened before it becomes large. In a new file, so that nothing is lost if this ends half-way.
    const std::string shorter = historyPath + ".new";
    const int descriptor = openHistory(shorter, O_WRONLY | O_TRUNC);
    if (descriptor < 0)
      return;
    std::FILE* file = ::fdopen(descriptor, "w");
    for (const std::string& line : lines)
      std::fprintf(file, "%s\n", line.c_str());
    if (std::fclose(file) == 0)
      std::rename(shorter.c_str(), historyPath.c_str());
  }

  const char* readLine(int& size) const {
    const TerminalInUse terminal;
    // Before the prompt can be seen, not with the first key, which could be a ^D that an unprepared terminal
    // takes for itself. el_gets undoes it.
    ::el_set(editor, EL_PREP_TERM, 1);
    return ::el_gets(editor, &size);
  }

  /// At once, because a call may end the process. A history that cannot be written is none: no error.
  void remember(const std::string& line) {
    ::history(history, &event, H_ENTER, line.c_str());
    if (historyPath.empty())
      return;
    const int descriptor = openHistory(historyPath, O_WRONLY | O_APPEND);
    if (descriptor < 0)
      return;
    const std::string whole = line + "\n";
    [[maybe_unused]] const ssize_t written = ::write(descriptor, whole.data(), whole.size());
    ::close(descriptor);
  }

  /// What can stand where the last word of `before` stands.
  std::vector<std::string> candidates(std::string_view before) const {
    const size_t start = before.find_last_of(" \t(,") + 1; // npos + 1 is 0
    const std::string_view word = before.substr(start);
    const bool first = before.find_first_not_of(" \t") >= start;
    std::vector<std::string> all;
    if (word.starts_with('@')) {
      for (const std::string& name : engine.functionNames())
        all.push_back("@" + name);
    } else if (first || before.substr(0, start).ends_with(": ") || before.substr(0, start) == "help ") {
      for (const CommandHelp& command : commandHelps())
        all.emplace_back(command.name);
    } else {
      for (const ModuleInfo& module : engine.modules())
        all.push_back(module.name);
    }
    std::erase_if(all, [word](const std::string& candidate) { return !candidate.starts_with(word); });
    std::ranges::sort(all);
    return all;
  }

  unsigned char complete() {
    const LineInfo* line = ::el_line(editor);
    const std::string_view before(line->buffer, static_cast<size_t>(line->cursor - line->buffer));
    const std::vector<std::string> words = candidates(before);
    if (words.empty())
      return CC_REFRESH_BEEP;
    const size_t typed = before.size() - (before.find_last_of(" \t(,") + 1);
    std::string more = commonPrefix(words).substr(typed);
    if (words.size() == 1 && !words.front().starts_with('@'))
      more += ' ';
    if (!more.empty()) {
      ::el_insertstr(editor, more.c_str());
      return CC_REFRESH;
    }
    list(words);
    return CC_REDISPLAY;
  }

  /// In columns, as many as fit.
  static void list(const std::vector<std::string>& words) {
    winsize size{};
    const size_t columns =
        ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
    size_t width = 0;
    for (const std::string& word : words)
      width = std::max(width, word.size() + 2);
    const size_t perRow = std::max<size_t>(1, columns / width);
    for (size_t i = 0; i < words.size(); ++i)
      std::printf("%s%-*s", i % perRow == 0 ? "\n" : "", static_cast<int>(width), words[i].c_str());
    std::printf("\n");
    std::fflush(stdout);
  }

  Engine& engine;
  const std::string historyPath; ///< empty: none is kept
  EditLine* editor = nullptr;
  History* history = nullptr;
  HistEvent event{};
  bool continued = false;
};

std::string Prompt::historyFile() {
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && state[0] == '/') // the specification says to ignore relative paths
    return std::string(state) + "/tiercel/session-history";
  const char* home = std::getenv("HOME");
  return home != nullptr && home[0] != 0 ? std::string(home) + "/.local/state/tiercel/session-history"
                                         : std::string();
}

Prompt::Prompt(std::unique_ptr<Editor> editor) : editor_(std::move(editor)) {}
Prompt::~Prompt() = default;

Result<std::unique_ptr<Prompt>> Prompt::create(Engine& engine, bool keepHistory) {
  const EditorLocale locale;
  auto editor = std::make_unique<Editor>(engine, keepHistory ? historyFile() : std::string());
  editor->history = ::history_init();
  editor->editor = ::el_init("tiercel", stdin, stdout, stderr);
  if (editor->history == nullptr || editor->editor == nullptr)
    return Error(ErrorKind::Environment, "standard input", "this terminal cannot be used for editing lines");
  EditLine* line = editor->editor;
  ::history(editor->history, &editor->event, H_SETSIZE, kRemembered);
  ::history(editor->history, &editor->event, H_SETUNIQUE, 1);
  editor->loadHistory();
  ::el_set(line, EL_CLIENTDATA, editor.get());
  ::el_set(line, EL_SIGNAL, 1);
  ::el_set(line, EL_EDITOR, "emacs");
  ::el_set(line, EL_HIST, ::history, editor->history);
  char* (*const prompt)(EditLine*) = [](EditLine* of) {
    static char whole[] = "tiercel> ";
    static char more[] = "    ...> ";
    return Editor::of(of).continued ? more : whole;
  };
  ::el_set(line, EL_PROMPT, prompt);
  unsigned char (*const complete)(EditLine*, int) = [](EditLine* of, int) {
    return Editor::of(of).complete();
  };
  ::el_set(line, EL_ADDFN, "tiercel-complete", "Complete the word", complete);
  ::el_set(line, EL_BIND, "^I", "tiercel-complete", nullptr);
  ::el_set(line, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  ::el_source(line, nullptr); // the user's ~/.editrc
  return std::unique_ptr<Prompt>(new Prompt(std::move(editor)));
}

std::optional<std::string> Prompt::next(bool continued) {
  const EditorLocale locale;
  std::fflush(stdout);
  editor_->continued = continued;
  int size = 0;
  const char* read = editor_->readLine(size);
  if (read == nullptr || size <= 0) {
    std::printf("\n"); // below the prompt
    std::fflush(stdout);
    return std::nullopt;
  }
  std::string line(read, static_cast<size_t>(size));
  if (line.ends_with('\n'))
    line.pop_back();
  if (line.find_first_not_of(" \t") != std::string::npos)
    editor_->remember(line);
  return line;
}

} // namespace tiercel::cli::session
