// SPDX-License-Identifier: GPL-3.0-or-later
// tree: the entries of red-black trees, xarrays, radix and maple trees.

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/numbers.h"
#include "command/entry_row.h"
#include "command/maple_row.h"
#include "command/values.h"
#include "kernel/list.h"

namespace inquest {
namespace {

// ---- What the user may ask ----

const Help help = {
    .summary = "radix, XArray, red-black or maple tree",
    .synopsis =
        "[-t [radix|xarray|rbtree|maple]] [-r offset]\n"
        "     [-[s|S] struct[.member[,member]]] -[x|d] [-o offset] [-l] [-p]\n"
        "     [-v] [-N] start",
    .description =
        "Shows the addresses of the entries of a tree. |start| is its root,\n"
        "an rb_root, rb_root_cached, xarray, radix_tree_root, idr or\n"
        "maple_tree, as an address, a symbol or an expression in parentheses.\n"
        "A red-black tree is shown from its root on, each node before what\n"
        "is left and right of it; the others by index.",
    .options =
        {
            {"-t type",
             "rbtree (the default), xarray, radix or maple; ra, x "
             "and so on will do"},
            {"-r offset",
             "the root is so far behind |start|: a number or struct.member"},
            {"-o offset", "of the rb_node in an entry, 0 by default"},
            {"-s struct[.member,...]",
             "show the structure, or these members, of every entry; may be "
             "given several times"},
            {"-S struct[.member,...]",
             "the same, with numbers and strings as they lie in memory"},
            {"-l", "a red-black tree in its order"},
            {"-p",
             "where in the tree each entry is; for the first index that "
             "a maple tree's entry stands for"},
            {"-v", "a maple tree's nodes with all that they hold"},
            {"-N",
             "|start| is a node: an rb_node, xa_node, radix_tree_node, "
             "or a maple tree's pointer to one"},
            {"-x", "integers in hexadecimal"},
            {"-d", "integers in decimal"},
        },
    .examples =
        {
            {"Every struct pid of the first namespace, by number",
             "tree -t xarray -r pid_namespace.idr -p -S pid.level "
             "init_pid_ns"},
        },
};

enum class TreeType { rbtree, xarray, radix, maple };

struct Request {
  TreeType type = TreeType::rbtree;
  Address start;
  std::uint64_t offset = 0;
  EntryShape shape;
  bool is_linear = false, has_position = false, is_verbose = false;
  bool is_node = false;
};

Error usage(std::string message) {
  return {ErrorKind::usage, std::move(message)};
}

// Any beginning of a type's name stands for it.
Result<TreeType> tree_type(std::string_view word) {
  constexpr std::array<std::pair<std::string_view, TreeType>, 4> names = {
      {{"rbtree", TreeType::rbtree},
       {"radix", TreeType::radix},
       {"xarray", TreeType::xarray},
       {"maple", TreeType::maple}}};
  const std::pair<std::string_view, TreeType>* found = nullptr;
  for (const auto& name : names) {
    if (!name.first.starts_with(word)) continue;
    if (found != nullptr)
      found = nullptr;
    else
      found = &name;
  }
  if (found != nullptr && !word.empty()) return found->second;
  return usage(fmt::format("invalid tree type: {}", word));
}

std::string_view plural(TreeType type) {
  switch (type) {
    case TreeType::xarray:
      return "Xarrays";
    case TreeType::radix:
      return "radix trees";
    default:
      return "maple trees";
  }
}

Result<void> check(const Options& options, TreeType type) {
  for (char letter : {'l', 'o'}) {
    if (type != TreeType::rbtree && options.has(letter)) {
      return Error(ErrorKind::unsupported,
                   fmt::format("-{} option is not applicable to {}", letter,
                               plural(type)));
    }
  }
  if (options.has('v') && type != TreeType::maple) {
    return usage("-v is for maple trees");
  }
  return {};
}

Result<std::uint64_t> distance(const Session& session, const Options& options,
                               char letter) {
  auto text = options.argument(letter);
  if (!text) return std::uint64_t{0};
  auto found = member_distance(session.kernel.types(), *text);
  if (found) return *found;
  return Error(ErrorKind::not_found,
               fmt::format("invalid -{} argument: {}", letter, *text));
}

Result<Request> parsed(const Session& session, Command::Words words) {
  Options options = TRY(Options::parse(words, "t:r:o:s:S:lpvNxd"));
  Request request;
  if (auto type = options.argument('t')) request.type = TRY(tree_type(*type));
  TRY(check(options, request.type));
  if (options.words().size() != 1) {
    return usage(options.words().empty()
                     ? "a starting address is required"
                     : fmt::format("invalid argument: {}", options.words()[1]));
  }
  const std::string& word = options.words()[0];
  auto start = start_address(session, word);
  if (!start || start->value >> 63 == 0) {
    return Error(ErrorKind::not_found,
                 fmt::format("invalid start argument: {}", word));
  }
  request.start = *start + TRY(distance(session, options, 'r'));
  request.offset = TRY(distance(session, options, 'o'));
  request.shape = TRY(entry_shape(session, options));
  request.is_linear = options.has('l');
  request.has_position = options.has('p');
  request.is_verbose = options.has('v');
  request.is_node = options.has('N');
  return request;
}

// ---- How we find and show it ----

std::string position(const std::vector<unsigned>& path) {
  std::string text = "root";
  for (unsigned slot : path)
    text += fmt::format("/{}", slot);
  return text;
}

std::string position(std::string_view path) {
  std::string text = "root";
  for (char side : path) {
    text += '/';
    text += side;
  }
  return text;
}

class Trees {
 public:
  Trees(const Kernel& kernel, const Request& request, report::Sink& out)
      : kernel_(kernel), request_(request), out_(out) {}

