// SPDX-License-Identifier: GPL-3.0-or-later
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "debuginfo/dwarf.h"
#include "unit/debuginfo/dwarf_samples.h"

namespace inquest::test {
namespace {

class DwarfTypes : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    file_ = dwarf_sample(GetParam());
    ASSERT_TRUE(file_);
    auto opened = dwarf_types(file_, {});
    ASSERT_TRUE(opened) << opened.error().message();
    types_ = *opened;
  }

  const Type& type(std::string_view name, TypeTag tag) {
    auto found = types_->type(name, tag);
    EXPECT_TRUE(found) << found.error().message();
    static const Type none;
    return found ? **found : none;
  }
  const Type& member(const Type& of, std::string_view path) {
    auto found = find_member(of, path);
    EXPECT_TRUE(found) << found.error().message();
    static const Type none;
    return found && found->type ? *found->type : none;
  }

  std::shared_ptr<const ElfFile> file_;
  std::shared_ptr<TypeSource> types_;
};

TEST_P(DwarfTypes, StructuresHaveTheirMembers) {
  const Type& kitchen = type("kitchen", TypeTag::structure);
  EXPECT_EQ(kitchen.kind, TypeKind::structure);
  EXPECT_EQ(kitchen.name, "kitchen");
  EXPECT_EQ(kitchen.byte_size, 80U);
  ASSERT_EQ(kitchen.members().size(), 8U);
  EXPECT_EQ(kitchen.members()[2].name, "");
  EXPECT_EQ(kitchen.members()[2].offset(), 12U);
  EXPECT_EQ(find_member(kitchen, "y")->offset(), 16U);
  EXPECT_EQ(find_member(kitchen, "handler")->offset(), 32U);
}

TEST_P(DwarfTypes, QualifiersArePartsOfTheChain) {
  const Type& text = member(type("kitchen", TypeTag::any), "text");
  ASSERT_EQ(text.kind, TypeKind::pointer);
  EXPECT_EQ(text.size(), 8U);
  std::set<TypeKind> qualifiers;
  const Type* inner = text.target();
  for (int i = 0; i < 2 && inner; ++i, inner = inner->target()) {
    qualifiers.insert(inner->kind);
  }
  EXPECT_TRUE(qualifiers.contains(TypeKind::const_type));
  EXPECT_TRUE(qualifiers.contains(TypeKind::volatile_type));
  ASSERT_TRUE(inner);
  EXPECT_EQ(inner->name, "char");
  EXPECT_TRUE(inner->is_char);
  EXPECT_TRUE(inner->is_signed);
}

TEST_P(DwarfTypes, ArraysHaveTheirBounds) {
  const Type& kitchen = type("kitchen", TypeTag::any);
  const Type& words = member(kitchen, "words");
  EXPECT_EQ(words.kind, TypeKind::array);
  EXPECT_EQ(words.count, 4U);
  EXPECT_EQ(words.size(), 32U);
  EXPECT_EQ(words.target()->kind, TypeKind::typedef_type);
  EXPECT_TRUE(member(kitchen, "tail").is_flexible);
  const Type& matrix =
      member(*types_->variable("sample_entry")->type, "matrix");
  EXPECT_EQ(matrix.count, 2U);
  ASSERT_EQ(matrix.target()->kind, TypeKind::array);
  EXPECT_EQ(matrix.target()->count, 3U);
  EXPECT_EQ(matrix.target()->target()->name, "int");
  const Type& none = *types_->variable("zero_length")->type;
  EXPECT_EQ(none.count, 0U);
}

TEST_P(DwarfTypes, BitFieldsHaveTheirPlaces) {
  auto members = type("flags", TypeTag::structure).members();
  ASSERT_EQ(members.size(), 4U);
  EXPECT_EQ(members[0].bit_offset, 0U);
  EXPECT_EQ(members[0].bit_size, 3U);
  EXPECT_EQ(members[1].bit_offset, 3U);
  EXPECT_EQ(members[1].bit_size, 7U);
  EXPECT_EQ(members[2].bit_offset, 10U);
  EXPECT_TRUE(members[2].type->is_signed);
  EXPECT_EQ(members[3].bit_offset, 64U);
  EXPECT_EQ(members[3].bit_size, 40U);
}

TEST_P(DwarfTypes, EnumeratorsMayBeNegative) {
  const Type& color = type("color", TypeTag::enumeration);
  ASSERT_EQ(color.enumerators().size(), 3U);
  EXPECT_TRUE(color.is_signed);
  EXPECT_EQ(color.enumerators()[2].name, "BLUE");
  EXPECT_EQ(color.enumerators()[2].value, -3);
}

TEST_P(DwarfTypes, EnumeratorsAreFoundByName) {
  auto green = types_->enumerator("GREEN");
  ASSERT_TRUE(green) << green.error().message();
  EXPECT_EQ(green->second, 5);
  EXPECT_EQ(green->first->name, "color");
  auto anonymous = types_->enumerator("SECOND_ANONYMOUS");
  ASSERT_TRUE(anonymous);
  EXPECT_EQ(anonymous->second, 42);
  EXPECT_FALSE(types_->enumerator("color"));
}

