// SPDX-License-Identifier: GPL-3.0-or-later
// What users, kernels and debuggers write. Nothing is executed here.

#include "base/text.h"

#include "arch/bpf.h"
#include "command/options.h"
#include "fuzz/target.h"
#include "kernel/vmcoreinfo.h"
#include "remote/session.h"
#include "shell/aliases.h"
#include "shell/gdb.h"
#include "shell/invocation.h"
#include "shell/line.h"
#include "shell/mi.h"
#include "types/declaration.h"
#include "types/value_text.h"
#include "unit/remote/fake_target.h"
#include "unit/types/fake_scope.h"

namespace inquest::test {
namespace {

template <std::size_t count>
std::vector<Input> inputs(const std::string_view (&texts)[count]) {
  return to_inputs(texts);
}

// ---- The session's lines ----

void run_line(Bytes input) {
  std::string_view text = as_text(input);
  Aliases aliases;
  (void)gdb_refusal(text);
  auto line = parse_line(aliases.expand(text));
  if (!line) return;
  (void)split_words(line->command, Quotes::kept);
  auto words = split_words(line->command);
  (void)Options::parse(words, "ab:cxdS=");
  (void)take_width(words, 8);
}

std::vector<Input> line_seeds() {
  return inputs({"ps -k > out.txt", "ps>>\"two words\"", "ps | grep x > y | wc",
                 "ps ! head", "# a remark", "p (a > b) >= 'c|d' -> e",
                 "struct page.flags < list > out",
                 "rd -xS=1,3 -b4 -- -16 \"a b", "last -s (1 >> 2) && *x@4"});
}

// Arguments by line.
void run_arguments(Bytes input) {
  std::vector<std::string> words;
  for (std::string_view word : lines(as_text(input))) {
    // No file may be looked at that the input has made up.
    if (word.starts_with('-') || word.find('/') == std::string_view::npos)
      words.emplace_back(word);
  }
  (void)parse_invocation(words);
}

std::vector<Input> argument_seeds() {
  return inputs({"-s\n-i\ncommands\n--hex\n--kaslr=200m\n-m\nphys_base=0x1000",
                 "--cpus\n4\n--machdep\nphys_base=1m,vm=5level\n--command\nps",
                 "ddr.bin@0x1000,more@20\n--zero_excluded\n-o\nfile",
                 "--help\nps", "--gdbserver=:1234\n-x\n--no_modules"});
}

// ---- Expressions and types ----

// Two integers and a structure in a page of memory.
struct Variables {
  Variables() {
    const Type& number = bench.c("int");
    const Type& pair = bench.source->structure(
        "pair", 16,
        {{"x", &number, 0, 0},
         {"bits", &number, 35, 5},
         {"next", &bench.pointer(bench.c("char")), 64, 0}});
    bench.source->enumeration("seq", {{"A", 0}, {"B", 1}, {"C", 2}});
    bench.source->alias("u32", bench.c("unsigned int"));
    bench.space.put(0x1000, std::string(256, '\x10'));
    add("i", number, 0x1000);
    add("p", bench.pointer(pair), 0x1008);
    add("arr", bench.array(pair, 4), 0x1010);
    add("f", bench.types.function_of(number, {{"", &number}}, true), 0x1000);
  }
  void add(std::string_view name, const Type& type, std::uint64_t at) {
    scope.variables.emplace(name, Object(bench.space, type, Address{at}));
  }

