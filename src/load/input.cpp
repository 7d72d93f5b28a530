// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "load/input.h"

#include "base/diagnostics.h"
#include "base/llvm_error.h"
#include "load/frontend.h"
#include "load/language.h"
#include "load/verify.h"

#include "llvm/AsmParser/Parser.h"
#include "llvm/BinaryFormat/Magic.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Object/Archive.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

namespace tiercel {

namespace {

std::unique_ptr<llvm::MemoryBuffer> serialise(const llvm::Module& module, const std::string& name) {
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::WriteBitcodeToFile(module, stream);
  return std::make_unique<llvm::SmallVectorMemoryBuffer>(std::move(bytes), name,
                                                         /*RequiresNullTerminator=*/false);
}

Result<Input> parseText(const llvm::MemoryBuffer& text, const std::string& name) {
  llvm::LLVMContext context;
  context.setDiagnosticHandler(std::make_unique<DiagnosticCollector>());
  llvm::SMDiagnostic diagnostic;
  std::unique_ptr<llvm::Module> module =
      llvm::parseAssembly(llvm::MemoryBufferRef(text.getBuffer(), name), diagnostic, context);
  if (!module) {
    const std::string where = name + ":" + std::to_string(diagnostic.getLineNo()) + ":" +
                              std::to_string(diagnostic.getColumnNo() + 1);
    return Error(ErrorKind::BadInput, where, diagnostic.getMessage().str());
  }
  return inputFromModule(*module, name);
}

/// Position-independent executables have the type of shared libraries. Some libraries can be started, too;
/// they have a name for the dynamic linker.
bool isExecutable(const llvm::object::ELF64LEFile& file) {
  bool marked = false, named = false;
  auto entries = file.dynamicEntries();
  if (!entries) {
    llvm::consumeError(entries.takeError());
    return false;
  }
  for (const auto& entry : *entries) {
    marked |= entry.getTag() == llvm::ELF::DT_FLAGS_1 && (entry.getVal() & llvm::ELF::DF_1_PIE) != 0;
    named |= entry.getTag() == llvm::ELF::DT_SONAME;
  }
  auto segments = file.program_headers();
  if (!segments) {
    llvm::consumeError(segments.takeError());
    return marked;
  }
  const bool started =
      llvm::any_of(*segments, [](const auto& segment) { return segment.p_type == llvm::ELF::PT_INTERP; });
  return marked || (started && !named);
}

/// Relocatable objects and shared libraries for this machine; anything else of ELF is refused.
Result<InputKind> classifyElf(const llvm::MemoryBuffer& bytes, const std::string& name) {
  llvm::Expected<std::unique_ptr<llvm::object::ObjectFile>> object =
      llvm::object::ObjectFile::createELFObjectFile(bytes.getMemBufferRef(), /*InitContent=*/false);
  if (!object)
    return fromLlvm(object.takeError(), ErrorKind::BadInput, name);
  const auto* elf = llvm::dyn_cast<llvm::object::ELF64LEObjectFile>(object->get());
  if (!elf || elf->getELFFile().getHeader().e_machine != llvm::ELF::EM_X86_64)
    return Error(ErrorKind::BadInput, name,
                 "it is for " + (*object)->getFileFormatName().str() + ", this machine runs elf64-x86-64");
  switch (elf->getELFFile().getHeader().e_type) {
  case llvm::ELF::ET_REL:
    return InputKind::Object;
  case llvm::ELF::ET_DYN:
    if (!isExecutable(elf->getELFFile()))
      return InputKind::SharedLibrary;
    [[fallthrough]];
  case llvm::ELF::ET_EXEC:
    return Error(ErrorKind::BadInput, name,
                 "it is an executable; give its bitcode: 'clang-22 -c -emit-llvm' makes it of a source, "
                 "'llvm-link-22' one of several, and the compiler wrapper 'wllvm' that of a whole build");
  default:
    return Error(ErrorKind::BadInput, name, "it is an ELF file, but no object and no shared library");
  }
}

bool looksLikeText(llvm::StringRef bytes) { return !bytes.take_front(4096).contains('\0'); }

/// IR that a script's first line may precede.
Result<Input> readIr(const llvm::MemoryBuffer& text, const std::string& name) {
  if (!text.getBuffer().starts_with("#!"))
    return parseText(text, name);
  const std::unique_ptr<llvm::WritableMemoryBuffer> copy =
      llvm::WritableMemoryBuffer::getNewUninitMemBuffer(text.getBufferSize(), name);
  llvm::copy(text.getBuffer(), copy->getBufferStart());
  copy->getBufferStart()[0] = ';'; // a comment, so that lines keep their numbers
  return parseText(*copy, name);
}

/// Binary files by what they contain, texts by their language.
Result<Input> inputFrom(std::unique_ptr<llvm::MemoryBuffer> bytes, const std::string& name,
                        const FrontendOptions& options, bool inFile) {
  const llvm::StringRef content = bytes->getBuffer();
  if (llvm::identify_magic(content) != llvm::file_magic::unknown || !looksLikeText(content))
    return classifyInput(std::move(bytes), name);
  const Result<llvm::StringRef> language = findLanguage(content, name, options.language);
  if (!language)
    return language.error();
  if (*language != kIrLanguage)
    return compile({content, name, *language, inFile}, options);
  return content.empty() ? classifyInput(std::move(bytes), name) : readIr(*bytes, name);
}

/// Whether the path leads to the same bytes for clang: neither a pipe, of which they come once, nor a
/// descriptor of this process.
bool canBeReadAgain(const std::string& path) {
  llvm::SmallString<128> folder;
  llvm::StringRef parent = llvm::sys::path::parent_path(path);
  if (!llvm::sys::fs::is_regular_file(path) ||
      llvm::sys::fs::real_path(parent.empty() ? "." : parent, folder))
    return false;
  folder += '/';
  return !folder.starts_with("/dev/") && !folder.starts_with("/proc/");
}

} // namespace

Result<Input> inputFromModule(const llvm::Module& module, const std::string& name) {
  if (Status status = verify(module, name); !status)
    return status.takeError();
  return Input{InputKind::Bitcode, name, serialise(module, name), /*verified=*/true};
}

Result<Input> classifyInput(std::unique_ptr<llvm::MemoryBuffer> bytes, const std::string& name) {
  const llvm::StringRef content = bytes->getBuffer();
  if (content.empty())
    return Error(ErrorKind::BadInput, name, "the file is empty");
  switch (llvm::identify_magic(content)) {
  case llvm::file_magic::bitcode:
    return Input{InputKind::Bitcode, name, std::move(bytes)};
  case llvm::file_magic::archive:
    return Input{InputKind::Archive, name, std::move(bytes)};
  case llvm::file_magic::elf:
  case llvm::file_magic::elf_relocatable:
  case llvm::file_magic::elf_executable:
  case llvm::file_magic::elf_shared_object:
  case llvm::file_magic::elf_core: {
    Result<InputKind> kind = classifyElf(*bytes, name);
    if (!kind)
      return kind.takeError();
    return Input{*kind, name, std::move(bytes)};
  }
  default:
    if (looksLikeText(content))
      return parseText(*bytes, name);
    return Error(
        ErrorKind::BadInput, name,
        "it is neither bitcode, textual IR, C or C++ source, an ELF object, an archive nor a shared library");
  }
}

Result<Input> readInput(const std::string& path, const FrontendOptions& options) {
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> bytes =
      llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/true);
  if (!bytes)
    return Error(ErrorKind::BadInput, path, "cannot read it: " + bytes.getError().message());
  return inputFrom(std::move(*bytes), path, options, /*inFile=*/canBeReadAgain(path));
}