TEST_P(DwarfTypes, DeclarationsLeadToDefinitions) {
  const Type& hidden =
      *member(type("kitchen", TypeTag::any), "hidden").target();
  EXPECT_FALSE(hidden.is_declaration);
  EXPECT_EQ(hidden.byte_size, 16U);
  EXPECT_EQ(hidden.members().size(), 2U);
}

TEST_P(DwarfTypes, TypesOfOneNameAreAllThere) {
  EXPECT_EQ(types_->types("entry", TypeTag::structure).size(), 2U);
  EXPECT_EQ(types_->types("list", TypeTag::any).size(), 1U);
  EXPECT_TRUE(types_->types("nothing", TypeTag::any).empty());
}

TEST_P(DwarfTypes, TagsMustMatch) {
  EXPECT_FALSE(types_->type("kitchen", TypeTag::union_type));
  EXPECT_FALSE(types_->type("kitchen", TypeTag::plain));
  EXPECT_TRUE(types_->type("number", TypeTag::union_type));
  const Type& word = type("word_t", TypeTag::plain);
  EXPECT_EQ(word.kind, TypeKind::typedef_type);
  EXPECT_EQ(word.stripped().name, "long unsigned int");
  EXPECT_EQ(type("_Bool", TypeTag::plain).kind, TypeKind::boolean);
  EXPECT_EQ(type("double", TypeTag::plain).kind, TypeKind::floating);
}

TEST_P(DwarfTypes, VariablesHaveTypeAndAddress) {
  for (std::string_view name :
       {"sample_entry", "kitchens", "sample_shared", "sample_color"}) {
    auto found = types_->variable(name);
    ASSERT_TRUE(found) << found.error().message();
    ASSERT_TRUE(found->address) << name;
    EXPECT_EQ(found->address->value, symbol_value(*file_, name));
  }
  EXPECT_EQ(types_->variable("kitchens")->type->count, 7U);
  EXPECT_EQ(types_->variable("sample_shared")->type->name, "shared");
  EXPECT_EQ(types_->variable("static_flags")->type->name, "flags");
  EXPECT_FALSE(types_->variable("sample_function"));
}

TEST_P(DwarfTypes, FunctionsHavePrototypes) {
  auto found = types_->function("sample_function");
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->address->value, symbol_value(*file_, "sample_function"));
  const Type& type = *found->type;
  EXPECT_EQ(type.kind, TypeKind::function);
  EXPECT_EQ(type.target()->name, "int");
  ASSERT_EQ(type.parameters().size(), 2U);
  EXPECT_EQ(type.parameters()[1].name, "count");
  EXPECT_EQ(type.parameters()[1].type->name, "word_t");
  EXPECT_FALSE(type.is_variadic());
  EXPECT_TRUE(types_->function("sample_variadic")->type->is_variadic());
  EXPECT_TRUE(types_->function("twice"));
}

TEST_P(DwarfTypes, FunctionPointersHavePrototypes) {
  const Type& handler =
      *member(type("kitchen", TypeTag::any), "handler").target();
  EXPECT_EQ(handler.kind, TypeKind::function);
  EXPECT_EQ(handler.parameters().size(), 2U);
  EXPECT_TRUE(handler.is_variadic());
}

TEST_P(DwarfTypes, EveryTypeComesOnce) {
  std::multiset<std::string> names;
  types_->each_type([&](const Type& one) {
    names.insert(one.name);
    return true;
  });
  EXPECT_EQ(names.count("entry"), 2U);
  EXPECT_EQ(names.count("kitchen"), 1U);
  EXPECT_EQ(names.count("shared"), 1U);
  EXPECT_EQ(names.count("color"), 1U);
  EXPECT_EQ(names.count("word_t"), 1U);
}

TEST_P(DwarfTypes, NamesAreCompleted) {
  auto names = types_->names("sample_", 100);
  EXPECT_EQ(names.size(), 7U);
  EXPECT_EQ(types_->names("sample_", 2).size(), 2U);
}

TEST_P(DwarfTypes, ManyThreadsMayAsk) {
  std::vector<std::jthread> threads;
  threads.reserve(8);
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([this] {
      const Type& kitchen = type("kitchen", TypeTag::structure);
      EXPECT_EQ(&kitchen, *types_->type("kitchen", TypeTag::any));
      EXPECT_EQ(kitchen.members().size(), 8U);
      EXPECT_EQ(find_member(kitchen, "hidden")->type->target()->byte_size, 16U);
    });
  }
}

INSTANTIATE_TEST_SUITE_P(Samples, DwarfTypes,
                         testing::ValuesIn(dwarf_sample_kinds()),
                         [](const auto& one) { return one.param; });

}  // namespace
}  // namespace inquest::test
