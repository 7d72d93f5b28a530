// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "session_terminal.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <iterator>
#include <termios.h>
#include <unistd.h>

namespace tiercel::cli::session {

namespace {

struct Fatal {
  int signal;
  /// The process ends even if the program has a handler, or nearly always.
  bool crash;
};

/// Those that end a process that does not handle them. libedit has handlers of its own for the first four,
/// but only from its first look at the keyboard on.
constexpr Fatal kFatal[] = {
    {SIGHUP, false},  {SIGINT, false},  {SIGQUIT, false}, {SIGTERM, false}, {SIGSEGV, true},
    {SIGBUS, true},   {SIGILL, true},   {SIGFPE, true},   {SIGABRT, true},  {SIGTRAP, true},
    {SIGSYS, true},   {SIGPIPE, false}, {SIGALRM, false}, {SIGUSR1, false}, {SIGUSR2, false},
    {SIGXCPU, false}, {SIGXFSZ, false}, {SIGPROF, false}, {SIGPOLL, false}, {SIGVTALRM, false},
};

struct Kept {
  bool ours = false;   ///< our handler was installed for this line
  bool shared = false; ///< the program's handler may know ours as the one before it
  struct sigaction before = {};
};

// Plain data: handlers read it in the middle of anything.
Kept kept[std::size(kFatal)];
termios asItWas;
pid_t process = 0; ///< its children have the handlers, but the line is not theirs
std::atomic<bool> inUse = false;
static_assert(std::atomic<bool>::is_always_lock_free);

/// A process in the background would change what the one in the foreground uses.
bool inForeground() { return ::tcgetpgrp(STDIN_FILENO) == ::getpgrp(); }

bool holdsTerminal() { return inUse && ::getpid() == process && inForeground(); }

bool isFunction(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) != 0 ||
         (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN);
}

void onSignal(int signal, siginfo_t* info, void* context);

bool isOurs(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == onSignal;
}

bool isOursFor(int signal) {
  struct sigaction now;
  return ::sigaction(signal, nullptr, &now) == 0 && isOurs(now);
}

/// To the handler that the program has, which may well let it live on: then the line is edited on, unless the
/// next such signal ends the process.
void passOn(Kept& keep, int signal, siginfo_t* info, void* context) {
  const struct sigaction to = keep.before;
  if ((to.sa_flags & SA_RESETHAND) != 0)
    keep.before = {};
  termios edited;
  const bool again = holdsTerminal() && ::tcgetattr(STDIN_FILENO, &edited) == 0;
  giveTerminalBack();
  if ((to.sa_flags & SA_SIGINFO) != 0)
    to.sa_sigaction(signal, info, context);
  else
    to.sa_handler(signal);
  if (again && holdsTerminal() && isOursFor(signal))
    ::tcsetattr(STDIN_FILENO, TCSANOW, &edited);
}

void onSignal(int signal, siginfo_t* info, void* context) {
  const int saved = errno;
  size_t i = 0;
  while (kFatal[i].signal != signal)
    ++i;
  if (isFunction(kept[i].before)) {
    passOn(kept[i], signal, info, context);
  } else {
    giveTerminalBack();
    ::sigaction(signal, &kept[i].before, nullptr);
    ::raise(signal); // comes when this handler has returned
  }
  errno = saved;
}

/// In place of the default, or around the program's handler. Not around one that may end in ours: that would
/// be a circle.
void install(Kept& keep, const Fatal& fatal) {
  struct sigaction now;
  ::sigaction(fatal.signal, nullptr, &now);
  keep.ours = isOurs(now) || (isFunction(now) ? fatal.crash && !keep.shared : now.sa_handler == SIG_DFL);
  if (!keep.ours || isOurs(now))
    return;
  keep.before = now;
  now.sa_flags = (now.sa_flags & ~SA_RESETHAND) | SA_SIGINFO | SA_ONSTACK;
  now.sa_sigaction = onSignal;
  ::sigaction(fatal.signal, &now, nullptr);
}

/// Unless the program has put a handler in its place meanwhile.
void uninstall(Kept& keep, const Fatal& fatal) {
  struct sigaction now;
  ::sigaction(fatal.signal, nullptr, &now);
  if (!keep.ours)
    return;
  if (isOurs(now))
    ::sigaction(fatal.signal, &keep.before, nullptr);
  else
    keep.shared = true;
}

void handleExits() {
  process = ::getpid();
  // Not atexit, which no_static_destructors.cpp turns off.
  ::on_exit([](int, void*) { giveTerminalBack(); }, nullptr);
  ::at_quick_exit([] { giveTerminalBack(); });
}

} // namespace

TerminalInUse::TerminalInUse() {
  if (process == 0)
    handleExits();
  // Now rather than when the session began: the program may have set it up since.
  inUse = ::tcgetattr(STDIN_FILENO, &asItWas) == 0;
  for (size_t i = 0; i < std::size(kFatal); ++i)
    install(kept[i], kFatal[i]);
}

/// Also when the program cancels the thread while it reads.
TerminalInUse::~TerminalInUse() {
  for (size_t i = 0; i < std::size(kFatal); ++i)
    uninstall(kept[i], kFatal[i]);
  giveTerminalBack();
  inUse = false;
}

void giveTerminalBack() {
  if (holdsTerminal())
    ::tcsetattr(STDIN_FILENO, TCSANOW, &asItWas);
}

} // namespace tiercel::cli::session