Result<Input> readSource(const Source& source, const FrontendOptions& options) {
  if (!source.inMemory)
    return readInput(source.name, options);
  Result<Input> input = inputFrom(llvm::MemoryBuffer::getMemBufferCopy(source.bytes, source.name),
                                  source.name, options, /*inFile=*/false);
  if (input && input->kind == InputKind::SharedLibrary)
    return Error(ErrorKind::BadInput, source.name, "a shared library can only be loaded from a file");
  return input;
}

Result<std::vector<ArchiveMember>> readArchive(const Input& input) {
  llvm::Expected<std::unique_ptr<llvm::object::Archive>> archive =
      llvm::object::Archive::create(input.bytes->getMemBufferRef());
  if (!archive)
    return fromLlvm(archive.takeError(), ErrorKind::BadInput, input.name);

  std::vector<ArchiveMember> members;
  llvm::DenseMap<uint64_t, size_t> byOffset;
  for (const llvm::object::Archive::Symbol& symbol : (*archive)->symbols()) {
    llvm::Expected<llvm::object::Archive::Child> child = symbol.getMember();
    if (!child)
      return fromLlvm(child.takeError(), ErrorKind::BadInput, input.name);
    auto [place, isNew] = byOffset.try_emplace(child->getChildOffset(), members.size());
    if (isNew) {
      llvm::Expected<llvm::MemoryBufferRef> bytes = child->getMemoryBufferRef();
      if (!bytes)
        return fromLlvm(bytes.takeError(), ErrorKind::BadInput, input.name);
      const std::string name = input.name + "(" + bytes->getBufferIdentifier().str() + ")";
      // Members of an archive are 2-byte aligned; readers want 8.
      Result<Input> member =
          classifyInput(llvm::MemoryBuffer::getMemBufferCopy(bytes->getBuffer(), name), name);
      if (!member)
        return member.takeError();
      members.push_back({std::move(*member), {}});
    }
    members[place->second].defines.push_back(symbol.getName().str());
  }
  if (members.empty() && !(*archive)->isEmpty())
    return Error(ErrorKind::BadInput, input.name, "the archive has no symbol table; run ranlib on it");
  return members;
}

} // namespace tiercel
