// SPDX-License-Identifier: GPL-3.0-or-later
#include "remote/target.h"

#include <gtest/gtest.h>

namespace inquest {
namespace {

const RemoteRegister& named(const std::vector<RemoteRegister>& all,
                            std::string_view name) {
  for (const RemoteRegister& each : all) {
    if (each.name == name) return each;
  }
  ADD_FAILURE() << "no register " << name;
  return all[0];
}

TEST(RemoteTarget, EveryRegisterWeKnowHasAPlaceInGdbs) {
  for (std::string_view name : {"x86_64", "aarch64"}) {
    const Arch& arch = *find_arch(name);
    auto all = remote_registers(arch);
    for (unsigned i = 0; i < arch.registers().size(); ++i) {
      EXPECT_EQ(named(all, arch.registers()[i].name).index, i)
          << arch.registers()[i].name;
    }
  }
}

TEST(RemoteTarget, DescriptionsNameWhatGdbLooksFor) {
  std::string x86 = target_description(*find_arch("x86_64"));
  EXPECT_NE(x86.find("<architecture>i386:x86-64</architecture>"),
            std::string::npos);
  EXPECT_NE(x86.find("<feature name=\"org.gnu.gdb.i386.core\">"),
            std::string::npos);
  EXPECT_NE(x86.find("<reg name=\"st7\" bitsize=\"80\" type=\"i387_ext\" "
                     "group=\"float\"/>"),
            std::string::npos);
  std::string arm64 = target_description(*find_arch("aarch64"));
  EXPECT_NE(arm64.find("<feature name=\"org.gnu.gdb.aarch64.core\">"),
            std::string::npos);
  EXPECT_NE(arm64.find("<reg name=\"cpsr\" bitsize=\"32\""), std::string::npos);
}

TEST(RemoteTarget, ValuesLieAsInMemory) {
  const Arch& arch = *find_arch("aarch64");
  auto all = remote_registers(arch);
  Registers values;
  values.set(named(all, "x0").index.value(), 0x0102030405060708);
  values.set(named(all, "cpsr").index.value(), 0x80400005);
  EXPECT_EQ(register_text(arch, named(all, "x0"), values), "0807060504030201");
  EXPECT_EQ(register_text(arch, named(all, "cpsr"), values), "05004080");
  EXPECT_EQ(register_text(arch, named(all, "pc"), values),
            std::string(16, 'x'));
}

TEST(RemoteTarget, AnyTextCanBeInADocument) {
  EXPECT_EQ(xml_text("a<b>&\"'\n\x01\xef\xbf\xbf\xff"),
            "a&#60;b&#62;&#38;&#34;&#39; \\x01\\xef\\xbf\\xbf\\xff");
}

}  // namespace
}  // namespace inquest
