// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tiercel/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

namespace tiercel {
namespace {

using testing::HasSubstr;

FunctionProfile sample(uint64_t hash, std::string name, std::vector<uint64_t> counts) {
  return {.hash = hash, .name = std::move(name), .counts = std::move(counts), .calls = {}};
}

Profile sampleProfile() {
  Profile profile;
  FunctionProfile function = sample(0x123456789abcdef0, "main", {1, 8000, ~uint64_t(0)});
  function.calls = {{.targets = {{"compare", 90}, {"dir/file one.c;static \"fn\"", 9}}, .total = 100},
                    {.targets = {}, .total = 0}};
  EXPECT_TRUE(profile.add(std::move(function)));
  EXPECT_TRUE(profile.add(sample(7, std::string("odd\n\\\"\0\xff name", 13), {3})));
  return profile;
}

std::string errorOf(std::string_view text) {
  Result<Profile> profile = Profile::parse(text, "p.txt");
  return profile ? "accepted" : profile.error().message();
}

constexpr const char* kHead = "tiercel-profile 1 plan 1\n";
std::string withHead(const std::string& lines) { return kHead + lines; }

TEST(ProfileFileTest, ReadsWhatItWrites) {
  const Profile profile = sampleProfile();
  const std::string text = profile.text();
  Result<Profile> again = Profile::parse(text, "p.txt");
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(again->text(), text);
  for (const FunctionProfile& function : profile.functions()) {
    const FunctionProfile* found = again->find(function.hash, function.name);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(*found, function);
  }
}

TEST(ProfileFileTest, TheTextIsAsDocumented) {
  Profile profile;
  FunctionProfile function = sample(0xab, "f", {4, 2});
  function.calls = {{.targets = {{"a b", 3}}, .total = 5}};
  ASSERT_TRUE(profile.add(function));
  EXPECT_EQ(profile.text(), "tiercel-profile 1 plan 1\nfunction 00000000000000ab \"f\"\ncounts 4 2\n"
                            "call 5 \"a b\" 3\nend 1\n");
}

TEST(ProfileFileTest, CommentsBlankLinesAndOtherLineEnds) {
  EXPECT_TRUE(Profile::parse("# made by hand\r\ntiercel-profile 1 plan 1\r\n\r\n"
                             "  function 00000000000000ab \"f\"\r\n# why\r\ncounts  1\t2\r\nend 1",
                             "p"));
}

TEST(ProfileFileTest, ErrorsSayWhereAndWhat) {
  EXPECT_THAT(errorOf(""), HasSubstr("p.txt: it is empty"));
  EXPECT_THAT(errorOf("ELF"), HasSubstr("p.txt:1: expected 'tiercel-profile'"));
  EXPECT_THAT(errorOf("tiercel-profile one"), HasSubstr("expected 'tiercel-profile FORMAT plan VERSION'"));
  EXPECT_THAT(errorOf("tiercel-profile 9 plan 1"),
              HasSubstr("the format is version 9, this Tiercel reads version 1"));
  EXPECT_THAT(errorOf("tiercel-profile 1 plan 99"), HasSubstr("make the profile again"));
  EXPECT_THAT(errorOf(kHead), HasSubstr("not complete"));
  EXPECT_THAT(errorOf(withHead("counts 1\n")), HasSubstr("p.txt:2: 'counts' without a 'function'"));
  EXPECT_THAT(errorOf(withHead("call 1\n")), HasSubstr("'call' without a 'function'"));
  EXPECT_THAT(errorOf(withHead("function xyz \"f\"\n")),
              HasSubstr("expected a hash of 16 hexadecimal digits, not 'xyz'"));
  EXPECT_THAT(errorOf(withHead("function 00000000000000ab f\n")), HasSubstr("name in quotes"));
  EXPECT_THAT(errorOf(withHead("function 00000000000000ab \"f\n")), HasSubstr("name in quotes"));
  EXPECT_THAT(errorOf(withHead("function 00000000000000ab \"f\\4\"\n")), HasSubstr("name in quotes"));
  EXPECT_THAT(errorOf(withHead("function 00000000000000ab \"f\" x\n")), HasSubstr("nothing after it"));
  const std::string function = withHead("function 00000000000000ab \"f\"\n");
  EXPECT_THAT(errorOf(function + "counts\n"), HasSubstr("p.txt:3: a function has at least one count"));
  EXPECT_THAT(errorOf(function + "counts 1 -2\n"), HasSubstr("expected a count, not '-2'"));
  EXPECT_THAT(errorOf(function + "counts 18446744073709551616\n"), HasSubstr("expected a count"));
  EXPECT_THAT(errorOf(function + "counts 1\ncounts 1\n"), HasSubstr("a second 'counts' line"));
  EXPECT_THAT(errorOf(function + "end 1\n"), HasSubstr("has no 'counts'"));
  EXPECT_THAT(errorOf(function + "counts 1\ncall\n"), HasSubstr("expected the number of calls"));
  EXPECT_THAT(errorOf(function + "counts 1\ncall 3 \"g\"\n"),
              HasSubstr("target's name in quotes and its count"));
  EXPECT_THAT(errorOf(function + "counts 1\nend 2\n"),
              HasSubstr("p.txt:4: the file says that it has 2 functions, but there are 1"));
  EXPECT_THAT(errorOf(function + "counts 1\nend 1\nmore\n"), HasSubstr("p.txt:5: something follows"));
  EXPECT_THAT(errorOf(function + "counts 1\nfunction 00000000000000ab \"f\"\ncounts 1\nend 2\n"),
              HasSubstr("is there twice"));
  EXPECT_THAT(errorOf(withHead("fun\n")), HasSubstr("not 'fun'"));
}

TEST(ProfileFileTest, EveryPrefixIsIncomplete) {
  const std::string text = sampleProfile().text();
  for (size_t length = 0; length + 1 < text.size(); ++length) // without the last line end it is whole
    EXPECT_FALSE(Profile::parse(std::string_view(text).substr(0, length), "p")) << length;
}

TEST(ProfileFileTest, DamageNeverDoesHarm) {
  const std::string text = sampleProfile().text();
  std::mt19937 random(1); // NOLINT(bugprone-random-generator-seed): the same every time
  unsigned accepted = 0;
  for (unsigned round = 0; round < 20000; ++round) {
    std::string damaged = text;
    for (unsigned changes = 1 + random() % 4; changes > 0; --changes) {
      const size_t at = random() % damaged.size();
      switch (random() % 4) {
      case 0:
        damaged[at] = static_cast<char>(random());
        break;
      case 1:
        damaged.erase(at, 1 + random() % 8);
        break;
      case 2:
        damaged.insert(at, text.substr(random() % text.size(), random() % 20));
        break;
      default:
        damaged[at] = "\n \"\\#0"[random() % 6];
      }
      if (damaged.empty())
        damaged = "x";
    }
    Result<Profile> profile = Profile::parse(damaged, "p");
    if (!profile) {
      EXPECT_EQ(profile.error().what().substr(0, 1), "p");
      continue;
    }
    // What is accepted is a profile like any other.
    ++accepted;
    EXPECT_TRUE(Profile::parse(profile->text(), "p"));
  }
  EXPECT_GT(accepted, 0u) << "a changed digit of a count is no error";
}

TEST(ProfileFileTest, TimeIsLinear) {
  Profile profile;
  for (unsigned i = 0; i < 20000; ++i)
    ASSERT_TRUE(
        profile.add(sample(i % 10 == 0 ? i : i * 7919, "function_" + std::to_string(i), {i, 1, 2, 3})));
  FunctionProfile wide = sample(1, "wide", {});
  wide.counts.resize(1000000, 12345);
  ASSERT_TRUE(profile.add(std::move(wide)));
  const std::string text = profile.text();
  Result<Profile> again = Profile::parse(text, "p");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->functions().size(), 20001u); // quadratic code would take minutes
}

TEST(ProfileFileTest, MergingAddsUpAndStopsAtTheLargest) {
  Profile profile = sampleProfile();
  EXPECT_TRUE(profile.merge(sampleProfile()).empty());
  const FunctionProfile* main = profile.find(0x123456789abcdef0, "main");
  ASSERT_NE(main, nullptr);
  EXPECT_EQ(main->counts, (std::vector<uint64_t>{2, 16000, ~uint64_t(0)}));
  EXPECT_EQ(main->calls[0].total, 200u);
  EXPECT_EQ(main->calls[0].targets[0], (CallTarget{"compare", 180}));
}

TEST(ProfileFileTest, MergedTargetsAreSortedByCount) {
  FunctionProfile first = sample(1, "f", {1});
  first.calls = {{.targets = {{"a", 5}, {"b", 4}}, .total = 9}};
  FunctionProfile second = sample(1, "f", {1});
  second.calls = {{.targets = {{"b", 3}, {"c", 1}}, .total = 4}};
  Profile profile;
  ASSERT_TRUE(profile.add(first));
  ASSERT_TRUE(profile.add(second));
  EXPECT_EQ(profile.functions()[0].calls[0].targets, (std::vector<CallTarget>{{"b", 7}, {"a", 5}, {"c", 1}}));
}

TEST(ProfileFileTest, WhatDoesNotFitIsLeftOutWithANote) {
  Profile profile;
  ASSERT_TRUE(profile.add(sample(1, "f", {1, 2})));
  Profile other;
  ASSERT_TRUE(other.add(sample(1, "f", {1, 2, 3})));
  ASSERT_TRUE(other.add(sample(2, "g", {5})));
  const std::vector<std::string> notes = profile.merge(other);
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_THAT(notes[0], HasSubstr("function f (hash 0000000000000001): left out"));
  EXPECT_EQ(profile.find(1, "f")->counts.size(), 2u);
  EXPECT_NE(profile.find(2, "g"), nullptr);
}

TEST(ProfileFileTest, EqualBodiesAreToldApartByName) {
  Profile profile;
  ASSERT_TRUE(profile.add(sample(1, "rare", {1})));
  ASSERT_TRUE(profile.add(sample(1, "often", {100})));
  EXPECT_EQ(profile.find(1, "rare")->counts[0], 1u);
  EXPECT_EQ(profile.find(1, "renamed")->name, "often");
  EXPECT_EQ(profile.find(2, "rare"), nullptr);
}

class ProfileOnDisk : public testing::Test {
protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/profile.XXXXXX";
    directory = ::mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(directory); }
  std::filesystem::path directory;
};

TEST_F(ProfileOnDisk, ReplacesTheFileAndLeavesNothingElse) {
  const std::string path = directory / "p.profile";
  std::ofstream(path) << "old";
  const Status written = sampleProfile().write(path);
  ASSERT_TRUE(written) << written.error().message();
  Result<Profile> read = Profile::read(path);
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->text(), sampleProfile().text());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory), {}), 1);
}

TEST_F(ProfileOnDisk, ErrorsNameTheFile) {
  const std::string missing = directory / "none" / "p";
  const Status written = sampleProfile().write(missing);
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message(), HasSubstr(missing));
  Result<Profile> read = Profile::read(missing);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message(), HasSubstr(missing));
}

TEST_F(ProfileOnDisk, AFailedWriteLeavesNothing) {
  const std::string path = directory / "taken";
  std::filesystem::create_directory(path);
  EXPECT_FALSE(sampleProfile().write(path));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory), {}), 1);
}

} // namespace
} // namespace tiercel
