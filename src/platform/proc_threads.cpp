// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "platform/proc_threads.h"

#include "platform/raw_syscall.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <unistd.h>

namespace tiercel {

namespace {

/// A status file has lists of processors and memory nodes, long on large machines.
constexpr size_t kMostText = 16384;

/// By system call, as libc's functions for files and folders are for its own threads, and allocate. -1 with
/// errno set when it fails.
int openForReading(const char* path) {
  const long file = rawSyscall(SYS_openat, AT_FDCWD, reinterpret_cast<long>(path), O_RDONLY | O_CLOEXEC);
  if (file >= 0)
    return static_cast<int>(file);
  errno = static_cast<int>(-file);
  return -1;
}

/// Takes a number off the front of `text`, after spaces. False if there is none.
template <typename T> bool takeNumber(std::string_view& text, T& value, int base) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc())
    return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return true;
}

bool takeAddress(std::string_view& text, uintptr_t& value) {
  while (!text.empty() && text.front() == ' ')
    text.remove_prefix(1);
  if (!text.starts_with("0x"))
    return false;
  text.remove_prefix(2);
  return takeNumber(text, value, 16);
}

/// The value after `name` in text of lines "NAME:\tVALUE".
bool findField(std::string_view text, std::string_view name, int base, uint64_t& value) {
  const size_t at = text.find(name);
  if (at == std::string_view::npos)
    return false;
  text.remove_prefix(at + name.size());
  return takeNumber(text, value, base);
}

/// Reads a file of one thread as far as `buffer` goes. A thread that ended has no folder any more, or one
/// whose files answer ESRCH.
ProcRead readThreadFile(pid_t thread, const char* name, std::array<char, kMostText>& buffer,
                        std::string_view& text) {
  std::array<char, 64> path;
  snprintf(path.data(), path.size(), "/proc/self/task/%d/%s", thread, name);
  const int file = openForReading(path.data());
  if (file < 0)
    return errno == ENOENT || errno == ESRCH ? ProcRead::Gone : ProcRead::Failed;
  size_t size = 0;
  ssize_t count = 0;
  while (size < buffer.size() && (count = read(file, buffer.data() + size, buffer.size() - size)) > 0)
    size += static_cast<size_t>(count);
  const int error = errno;
  close(file);
  if (count < 0)
    return error == ESRCH ? ProcRead::Gone : ProcRead::Failed;
  text = {buffer.data(), size};
  return ProcRead::Ok;
}

/// One line of maps: "BEGIN-END PERMISSIONS OFFSET DEVICE INODE NAME".
bool parseMapping(std::string_view line, Mapping& mapping) {
  if (!takeNumber(line, mapping.begin, 16) || !line.starts_with('-'))
    return false;
  line.remove_prefix(1);
  if (!takeNumber(line, mapping.end, 16))
    return false;
  mapping.isMainStack = line.ends_with("[stack]");
  return true;
}

} // namespace

std::vector<pid_t> threadsOfProcess() {
  std::vector<pid_t> threads;
  const int folder = openForReading("/proc/self/task");
  if (folder < 0)
    return threads;
  // getdents64(2): entries of various lengths.
  struct Entry {
    uint64_t inode;
    int64_t next;
    uint16_t length;
    uint8_t type;
    char name[1];
  };
  alignas(Entry) std::array<char, 4096> buffer;
  for (long count; (count = rawSyscall(SYS_getdents64, folder, reinterpret_cast<long>(buffer.data()),
                                       buffer.size())) > 0;) {
    for (long at = 0; at < count;) {
      const auto* entry = reinterpret_cast<const Entry*>(buffer.data() + at);
      const std::string_view name = entry->name;
      pid_t thread = 0;
      if (std::from_chars(name.data(), name.data() + name.size(), thread).ec == std::errc())
        threads.push_back(thread);
      at += entry->length;
    }
  }
  close(folder);
  std::sort(threads.begin(), threads.end());
  return threads;
}

ProcRead readStatus(pid_t thread, ThreadStatus& status) {
  std::array<char, kMostText> buffer;
  std::string_view text;
  if (const ProcRead read = readThreadFile(thread, "status", buffer, text); read != ProcRead::Ok)
    return read;
  const bool found = findField(text, "\nSigBlk:", 16, status.blockedSignals) &&
                     findField(text, "\nvoluntary_ctxt_switches:", 10, status.voluntarySwitches);
  return found ? ProcRead::Ok : ProcRead::Failed;
}

ProcRead readCall(pid_t thread, ThreadCall& call) {
  std::array<char, kMostText> buffer;
  std::string_view text;
  call = {};
  if (const ProcRead read = readThreadFile(thread, "syscall", buffer, text); read != ProcRead::Ok)
    return read;
  if (text.starts_with("running"))
    return ProcRead::Ok;
  if (!takeNumber(text, call.number, 10))
    return ProcRead::Failed;
  if (call.number >= 0)
    for (uintptr_t& argument : call.arguments)
      if (!takeAddress(text, argument))
        return ProcRead::Failed;
  if (!takeAddress(text, call.sp) || !takeAddress(text, call.pc))
    return ProcRead::Failed;
  call.waiting = true;
  return ProcRead::Ok;
}

bool isUntouched(uintptr_t begin, size_t size) {
  constexpr uintptr_t kPage = 4096;
  constexpr uint64_t kPresentOrSwapped = uint64_t(3) << 62; // proc_pid_pagemap(5)
  const int file = openForReading("/proc/thread-self/pagemap");
  if (file < 0)
    return false;
  std::vector<uint64_t> pages(size / kPage);
  const size_t bytes = pages.size() * sizeof pages[0];
  const bool read = pread(file, pages.data(), bytes, static_cast<off_t>(begin / kPage * sizeof pages[0])) ==
                    static_cast<ssize_t>(bytes);
  close(file);
  return read && std::none_of(pages.begin(), pages.end(),
                              [](uint64_t page) { return (page & kPresentOrSwapped) != 0; });
}

std::vector<Mapping> mappingsOfProcess() {
  std::vector<Mapping> mappings;
  // Not /proc/self: that is the main thread, which has no memory any more once it has ended.
  const int file = openForReading("/proc/thread-self/maps");
  if (file < 0)
    return mappings;
  std::string text;
  std::array<char, 16384> buffer;
  for (ssize_t count; (count = read(file, buffer.data(), buffer.size())) > 0;)
    text.append(buffer.data(), static_cast<size_t>(count));
  close(file);
  for (std::string_view rest = text; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size() - 1);
    Mapping mapping;
    if (parseMapping(rest.substr(0, end), mapping))
      mappings.push_back(mapping);
    rest.remove_prefix(end + 1);
  }
  return mappings;
}

} // namespace tiercel
