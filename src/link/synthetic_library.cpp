// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "link/synthetic_library.h"

#include "base/align.h"
#include "link/elf_header.h"
#include "link/thread_blocks.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <dlfcn.h>
#include <link.h>
#include <string_view>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tiercel {

namespace {

constexpr size_t kPage = 4096;

/// The beginning of the file. Behind it come the symbols, their hash table, the strings, the program headers
/// and the thread-locals' initial bytes. One segment maps it all, read-only, so that offsets in the file are
/// also offsets in memory.
struct Front {
  Elf64_Ehdr header;
  Elf64_Dyn dynamic[10];
};

/// For unwinders: an index of frame descriptions without entries, and the list of them, which ends at once.
struct NoFrames {
  uint8_t version = 1;
  uint8_t listEncoding = 0x1b;  // DW_EH_PE_pcrel | DW_EH_PE_sdata4
  uint8_t countEncoding = 0x03; // DW_EH_PE_udata4
  uint8_t entryEncoding = 0x3b; // DW_EH_PE_datarel | DW_EH_PE_sdata4
  int32_t list = 8;             // from here to `terminator`
  uint32_t count = 0;
  uint32_t terminator = 0;
};

class StringTable {
public:
  Elf64_Word add(std::string_view string) {
    const size_t offset = bytes_.size();
    bytes_.append(string).push_back('\0');
    return static_cast<Elf64_Word>(offset);
  }
  const std::string& bytes() const { return bytes_; }

private:
  std::string bytes_ = std::string(1, '\0'); ///< offset 0 is the empty string
};

/// The file but for the thread-locals.
class Image {
public:
  Image() : bytes_(sizeof(Front)) {}

  /// Returns the offset of the first item.
  template <typename T> size_t append(std::span<const T> items) {
    const size_t offset = alignUp(bytes_.size(), alignof(T));
    bytes_.resize(offset);
    const std::span<const std::byte> raw = std::as_bytes(items);
    bytes_.insert(bytes_.end(), raw.begin(), raw.end());
    return offset;
  }
  /// In place of what was appended there.
  template <typename T> void write(size_t offset, std::span<const T> items) {
    memcpy(bytes_.data() + offset, items.data(), items.size_bytes());
  }
  const std::vector<std::byte>& bytes() const { return bytes_; }

private:
  std::vector<std::byte> bytes_;
};

/// The hash function of DT_HASH, as the System V ABI gives it.
uint32_t hashOf(std::string_view name) {
  uint32_t hash = 0;
  for (unsigned char byte : name) {
    hash = (hash << 4) + byte;
    const uint32_t high = hash & 0xf0000000;
    hash = (hash ^ (high >> 24)) & ~high;
  }
  return hash;
}

/// DT_HASH: the number of buckets, the number of symbols, the first symbol of each bucket, and for each
/// symbol the next one in its bucket. Symbol 0, the null symbol, ends a chain. About one export per bucket.
std::vector<uint32_t> hashTable(std::span<const ExportedSymbol> exports) {
  const auto buckets = static_cast<uint32_t>(std::max<size_t>(exports.size(), 1));
  const auto symbols = static_cast<uint32_t>(exports.size() + 1);
  std::vector<uint32_t> table(2 + size_t(buckets) + symbols);
  table[0] = buckets;
  table[1] = symbols;
  uint32_t* const first = &table[2];
  uint32_t* const next = first + buckets;
  for (uint32_t symbol = 1; symbol < symbols; ++symbol) {
    uint32_t& head = first[hashOf(exports[symbol - 1].name) % buckets];
    next[symbol] = head;
    head = symbol;
  }
  return table;
}

std::vector<Elf64_Sym> symbolTable(std::span<const ExportedSymbol> exports, StringTable& strings) {
  std::vector<Elf64_Sym> symbols(1); // the null symbol
  symbols.reserve(exports.size() + 1);
  for (const ExportedSymbol& exported : exports) {
    Elf64_Sym symbol{};
    symbol.st_name = strings.add(exported.name);
    symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, exported.threadLocal  ? STT_TLS
                                               : exported.isFunction ? STT_FUNC
                                                                     : STT_OBJECT);
    symbol.st_other = STV_DEFAULT;
    symbol.st_shndx = SHN_ABS; // glibc then leaves out the load base
    symbol.st_value = exported.threadLocal.value_or(reinterpret_cast<Elf64_Addr>(exported.address));
    symbols.push_back(symbol);
  }
  return symbols;
}

