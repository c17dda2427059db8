// SPDX-License-Identifier: GPL-3.0-or-later
#include "debuginfo/btf.h"

#include <thread>

#include <gtest/gtest.h>

#include "types/declaration.h"
#include "unit/debuginfo/build_elf.h"

namespace inquest::test {
namespace {

// Kinds as they are in the file.
enum : unsigned {
  k_ptr = 2,
  k_array,
  k_struct,
  k_union,
  k_enum,
  k_fwd,
  k_typedef,
  k_volatile,
  k_const,
  k_restrict,
  k_func,
  k_func_proto,
  k_var,
  k_datasec,
  k_float,
  k_decl_tag,
  k_type_tag,
  k_enum64,
};

// Owns the bytes of a section for as long as the Btf lives.
Result<std::shared_ptr<Btf>> opened(const BtfBuilder& builder,
                                    std::shared_ptr<const Btf> base = {},
                                    std::endian endian = std::endian::little) {
  auto bytes = std::make_shared<const std::vector<std::byte>>(builder.build());
  return Btf::open(*bytes, endian, 8, std::move(base), bytes);
}

const Type* only(Btf& btf, std::string_view name, TypeTag tag = TypeTag::any) {
  auto type = btf.type(name, tag);
  EXPECT_TRUE(type) << name;
  static const Type none;
  return type ? *type : &none;
}

TEST(Btf, Integers) {
  BtfBuilder builder;
  builder.integer("int", 4, 1);
  builder.integer("long unsigned int", 8, 0);
  builder.integer("char", 1, 1);
  builder.integer("_Bool", 1, 4);
  builder.add("double", k_float, 0, 8);
  auto btf = opened(builder);
  ASSERT_TRUE(btf) << btf.error().message();
  const Type* number = only(**btf, "int");
  EXPECT_EQ(number->kind, TypeKind::integer);
  EXPECT_TRUE(number->is_signed);
  EXPECT_FALSE(number->is_char);
  EXPECT_EQ(number->size(), 4U);
  EXPECT_FALSE(only(**btf, "long unsigned int")->is_signed);
  EXPECT_TRUE(only(**btf, "char")->is_char);
  EXPECT_EQ(only(**btf, "_Bool")->kind, TypeKind::boolean);
  EXPECT_FALSE(only(**btf, "_Bool")->is_char);
  EXPECT_EQ(only(**btf, "double")->kind, TypeKind::floating);
  EXPECT_EQ(only(**btf, "double")->size(), 8U);
  EXPECT_FALSE((*btf)->type("nothing", TypeTag::any));
  EXPECT_FALSE((*btf)->type("", TypeTag::any));
}

TEST(Btf, StructuresWithEverythingInThem) {
  BtfBuilder builder;
  auto number = builder.integer("int", 4, 1);
  auto self = builder.end() + 1;
  auto next = builder.add("", k_ptr, 0, self);
  auto flags = builder.end() + 6;
  builder.add("node", k_struct, 4, 40,
              {{builder.name("next"), next, 0},
               {builder.name("many"), self + 1, 64},
               {builder.name("tail"), self + 2, 128},
               {0, flags, 192}});
  builder.add("", k_array, 0, 0, {{number, number, 3}});
  builder.add("", k_array, 0, 0, {{self + 3, number, 0}});
  builder.add("", k_const, 0, self + 4);
  builder.add("", k_volatile, 0, self + 5);
  builder.add("u32", k_typedef, 0, number);
  ASSERT_EQ(builder.end(), flags);
  builder.add("", k_union, 1, 4, {{builder.name("a"), number, 0}});
  auto btf = opened(builder);
  ASSERT_TRUE(btf);

  const Type* node = only(**btf, "node");
  EXPECT_EQ(node->kind, TypeKind::structure);
  EXPECT_EQ(node->size(), 40U);
  ASSERT_EQ(node->members().size(), 4U);
  const Member& pointer = node->members()[0];
  EXPECT_EQ(pointer.name, "next");
  EXPECT_EQ(pointer.type->kind, TypeKind::pointer);
  EXPECT_EQ(pointer.type->size(), 8U);
  EXPECT_EQ(pointer.type->target(), node);
  const Member& array = node->members()[1];
  EXPECT_EQ(array.offset(), 8U);
  EXPECT_EQ(array.type->count, 3U);
  EXPECT_FALSE(array.type->is_flexible);
  EXPECT_EQ(array.type->size(), 12U);
  const Member& tail = node->members()[2];
  EXPECT_TRUE(tail.type->is_flexible);
  EXPECT_EQ(tail.type->target()->kind, TypeKind::const_type);
  EXPECT_EQ(tail.type->target()->target()->kind, TypeKind::volatile_type);
  EXPECT_EQ(tail.type->target()->target()->target(), only(**btf, "u32"));
  EXPECT_EQ(node->members()[3].name, "");
  EXPECT_EQ(node->members()[3].type->kind, TypeKind::union_type);
  EXPECT_EQ(find_member(*node, "a")->offset(), 24U);
}

// Compilers write them so; pahole writes one array of all elements.
TEST(Btf, ArraysOfArraysKeepTheirDimensions) {
  BtfBuilder builder;
  auto number = builder.integer("int", 4, 1);
  auto inner = builder.add("", k_array, 0, 0, {{number, number, 3}});
  auto outer = builder.add("", k_array, 0, 0, {{inner, number, 2}});
  builder.add("table", k_struct, 1, 24, {{builder.name("cells"), outer, 0}});
  auto btf = opened(builder);
  ASSERT_TRUE(btf);
  const Member& cells = only(**btf, "table")->members()[0];
  EXPECT_EQ(cells.type->size(), 24U);
  EXPECT_EQ(declaration(*cells.type, cells.name), "int cells[2][3]");
}

TEST(Btf, BitFieldsOfBothForms) {
  BtfBuilder builder;
  auto number = builder.integer("int", 4, 1);
  auto odd = builder.integer("unsigned int", 4, 0, 3);
  auto named = builder.add("bits_t", k_typedef, 0, odd);
  builder.add("with_flag", k_struct, 2 | BtfBuilder::flag, 4,
              {{builder.name("a"), number, 5U << 24 | 7},
               {builder.name("b"), number, 12}});
  builder.add("old", k_struct, 3, 4,
              {{builder.name("a"), odd, 4},
               {builder.name("b"), named, 7},
               {builder.name("c"), number, 32}});
  auto btf = opened(builder);
  ASSERT_TRUE(btf);
  auto flagged = only(**btf, "with_flag")->members();
  EXPECT_EQ(flagged[0].bit_offset, 7U);
  EXPECT_EQ(flagged[0].bit_size, 5U);
  EXPECT_EQ(flagged[1].bit_offset, 12U);
  EXPECT_EQ(flagged[1].bit_size, 0U);
  auto old = only(**btf, "old")->members();
  EXPECT_EQ(old[0].bit_offset, 4U);
  EXPECT_EQ(old[0].bit_size, 3U);
  EXPECT_EQ(old[1].bit_size, 3U);
  EXPECT_EQ(old[2].bit_size, 0U);
}

TEST(Btf, EnumerationsOldAndNew) {
  BtfBuilder old;
  old.add("color", k_enum, 2, 4,
          {{old.name("red"), 0xffffffff}, {old.name("blue"), 7}});
  auto before = opened(old);
  ASSERT_TRUE(before);
  EXPECT_EQ((*before)->enumerator("red")->second, -1);
  EXPECT_TRUE(only(**before, "color")->is_signed);

  BtfBuilder builder;
  builder.add("color", k_enum, 1, 4, {{builder.name("red"), 0xffffffff}});
  builder.add("shade", k_enum, 1 | BtfBuilder::flag, 4,
              {{builder.name("dark"), 0xffffffff}});
  builder.add("big", k_enum64, 2, 8,
              {{builder.name("x"), 5, 1}, {builder.name("y"), 0, 1U << 31}});
  builder.add("color", k_enum, 0, 4);
  auto btf = opened(builder);
  ASSERT_TRUE(btf);
  EXPECT_EQ((*btf)->enumerator("red")->second, 0xffffffff);
  EXPECT_FALSE(only(**btf, "color")->is_signed);
  EXPECT_EQ((*btf)->types("color", TypeTag::any).size(), 1U);
  EXPECT_EQ((*btf)->enumerator("dark")->second, -1);
  auto x = (*btf)->enumerator("x");
  ASSERT_TRUE(x);
  EXPECT_EQ(x->first, only(**btf, "big"));
  EXPECT_EQ(x->second, 0x100000005);
  EXPECT_EQ(only(**btf, "big")->enumerators()[1].name, "y");
  EXPECT_EQ(only(**btf, "big")->enumerators()[1].value, INT64_MIN);
  EXPECT_FALSE((*btf)->enumerator("green"));
}

TEST(Btf, FunctionsAndVariables) {
  BtfBuilder builder;
  auto number = builder.integer("int", 4, 1);
  auto proto = builder.add("", k_func_proto, 2, number,
                           {{builder.name("format"), number}, {0, 0}});
  builder.add("printk", k_func, 1, proto);
  builder.add("jiffies", k_var, 0, number, {{1}});
  builder.add(".data..percpu", k_datasec, 1, 4, {{4, 0, 4}});
  builder.add("tag", k_decl_tag, 0, number, {{0}});
  auto nothing = builder.add("", k_func_proto, 0, 0);
  builder.add("schedule", k_func, 0, nothing);
  auto btf = opened(builder);
  ASSERT_TRUE(btf);
  auto printk = (*btf)->function("printk");
  ASSERT_TRUE(printk);
  EXPECT_EQ(printk->type->kind, TypeKind::function);
  EXPECT_EQ(printk->type->target(), only(**btf, "int"));
  ASSERT_EQ(printk->type->parameters().size(), 1U);
  EXPECT_EQ(printk->type->parameters()[0].name, "format");
  EXPECT_TRUE(printk->type->is_variadic());
  EXPECT_EQ((*btf)->function("schedule")->type->target(), nullptr);
  EXPECT_FALSE((*btf)->function("schedule")->type->is_variadic());
  EXPECT_EQ((*btf)->variable("jiffies")->type, only(**btf, "int"));
  EXPECT_FALSE((*btf)->variable("printk"));
  EXPECT_FALSE((*btf)->type("printk", TypeTag::any));
}

TEST(Btf, NamesOfSeveralThings) {
  BtfBuilder builder;
  auto number = builder.integer("int", 4, 1);
  builder.add("thing", k_typedef, 0, number);
  builder.add("thing", k_union, 0, 4);
  builder.add("thing", k_struct, 0, 16);
  builder.add("thing", k_struct, 0, 8);
  builder.add("thing", k_enum, 1, 4, {{builder.name("one"), 1}});
  builder.add("think", k_func, 0, number);
  auto btf = opened(builder);
  ASSERT_TRUE(btf);
  EXPECT_EQ(only(**btf, "thing")->size(), 16U);
  EXPECT_EQ(only(**btf, "thing", TypeTag::union_type)->kind,
            TypeKind::union_type);
  EXPECT_EQ(only(**btf, "thing", TypeTag::enumeration)->kind,
            TypeKind::enumeration);
  EXPECT_EQ(only(**btf, "thing", TypeTag::plain)->kind, TypeKind::typedef_type);
  EXPECT_EQ((*btf)->types("thing", TypeTag::structure).size(), 2U);
  EXPECT_EQ((*btf)->types("thing", TypeTag::any).size(), 5U);
  EXPECT_EQ((*btf)->names("thin", 10),
            (std::vector<std::string>{"thing", "think"}));
  EXPECT_EQ((*btf)->names("thin", 1), std::vector<std::string>{"thing"});
  std::vector<std::string> all;
  (*btf)->each_type([&](const Type& type) {
    all.push_back(type.name);
    return all.size() < 4;
  });
  EXPECT_EQ(all, (std::vector<std::string>{"int", "thing", "thing", "thing"}));
}

TEST(Btf, DeclarationsStandForDefinitions) {
  BtfBuilder builder;
  auto known = builder.add("known", k_fwd, 0, 0);
  auto unknown = builder.add("unknown", k_fwd, BtfBuilder::flag, 0);
  builder.add("known", k_struct, 0, 24);
  builder.add("k", k_typedef, 0, known);
  builder.add("u", k_typedef, 0, unknown);
  auto tagged = builder.add("rcu", k_type_tag, 0, known);
  builder.add("t", k_typedef, 0, tagged);
  auto btf = opened(builder);
  ASSERT_TRUE(btf);
  EXPECT_EQ(only(**btf, "k")->target(), only(**btf, "known"));
  EXPECT_EQ(only(**btf, "t")->target(), only(**btf, "known"));
  EXPECT_EQ(only(**btf, "u")->target()->kind, TypeKind::union_type);
  EXPECT_TRUE(only(**btf, "u")->target()->is_declaration);
  EXPECT_FALSE((*btf)->type("unknown", TypeTag::any));
}

TEST(Btf, OfAModuleGoesOnWhereTheKernelsEnds) {
  BtfBuilder kernel;
  auto number = kernel.integer("int", 4, 1);
  kernel.add("list_head", k_struct, 1, 16, {{kernel.name("next"), number, 0}});
  auto base = opened(kernel);
  ASSERT_TRUE(base);
  BtfBuilder module(kernel.end(), std::endian::little, kernel.strings_size());
  auto fwd = module.add("list_head", k_fwd, 0, 0);
  auto own = module.end();
  module.add("tun", k_struct, 3, 32,
             {{kernel.name("next"), number, 0},
              {module.name("list"), fwd, 64},
              {module.name("self"), own + 1, 192}});
  module.add("", k_ptr, 0, own);
  auto split = opened(module, *base);
  ASSERT_TRUE(split) << split.error().message();
  const Type* tun = only(**split, "tun");
  ASSERT_EQ(tun->members().size(), 3U);
  EXPECT_EQ(tun->members()[0].name, "next");
  EXPECT_EQ(tun->members()[0].type, only(**base, "int"));
  EXPECT_EQ(tun->members()[1].name, "list");
  EXPECT_EQ(tun->members()[1].type, only(**base, "list_head"));
  EXPECT_EQ(tun->members()[2].type->target(), tun);
  EXPECT_FALSE((*split)->type("int", TypeTag::any));
}

TEST(Btf, BigEndian) {
  BtfBuilder builder(1, std::endian::big);
  builder.integer("int", 4, 1);
  EXPECT_FALSE(opened(builder));
  auto btf = opened(builder, {}, std::endian::big);
  ASSERT_TRUE(btf);
  EXPECT_EQ(only(**btf, "int")->size(), 4U);
}

TEST(Btf, DamageIsAnError) {
  BtfBuilder unknown;
  unknown.add("x", 25, 0, 0);
  auto btf = opened(unknown);
  ASSERT_FALSE(btf);
  EXPECT_EQ(btf.error().kind(), ErrorKind::unsupported);
  BtfBuilder cut;
  cut.add("x", k_struct, 3, 0);
  btf = opened(cut);
  ASSERT_FALSE(btf);
  EXPECT_EQ(btf.error().message(), "BTF: type 1 is cut off");
  btf = Btf::open({}, std::endian::little, 8, {}, {});
  EXPECT_FALSE(btf);
}

TEST(Btf, LoopsAndBadNumbersEnd) {
  BtfBuilder builder;
  auto tag = builder.add("a", k_type_tag, 0, 2);
  builder.add("b", k_type_tag, 0, tag);
  auto loop = builder.add("loop", k_typedef, 0, builder.end());
  builder.add("s", k_struct, 3, 4,
              {{builder.name("x"), tag, 0},
               {builder.name("y"), 9999, 0},
               {builder.name("z"), loop, 0}});
  auto btf = opened(builder);
  ASSERT_TRUE(btf);
  const Type* type = only(**btf, "s");
  EXPECT_EQ(type->members()[0].type->kind, TypeKind::void_type);
  EXPECT_EQ(type->members()[1].type->kind, TypeKind::void_type);
  const Type* looped = type->members()[2].type;
  EXPECT_EQ(looped->target(), looped);
  EXPECT_EQ(looped->size(), 0U);
}

TEST(Btf, ManyThreads) {
  BtfBuilder builder;
  auto number = builder.integer("int", 4, 1);
  for (int i = 0; i < 200; ++i) {
    builder.add("s" + std::to_string(i), k_struct, 1, 4,
                {{builder.name("m"), number, 0}});
  }
  auto btf = opened(builder);
  ASSERT_TRUE(btf);
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 200; ++j) {
        auto type = (*btf)->type("s" + std::to_string(j), TypeTag::any);
        right += type && (*type)->members().size() == 1;
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(right, 800);
}

}  // namespace
}  // namespace inquest::test
