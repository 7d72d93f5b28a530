// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "link/object_checks.h"

#include "base/llvm_error.h"

#include "llvm/Object/ELF.h"

#include <string>

namespace tiercel {

namespace {

using Elf = llvm::object::ELF64LEFile;

class ObjectCheck {
public:
  ObjectCheck(const Elf& file, std::string name) : file_(file), name_(std::move(name)) {}

  llvm::Error run() {
    auto sections = file_.sections();
    if (!sections)
      return sections.takeError();
    for (const auto& section : *sections) {
      auto name = file_.getSectionName(section);
      if (!name)
        return name.takeError();
      if (*name == ".note.GNU-stack" && (section.sh_flags & llvm::ELF::SHF_EXECINSTR))
        refuse("it asks for an executable stack, as gcc does for nested functions whose address is taken; "
               "give the function what it uses by a parameter, or assemble with --noexecstack what does not "
               "need it");
      if (section.sh_type != llvm::ELF::SHT_RELA)
        continue;
      auto target = file_.getSection(section.sh_info);
      if (!target)
        return target.takeError();
      if (!((*target)->sh_flags & llvm::ELF::SHF_ALLOC))
        continue; // debug information
      if (llvm::Error error = checkRelocations(section))
        return error;
    }
    return llvm::Error::success();
  }

  Status takeResult() { return std::move(result_); }

private:
  void refuse(std::string why) {
    if (result_)
      result_ = Error(ErrorKind::Unsupported, name_, std::move(why));
  }

  llvm::Error checkRelocations(const Elf::Elf_Shdr& section) {
    auto relocations = file_.relas(section);
    if (!relocations)
      return relocations.takeError();
    auto table = file_.getSection(section.sh_link);
    if (!table)
      return table.takeError();
    for (const auto& relocation : *relocations) {
      auto symbol = file_.getRelocationSymbol(relocation, *table);
      if (!symbol)
        return symbol.takeError();
      if (*symbol && (*symbol)->st_shndx == llvm::ELF::SHN_ABS)
        continue;
      switch (relocation.getType(/*isMips64EL=*/false)) {
      case llvm::ELF::R_X86_64_8:
      case llvm::ELF::R_X86_64_16:
      case llvm::ELF::R_X86_64_32:
      case llvm::ELF::R_X86_64_32S: {
        auto what = nameOf(*symbol, **table);
        if (!what)
          return what.takeError();
        refuse("it has the address of " + *what +
               " in 32 bits, so it is for the lowest 2 GiB only; compile it with -fPIC, or give its bitcode");
        break;
      }
      case llvm::ELF::R_X86_64_GOTPC32_TLSDESC:
      case llvm::ELF::R_X86_64_TLSDESC_CALL:
        refuse(
            "it uses descriptors of thread-locals; compile it with -mtls-dialect=gnu, or give its bitcode");
        break;
      case llvm::ELF::R_X86_64_TPOFF64:
      case llvm::ELF::R_X86_64_DTPOFF64:
        refuse("it has the place of a thread-local in 64 bits; compile it with -mcmodel=small, or give its "
               "bitcode");
        break;
      default:
        break;
      }
    }
    return llvm::Error::success();
  }

  llvm::Expected<std::string> nameOf(const Elf::Elf_Sym* symbol, const Elf::Elf_Shdr& table) {
    if (!symbol)
      return std::string("nothing");
    if (symbol->getType() == llvm::ELF::STT_SECTION) {
      auto section = file_.getSection(symbol->st_shndx);
      if (!section)
        return section.takeError();
      auto name = file_.getSectionName(**section);
      if (!name)
        return name.takeError();
      return "its section '" + name->str() + "'";
    }
    auto strings = file_.getStringTableForSymtab(table);
    if (!strings)
      return strings.takeError();
    auto name = symbol->getName(*strings);
    if (!name)
      return name.takeError();
    return "'" + name->str() + "'";
  }

  const Elf& file_;
  const std::string name_;
  Status result_;
};

} // namespace

Status checkLinkable(llvm::MemoryBufferRef object) {
  const std::string name = object.getBufferIdentifier().str();
  llvm::Expected<Elf> file = Elf::create(object.getBuffer());
  if (!file)
    return fromLlvm(file.takeError(), ErrorKind::BadInput, name);
  ObjectCheck check(*file, name);
  if (llvm::Error error = check.run())
    return fromLlvm(std::move(error), ErrorKind::BadInput, name);
  return check.takeResult();
}

} // namespace tiercel