Elf64_Phdr segment(Elf64_Word type, Elf64_Word flags, size_t offset, size_t fileSize, size_t memorySize,
                   size_t alignment) {
  Elf64_Phdr header{};
  header.p_type = type;
  header.p_flags = flags;
  header.p_offset = offset;
  header.p_filesz = fileSize;
  header.p_memsz = memorySize;
  header.p_align = alignment;
  return header;
}

/// Offsets in the file.
struct Places {
  size_t begin = 0;    ///< the address of the first byte, relative to the load base
  size_t thread = 0;   ///< where the initial bytes of the thread-locals will be written
  size_t distance = 0; ///< where the loader will write how far they are from the thread pointer
  size_t segments = 0; ///< the program headers that are left to the caller, and what is reserved
  size_t reserved = 0;
};

/// The loader's choice of addresses is not known yet, but it is of the same order as the other.
size_t beginBelow(const void* address, size_t alignment) {
  return alignDown(reinterpret_cast<uintptr_t>(address) / 2, std::max(alignment, kPage));
}

/// A relocation that only a static block can fulfil has the loader make it one.
void relocate(Image& image, Front& front, Places& places) {
  constexpr uint64_t kEmpty = 0;
  places.distance = image.append<uint64_t>({&kEmpty, 1});
  // Of the null symbol, which is the library's own.
  const Elf64_Rela relocation{places.begin + places.distance, ELF64_R_INFO(0, R_X86_64_TPOFF64), 0};
  const size_t table = image.append<Elf64_Rela>({&relocation, 1});
  front.dynamic[6] = {DT_RELA, {places.begin + table}};
  front.dynamic[7] = {DT_RELASZ, {sizeof relocation}};
  front.dynamic[8] = {DT_RELAENT, {sizeof relocation}};
}

Image makeImage(const std::string& soname, std::span<const ExportedSymbol> exports,
                const ThreadTemplate* thread, const SpareSegments* spare, Places& places) {
  Image image;
  StringTable strings;
  const Elf64_Word ownName = strings.add(soname);
  const size_t symbols = image.append<Elf64_Sym>(symbolTable(exports, strings));
  const size_t hash = image.append<uint32_t>(hashTable(exports));
  const size_t names = image.append<char>(strings.bytes());

  Front front{};
  if (spare && spare->above)
    places.begin = beginBelow(spare->above, thread ? thread->alignment : 1);
  const bool isStatic = thread && thread->isStatic;
  if (isStatic)
    relocate(image, front, places);

  std::vector<Elf64_Phdr> segments(1); // the first follows when the size is known
  segments.push_back(segment(PT_DYNAMIC, PF_R, offsetof(Front, dynamic), sizeof(front.dynamic),
                             sizeof(front.dynamic), alignof(Elf64_Dyn)));
  // Without it glibc would make every thread's stack executable.
  segments.push_back(segment(PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 16));
  if (spare && spare->addresses > 0) {
    const NoFrames frames;
    const size_t index = image.append<NoFrames>({&frames, 1});
    segments.push_back(
        segment(PT_GNU_EH_FRAME, PF_R, index, sizeof frames, sizeof frames, alignof(NoFrames)));
  }
  const size_t ownSegments = segments.size() + (thread ? 1 : 0);
  const size_t allSegments = ownSegments + (spare ? spare->headers : 0);
  const size_t table = image.append<Elf64_Phdr>(std::vector<Elf64_Phdr>(allSegments));
  places.segments = table + ownSegments * sizeof(Elf64_Phdr);

  // A block is to lie at an address that equals this one modulo the alignment.
  places.thread = thread ? alignUp(image.bytes().size(), thread->alignment) : 0;
  const size_t initialSize = thread ? thread->initial.size() : 0;
  const size_t mapped = initialSize ? places.thread + initialSize : image.bytes().size();
  segments[0] = segment(PT_LOAD, isStatic ? PF_R | PF_W : PF_R, 0, mapped, mapped, kPage);
  if (thread)
    segments.push_back(segment(PT_TLS, PF_R, places.thread, initialSize, thread->size, thread->alignment));
  if (spare && spare->addresses > 0) {
    places.reserved = alignUp(mapped, kPage);
    segments.push_back(segment(PT_LOAD, 0, places.reserved, 0, spare->addresses, kPage));
  }
  for (Elf64_Phdr& each : segments)
    each.p_vaddr = each.p_paddr = places.begin + each.p_offset;
  image.write<Elf64_Phdr>(table, segments);

  front.header = elfHeader();
  front.header.e_phoff = table;
  front.header.e_phnum = static_cast<Elf64_Half>(allSegments);
  front.dynamic[0] = {DT_SONAME, {ownName}};
  front.dynamic[1] = {DT_HASH, {places.begin + hash}};
  front.dynamic[2] = {DT_SYMTAB, {places.begin + symbols}};
  front.dynamic[3] = {DT_SYMENT, {sizeof(Elf64_Sym)}};
  front.dynamic[4] = {DT_STRTAB, {places.begin + names}};
  front.dynamic[5] = {DT_STRSZ, {strings.bytes().size()}};
  static_assert(DT_NULL == 0, "what is left of the table ends it");
  image.write<Front>(0, {&front, 1});
  return image;
}

