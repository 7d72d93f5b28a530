// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// CodeMemory from mmap: one mapping per object, code first, each section on pages of its own.
#include "tiercel/code_object.h"

#include "base/align.h"
#include "codemem/code_views.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <sys/mman.h>
#include <unistd.h>

namespace tiercel {

namespace {

uintptr_t pageSize() {
  static const auto size = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  return size;
}
uintptr_t number(const void* address) { return reinterpret_cast<uintptr_t>(address); }

/// Where everything is when the code begins at `code`.
struct Layout {
  Layout(uintptr_t codeAt, const SectionSizes& sizes)
      : code(codeAt),
        readOnly(alignUp(code + sizes.code.size, std::max(pageSize(), sizes.readOnly.alignment))),
        writable(alignUp(readOnly + sizes.readOnly.size, std::max(pageSize(), sizes.writable.alignment))),
        end(alignUp(writable + sizes.writable.size, pageSize())) {}

  uintptr_t begin() const { return alignDown(code, pageSize()); }
  Placement placement() const {
    const auto place = [](uintptr_t address) {
      auto* bytes = reinterpret_cast<std::byte*>(address);
      return SectionPlace{bytes, bytes};
    };
    return {place(code), place(readOnly), place(writable), nullptr};
  }

  uintptr_t code, readOnly, writable, end;
};

/// What every x86-64 system gives its programs; some give more, up to 2^56, to those that ask.
constexpr uintptr_t kUsualAddresses = uintptr_t(1) << 47;

class MappedMemory : public CodeMemory {
public:
  explicit MappedMemory(void* at) : at_(at) {}

  Result<Placement> allocate(const SectionSizes& sizes) override {
    return at_ ? allocateAt(sizes) : allocateAnywhere(sizes);
  }
  Status finish(const Placement& placement, const SectionSizes& sizes) override {
    const Layout layout(number(placement.code.run), sizes);
    const auto protect = [](uintptr_t from, uintptr_t to, int protection) {
      return from == to || mprotect(reinterpret_cast<void*>(from), to - from, protection) == 0;
    };
    if (!protect(layout.begin(), alignUp(layout.code + sizes.code.size, pageSize()), PROT_READ | PROT_EXEC) ||
        !protect(layout.readOnly, alignUp(layout.readOnly + sizes.readOnly.size, pageSize()), PROT_READ))
      return systemError("protecting code");
    return {};
  }
  void release(const Placement& placement, const SectionSizes& sizes) override {
    const Layout layout(number(placement.code.run), sizes);
    munmap(reinterpret_cast<void*>(layout.begin()), layout.end - layout.begin());
  }

private:
  Result<Placement> allocateAt(const SectionSizes& sizes) const {
    char name[32];
    snprintf(name, sizeof name, "%p", at_);
    const Layout layout(number(at_), sizes);
    if (layout.code % sizes.code.alignment != 0)
      return Error(ErrorKind::BadInput, name,
                   "code needs an address aligned to " + std::to_string(sizes.code.alignment));
    if (layout.end <= layout.begin())
      return Error(ErrorKind::BadInput, name, "the code would not end within the address space");
    void* begin = reinterpret_cast<void*>(layout.begin());
    void* mapped = mmap(begin, layout.end - layout.begin(), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (mapped == MAP_FAILED && errno == ENOMEM && layout.end >= kUsualAddresses)
      return Error(ErrorKind::BadInput, name, "programs cannot have memory there");
    if (mapped == MAP_FAILED && errno != EEXIST)
      return systemError(name);
    if (mapped == begin)
      return layout.placement();
    if (mapped != MAP_FAILED) // kernels before 4.17 take the address for a hint
      munmap(mapped, layout.end - layout.begin());
    return Error(ErrorKind::Environment, name, "something else is mapped there");
  }

  static Result<Placement> allocateAnywhere(const SectionSizes& sizes) {
    // Whatever the alignments, the layout fits behind an address that is aligned for the code.
    const uintptr_t codeAlignment = std::max(pageSize(), sizes.code.alignment);
    const size_t enough =
        Layout(codeAlignment, sizes).end + sizes.readOnly.alignment + sizes.writable.alignment;
    void* mapped = mmap(nullptr, enough, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED)
      return systemError("memory for code");
    const uintptr_t begin = number(mapped), end = alignUp(begin + enough, pageSize());
    const Layout layout(alignUp(begin, codeAlignment), sizes);
    if (layout.begin() != begin)
      munmap(mapped, layout.begin() - begin);
    if (layout.end != end)
      munmap(reinterpret_cast<void*>(layout.end), end - layout.end);
    return layout.placement();
  }

  void* const at_;
};

} // namespace

std::unique_ptr<CodeMemory> mappedCodeMemory(void* at) { return std::make_unique<MappedMemory>(at); }

} // namespace tiercel
