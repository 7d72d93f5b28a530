// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What objects and memory must be like to be linked; what becomes of the code is in
// engine/code_object_test.cpp.
#include "object/object_linker.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <unistd.h>

namespace tiercel {
namespace {

/// Addresses only: what uses it must be refused before anything is written.
class ImaginedMemory : public CodeMemory {
public:
  Result<Placement> allocate(const SectionSizes&) override {
    ++allocated;
    auto* const first = reinterpret_cast<std::byte*>(0x200000000000);
    const auto place = [&](ptrdiff_t offset) { return SectionPlace{first + offset, first + offset}; };
    return Placement{place(0), place(4096), place(writableAt)};
  }
  Status finish(const Placement&, const SectionSizes&) override { return {}; }
  void release(const Placement&, const SectionSizes&) override { ++released; }

  ptrdiff_t writableAt = 8192;
  int allocated = 0, released = 0;
};

std::string assembled(const std::string& text) {
  const std::string path = testing::TempDir() + std::to_string(getpid()) + "-linked.o";
  const std::string command = "echo '" + text + "' | clang-22 -x assembler -c -o " + path + " -";
  EXPECT_EQ(system(command.c_str()), 0) << command; // NOLINT(bugprone-command-processor): fixed commands
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  unlink(path.c_str());
  return bytes;
}

Error refusal(const std::string& text, CodeMemory& memory) {
  const std::string object = assembled(text);
  Result<LinkedCode> linked = linkCode(
      llvm::MemoryBufferRef(object, "object"), memory,
      [](llvm::StringRef, bool) { return std::optional<void*>(); },
      [](const LinkedCode&) { return Status(); });
  return linked ? Error(ErrorKind::Internal, "test", "it was linked") : linked.takeError();
}

TEST(ObjectLinker, PartsMustBeWithin2GiB) {
  const std::string codeAndData = "code: movl data(%rip), %eax; ret; .data; data: .long 1, 2";
  for (const ptrdiff_t writableAt : {ptrdiff_t(2) << 30, -(ptrdiff_t(2) << 30), ptrdiff_t(1) << 44}) {
    ImaginedMemory memory;
    memory.writableAt = writableAt;
    const Error error = refusal(codeAndData, memory);
    EXPECT_EQ(error.kind(), ErrorKind::BadInput);
    EXPECT_EQ(error.message(), "code memory: the sections' places are not within 2 GiB of each other");
    EXPECT_EQ(memory.released, 1);
  }
}

TEST(ObjectLinker, NothingIsExecutableAndWritable) {
  ImaginedMemory memory;
  const Error error = refusal(".section both, \"awx\", @progbits; code: ret", memory);
  EXPECT_EQ(error.kind(), ErrorKind::Unsupported);
  EXPECT_EQ(error.message(), "code object: it has sections that are executable and writable at once");
  EXPECT_EQ(memory.allocated, 0);
}

} // namespace
} // namespace tiercel