/// Leaves the program headers behind the library's own to the caller. The first of them may have reserved the
/// addresses, of which the loader has made a note.
Status handOver(SyntheticLibrary& library, const Places& places, const SpareSegments& spare) {
  auto* const file = reinterpret_cast<std::byte*>(library.loadBase + places.begin);
  library.segments = {reinterpret_cast<ProgramHeader*>(file + places.segments), spare.headers};
  const size_t begin = alignDown(places.segments, kPage);
  const size_t end = alignUp(places.segments + library.segments.size_bytes(), kPage);
  if (mprotect(file + begin, end - begin, PROT_READ | PROT_WRITE) != 0)
    return Error(ErrorKind::Environment, "program headers", strerror(errno));
  if (spare.addresses > 0) {
    library.segments.front() = {};
    library.reserved = file + places.reserved;
  }
  return {};
}

/// In the file a name ends at its first NUL byte, and would be another name.
Status checkName(const std::string& name) {
  if (const size_t nul = name.find('\0'); nul != name.npos)
    return Error(ErrorKind::BadInput, name.substr(0, nul),
                 "this name of a library or symbol goes on with a NUL byte");
  return {};
}

/// A file in memory, closed at the end of its scope: what is mapped of it stays.
class MemoryFile {
public:
  MemoryFile() : descriptor_(memfd_create("tiercel-library", MFD_CLOEXEC)) {}
  ~MemoryFile() {
    if (descriptor_ >= 0)
      close(descriptor_);
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  bool isOpen() const { return descriptor_ >= 0; }

  /// False with errno set when the system refuses.
  bool write(std::span<const std::byte> bytes, size_t offset) {
    while (!bytes.empty()) {
      const ssize_t written = pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (written < 0 && errno == EINTR)
        continue;
      if (written < 0)
        return false;
      bytes = bytes.subspan(static_cast<size_t>(written));
      offset += static_cast<size_t>(written);
    }
    return true;
  }

  /// A path to this file; empty with errno set when the system refuses. It becomes the library's name for
  /// good, long after this descriptor is closed and its number used for something else. So it must mean no
  /// other file later:
  ///
  /// Not in this process: glibc answers a path that it knows with the library that it loaded from there. So
  /// the inode number, which glibc tells files apart by anyway, is spelled into the path with steps that lead
  /// nowhere: "./" for each binary 1 and "/" for each 0.
  ///
  /// Not in others: a debugger opens the libraries of its target by name, and would wait for ever if the
  /// descriptor of this number is a pipe of its own. So the path leads through our thread, which /proc/self
  /// has in this process only. (And not through /proc/self/fd, which is gone when the main thread has ended.)
  std::string path() const {
    char thread[64]; // "PROCESS/task/THREAD"
    const ssize_t length = readlink("/proc/thread-self", thread, sizeof(thread));
    struct stat status;
    if (length < 0 || fstat(descriptor_, &status) != 0)
      return {};
    std::string path(thread, static_cast<size_t>(length));
    path.replace(0, path.find('/'), "/proc/self");
    path += "/fd/";
    for (ino_t rest = status.st_ino; rest != 0; rest >>= 1)
      path += rest & 1 ? "./" : "/";
    return path + std::to_string(descriptor_);
  }

private:
  int descriptor_;
};

/// What the loader says of the last failure. It begins with the path, which tells nobody anything.
Error loaderError(const std::string& soname, const std::string& path) {
  const char* text = dlerror();
  std::string_view why = text ? text : "";
  if (why.starts_with(path + ": "))
    why.remove_prefix(path.size() + 2);
  return Error(ErrorKind::Environment, "loading " + soname, std::string(why));
}

} // namespace

