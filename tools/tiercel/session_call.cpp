// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "session_call.h"

#include <cassert>
#include <ffi.h>
#include <vector>

namespace tiercel::cli::session {

namespace {

ffi_type* ffiType(Type type, bool extendSign) {
  switch (type) {
  case Type::I1:
    return &ffi_type_uint8;
  case Type::I8:
    return extendSign ? &ffi_type_sint8 : &ffi_type_uint8;
  case Type::I16:
    return extendSign ? &ffi_type_sint16 : &ffi_type_uint16;
  case Type::I32:
    return &ffi_type_uint32;
  case Type::I64:
    return &ffi_type_uint64;
  case Type::Float:
    return &ffi_type_float;
  case Type::Double:
    return &ffi_type_double;
  case Type::Ptr:
    return &ffi_type_pointer;
  case Type::Void:
  case Type::Text:
    break;
  }
  return &ffi_type_void;
}

} // namespace

Value callFunction(void* function, Type result, std::span<const Argument> arguments) {
  std::vector<ffi_type*> types;
  std::vector<uint64_t> words; // little endian: the value of any type begins where its word does
  std::vector<void*> places;
  types.reserve(arguments.size());
  words.reserve(arguments.size());
  places.reserve(arguments.size());
  for (const Argument& argument : arguments) {
    types.push_back(ffiType(argument.value.type, argument.extendSign));
    words.push_back(argument.value.bits);
    places.push_back(&words.back());
  }
  ffi_cif interface;
  [[maybe_unused]] const ffi_status status =
      ffi_prep_cif(&interface, FFI_DEFAULT_ABI, static_cast<unsigned>(types.size()),
                   ffiType(result, /*extendSign=*/false), types.data());
  assert(status == FFI_OK && "all of these types can be passed");
  uint64_t returned = 0;
  ffi_call(&interface, reinterpret_cast<void (*)()>(function), &returned, places.data());
  if (isInteger(result))
    return Value::integer(result, returned); // what lies above the type's width is not defined
  if (result == Type::Float)
    returned &= 0xffffffff;
  return {.type = result, .bits = result == Type::Void ? 0 : returned, .text = {}};
}

} // namespace tiercel::cli::session
