// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Defaults of sanitizer builds, of the command and the unit tests; an environment variable of the sanitizer's
// overrides them.
//  - LLVM's headers poison memory in our instrumented code and not in LLVM's own archives, which would look
//    like errors: allow_user_poisoning=0.
//  - Signals are the program's: no handlers, no alternate stacks.
//  - A child of a process with threads starts threads of its own: die_after_fork=0.
//  - The command does not tear down, so what is still allocated at exit is no leak.
#if __has_feature(address_sanitizer)
extern "C" __attribute__((used, visibility("default"))) const char* __asan_default_options() {
  return "allow_user_poisoning=0:detect_leaks=0:use_sigaltstack=0:handle_segv=0:handle_sigbus=0:handle_abort="
         "0:"
         "handle_sigill=0:handle_sigfpe=0:detect_stack_use_after_return=0";
}
extern "C" __attribute__((used, visibility("default"))) const char* __ubsan_default_options() {
  return "print_stacktrace=1";
}
#endif
#if __has_feature(thread_sanitizer)
extern "C" __attribute__((used, visibility("default"))) const char* __tsan_default_options() {
  return "handle_segv=0:handle_sigbus=0:handle_abort=0:handle_sigill=0:handle_sigfpe=0:report_signal_unsafe="
         "0:die_after_fork=0";
}
#endif
