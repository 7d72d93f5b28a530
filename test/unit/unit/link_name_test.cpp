// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "unit/link_name.h"

#include <gtest/gtest.h>

namespace tiercel {
namespace {

TEST(LinkName, WhatIsMadeIsParsed) {
  for (LinkKind kind : {LinkKind::Function, LinkKind::Entry, LinkKind::Data, LinkKind::Thread,
                        LinkKind::Counters, LinkKind::Trip}) {
    for (uint32_t id : {0u, 9u, 0x1a3u, ~0u}) {
      for (const char* name : {"", "main", "a#b", "a#f12", "name with spaces"}) {
        const std::optional<LinkName> parsed = parseLinkName(makeLinkName(name, kind, id));
        ASSERT_TRUE(parsed) << name;
        EXPECT_EQ(parsed->kind, kind);
        EXPECT_EQ(parsed->id, id);
      }
    }
  }
  EXPECT_EQ(makeLinkName("main", LinkKind::Function, 0x1a3), "main#f1a3"); // dumps show it
}

TEST(LinkName, OtherNamesAreNotParsed) {
  for (const char* name : {"", "main", "#", "main#", "main#f", "main#fxyz", "main#f12 ", "main#f123456789"})
    EXPECT_FALSE(parseLinkName(name)) << name;
}

} // namespace
} // namespace tiercel