Result<SyntheticLibrary> loadSyntheticLibrary(const std::string& soname,
                                              std::span<const ExportedSymbol> exports,
                                              const ThreadTemplate* thread, bool global,
                                              const SpareSegments* spare) {
  assert(!spare || spare->headers > 0);
  assert(!thread || (std::has_single_bit(thread->alignment) && thread->initial.size() <= thread->size));
  if (Status status = checkName(soname); !status)
    return status.takeError();
  for (const ExportedSymbol& exported : exports) {
    if (Status status = checkName(exported.name); !status)
      return status.takeError();
  }

  const auto systemError = [&] {
    return Error(ErrorKind::Environment, "memory file for " + soname, strerror(errno));
  };
  Places places;
  const Image image = makeImage(soname, exports, thread, spare, places);
  MemoryFile file;
  if (!file.isOpen() || !file.write(image.bytes(), 0) ||
      (thread && !file.write(thread->initial, places.thread)))
    return systemError();
  const std::string path = file.path();
  if (path.empty())
    return systemError();

  SyntheticLibrary library;
  library.handle = dlopen(path.c_str(), RTLD_NOW | (global ? RTLD_GLOBAL : RTLD_LOCAL));
  if (!library.handle || (thread && dlinfo(library.handle, RTLD_DI_TLS_MODID, &library.tlsModule) != 0))
    return loaderError(soname, path);
  link_map* map = nullptr;
  if (dlinfo(library.handle, RTLD_DI_LINKMAP, static_cast<void*>(&map)) != 0)
    return loaderError(soname, path);
  library.loadBase = map->l_addr;
  if (thread && thread->isStatic) {
    int64_t distance;
    memcpy(&distance, reinterpret_cast<const std::byte*>(map->l_addr + places.begin) + places.distance,
           sizeof distance);
    library.distance = distance;
  } else if (library.tlsModule != 0) {
    ThreadBlocks::add(library.tlsModule);
  }
  if (spare) {
    if (Status status = handOver(library, places, *spare); !status) {
      closeSyntheticLibrary(library.handle);
      return status.takeError();
    }
  }
  return library;
}

void closeSyntheticLibrary(void* handle) {
  size_t tlsModule = 0;
  if (dlinfo(handle, RTLD_DI_TLS_MODID, &tlsModule) == 0 && tlsModule != 0)
    ThreadBlocks::remove(tlsModule);
  dlclose(handle);
}

Status makeGlobal(void* handle) {
  link_map* library = nullptr;
  void* again = dlinfo(handle, RTLD_DI_LINKMAP, static_cast<void*>(&library)) == 0
                    ? dlopen(library->l_name, RTLD_NOW | RTLD_NOLOAD | RTLD_GLOBAL)
                    : nullptr;
  if (!again)
    return Error(ErrorKind::Environment, "showing thread-locals to libraries", dlerror());
  dlclose(again); // it counts once more
  return {};
}

} // namespace tiercel