  TypeBench bench;
  FakeScope scope{bench};
};

void run_expression(Bytes input) {
  Variables variables;
  Object object = evaluate(as_text(input), variables.scope);
  if (object.fault() != nullptr) return;
  for (char format : {'\0', 'x', 'c', 'z'}) {
    ValueStyle style{.format = format,
                     .repeats = 4,
                     .pretty = format != 0,
                     .most_values = 1 << 12};
    (void)print_text(object, style);
    (void)value_text(object, style);
  }
  (void)type_name(object.type());
}

std::vector<Input> expression_seeds() {
  return inputs({"(1 + 2) * 3 - -5 / i % 7", "1 ? 2 : 3 ? 4 : 5", "-1 > 0u",
                 "*arr@2", "*arr@$@$", "arr[1].next", "&p->x == &arr[0].x",
                 "(struct pair *)0x1010", "sizeof(struct pair) << 40L",
                 "'\\377' + \"ab\\tc\"[1]", "1.5e3 / 010 | 0xff ^ ~i",
                 "$3 + $$ + $", "{int} 0x1004", "(enum seq)1, B|C",
                 "(u32)-1 && !f || (char)97"});
}

void run_type_name(Bytes input) {
  TypeBench bench;
  bench.source->structure("page", 8, {{"a", &bench.c("int"), 0, 0}});
  auto type = bench.types.parse(as_text(input));
  if (!type) return;
  (void)(*type)->size();
  (void)declaration(**type, "name");
  (void)definition(**type);
}

std::vector<Input> type_seeds() {
  return inputs({"const struct page *volatile", "int (*[2])(int, ...)",
                 "unsigned long long int [16][3]", "page",
                 "int (*)(void (*)(char), struct page **)"});
}

// ---- The kernel's and gdb's texts ----

void run_vmcoreinfo(Bytes input) {
  Vmcoreinfo info{std::string(as_text(input))};
  (void)info.find("OSRELEASE");
  (void)info.symbol("_stext");
  (void)info.number("phys_base");
  (void)info.size("list_head");
  (void)info.offset("list_head.next");
  (void)info.length("zone.free_area");
}

std::vector<Input> vmcoreinfo_seeds() {
  return inputs(
      {"OSRELEASE=6.1.0\nSYMBOL(_stext)=ffffffff81000000\n"
       "NUMBER(phys_base)=-4096\nSIZE(list_head)=16\n"
       "OFFSET(list_head.next)=0\nLENGTH(zone.free_area)=11\n"});
}

void run_mi(Bytes input) {
  for (std::string_view line : lines(as_text(input)))
    (void)mi_quoted(parse_mi(line).text);
  (void)printable(as_text(input));
}

std::vector<Input> mi_seeds() {
  return inputs(
      {"12^done,value=\"1\"\n~\"a\\tb\\\"\\303\\n\"\n&\"warn\"\n"
       "7^error,msg=\"No symbol.\",code=\"undefined\"\n(gdb) "});
}

void run_gdb_server(Bytes input) {
  FakeTarget target;
  RemoteSession session(target);
  std::string_view text = as_text(input);
  // In two pieces, as the network may deliver it.
  (void)session.answer(text.substr(0, text.size() / 2));
  (void)session.answer(text.substr(text.size() / 2));
}

std::vector<Input> gdb_server_seeds() {
  std::vector<Input> seeds;
  for (std::string_view packet :
       {"qSupported:multiprocess+;xmlRegisters=i386", "QStartNoAckMode",
        "qXfer:features:read:target.xml:0,ffb", "qfThreadInfo", "qsThreadInfo",
        "qThreadExtraInfo,1f", "qC", "qAttached", "qOffsets", "qRcmd,6c6f67",
        "?", "Hg1f", "T20", "g", "p10", "mffff888000001000,40",
        "xffff888000001800,40", "vCont;c", "k"})
    seeds.push_back(to_input("+" + framed(packet) + "\x03-"));
  return seeds;
}

void run_bpf(Bytes input) {
  for (std::endian endian : {std::endian::little, std::endian::big}) {
    Bytes code = input;
    while (auto instruction = bpf_instruction(code, endian)) {
      (void)bpf_text(*instruction, {});
      code = code.subspan(instruction->size());
    }
  }
}

std::vector<Input> bpf_seeds() {
  return {
      to_input(std::string_view("\x61\x61\4\0\0\0\0\0\x18\1\0\0\1\0\0\0"
                                "\0\0\0\0\2\0\0\0\x85\0\0\0\6\0\0\0"
                                "\x55\1\xfe\xff\0\0\0\0\x95\0\0\0\0\0\0\0",
                                48))};
}

constexpr FuzzTarget targets[] = {
    {"line", run_line, line_seeds},
    {"arguments", run_arguments, argument_seeds},
    {"expression", run_expression, expression_seeds},
    {"type_name", run_type_name, type_seeds},
    {"vmcoreinfo", run_vmcoreinfo, vmcoreinfo_seeds},
    {"mi", run_mi, mi_seeds},
    {"gdb_server", run_gdb_server, gdb_server_seeds},
    {"bpf", run_bpf, bpf_seeds},
};

}  // namespace

std::vector<Input> to_inputs(std::span<const std::string_view> texts) {
  std::vector<Input> seeds;
  for (std::string_view text : texts)
    seeds.push_back(to_input(text));
  return seeds;
}

std::span<const FuzzTarget> text_targets() {
  return targets;
}

std::vector<FuzzTarget> fuzz_targets() {
  std::vector<FuzzTarget> all;
  for (std::span<const FuzzTarget> some :
       {dump_targets(), debuginfo_targets(), kernel_targets(), text_targets()})
    all.insert(all.end(), some.begin(), some.end());
  return all;
}

const FuzzTarget* fuzz_target(std::string_view name) {
  static const std::vector<FuzzTarget> all = fuzz_targets();
  for (const FuzzTarget& target : all) {
    if (target.name == name) return &target;
  }
  return nullptr;
}

}  // namespace inquest::test