  Result<void> show() const {
    switch (request_.type) {
      case TreeType::rbtree:
        return rbtree();
      case TreeType::radix:
      case TreeType::xarray:
        return xarray();
      case TreeType::maple:
        break;
    }
    MapleTree tree = TRY(maple());
    if (!request_.is_verbose) return entries(tree);
    show_maple_tree(tree, out_);
    return {};
  }

 private:
  void entry(EntryRow row) const {
    show_entry(kernel_.memory(), request_.shape, std::move(row), out_);
  }

  static Error failure(const Error& error) {
    if (error.kind() != ErrorKind::fault) return error;
    return failed_read("kernel virtual address", Address{error.address()},
                       "tree node", error);
  }

  Result<void> rbtree() const {
    Object root = kernel_.object(request_.is_node ? "rb_node" : "rb_root",
                                 request_.start);
    TreeOrder order =
        request_.is_linear ? TreeOrder::sorted : TreeOrder::node_first;
    for (const RbNode& item : rbtree_nodes(root, order)) {
      if (item.node.fault() != nullptr) return failure(*item.node.fault());
      EntryRow row{.address = item.node.address() - request_.offset};
      if (request_.has_position) row.position = position(item.path);
      entry(std::move(row));
    }
    return {};
  }

  // Both are one structure under two names since 4.20.
  Result<void> xarray() const {
    bool is_radix = request_.type == TreeType::radix;
    std::string_view name = is_radix ? "radix_tree_root" : "xarray";
    if (!kernel_.structure(name)) {
      return Error(ErrorKind::unsupported,
                   fmt::format("{} do not exist or have changed their format",
                               plural(request_.type)));
    }
    auto found =
        request_.is_node
            ? xarray_node_entries(kernel_, request_.start)
            : xarray_entries(kernel_, kernel_.object(name, request_.start));
    for (const IndexedEntry& item : found) {
      if (item.fault) return failure(*item.fault);
      EntryRow row{.address = item.entry};
      if (request_.has_position) {
        row.index = item.index;
        row.position = position(item.path);
      }
      entry(std::move(row));
    }
    return {};
  }

  Result<MapleTree> maple() const {
    if (!request_.is_node) {
      return MapleTree::open(kernel_,
                             kernel_.object("maple_tree", request_.start));
    }
    return MapleTree::below(kernel_, request_.start.value);
  }

  Result<void> entries(const MapleTree& tree) const {
    for (const MapleStep& step : tree.steps()) {
      if (!step.slot) continue;
      const MapleEntry& item = step.entry;
      if (item.fault) {
        out_.problem(failure(*item.fault).while_doing("tree"));
        continue;
      }
      if (item.entry.value == 0 || item.is_mark()) continue;
      EntryRow row{.address = item.entry};
      if (request_.has_position) {
        row.index = item.first;
        row.position = maple_position(step);
      }
      entry(std::move(row));
    }
    return {};
  }

  static std::string maple_position(const MapleStep& step) {
    if (step.node == nullptr) return "root";
    std::vector<unsigned> path = step.node->path;
    path.push_back(*step.slot);
    return position(path);
  }

  const Kernel& kernel_;
  const Request& request_;
  report::Sink& out_;
};

Result<void> run(Session& session, Command::Words words, report::Sink& out) {
  Request request = TRY(parsed(session, words));
  return Trees(session.kernel, request, out).show();
}

}  // namespace

extern const Command tree_command;
const Command tree_command = {"tree", &help, run};

}  // namespace inquest
