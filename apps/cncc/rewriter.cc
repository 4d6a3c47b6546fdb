#include "apps/cncc/rewriter.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <set>

#include "apps/cncc/declaration.h"
#include "apps/cncc/lexer.h"
#include "apps/cncc/nearest.h"
#include "apps/cncc/outline.h"

namespace picabia::cncc {
namespace {

constexpr std::array<std::string_view, 12> kCoreVariables = {
    "taskId",   "taskIdX",  "taskIdY",   "taskIdZ",    "taskDim", "taskDimX",
    "taskDimY", "taskDimZ", "clusterId", "clusterDim", "coreId",  "coreDim"};
constexpr const char* kSections[] = {".bss.picabia_nram", ".bss.picabia_wram", ".bss.picabia_sram",
                                     ".bss.picabia_ldram"};
// Of the compiler of the card; SRAM, which it packs, has the alignment of its types.
constexpr int kAlignments[] = {64, 64, 0, 64};
constexpr int kMaxParameters = 128;  // of cnrtKernelParamsBufferAddParam
constexpr int kMaxKernels = 512;     // include/bang/detail/runtime.h

std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (c == '\n')
      quoted += "\\n";
    else
      quoted += c;
  }
  return quoted + "\"";
}

struct FileVariable {
  std::string name, holder, path;  // path: of its namespaces, "a::b::"
  int space;
  size_t token;  // behind which it is known
};

class Rewriter {
 public:
  explicit Rewriter(std::string_view text) : source_(Lex(text)), outline_(MakeOutline(source_)) {
    before_.resize(source_.tokens.size() + 1);
    removed_.resize(source_.tokens.size());
  }

  Rewritten Run() {
    if (outline_.error.empty()) {
      FindHalfNames();
      CheckBuiltins();
      FindDefinitions();
      for (const OnChip& declaration : outline_.declarations) RewriteDeclaration(declaration);
      for (const size_t i : outline_.loose_qualifiers) removed_[i] = true;
      for (const Function& f : outline_.functions)
        if (f.user && (f.kernel || f.device)) on_device_.merge(Reachable(f));
      for (size_t f = 0; f < outline_.functions.size(); ++f) RewriteFunction(static_cast<int>(f));
      for (size_t i = 0; i < source_.tokens.size(); ++i) RewriteToken(i);
      CheckRecursion();
      if (kernels_ > kMaxKernels) result_.errors.push_back("more than 512 kernels in one file");
    } else {
      // The compiler says which brace it is; it does not know the qualifiers.
      for (size_t i = 0; i < tokens().size(); ++i) {
        removed_[i] = SpaceOf(tokens()[i].text) >= 0;
        RewriteToken(i);
      }
    }
    result_.kernels = kernels_;
    result_.uses_module = kernels_ > 0 || launches_ > 0 || next_ > 0;
    result_.text = Assemble();
    return std::move(result_);
  }

 private:
  const std::vector<Token>& tokens() const { return source_.tokens; }
  const std::string& FileOf(const Token& t) const {
    return source_.files[static_cast<size_t>(t.file)];
  }

  void Error(size_t token, const std::string& text) {
    const Token& t = tokens()[token];
    result_.errors.push_back(FileOf(t) + ":" + std::to_string(t.line) + ": error: " + text);
  }

  void Remove(size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i)
      if (tokens()[i].kind != TokenKind::kSpace && tokens()[i].kind != TokenKind::kMarker)
        removed_[i] = true;
  }

  // ---- variables of the on-chip memories ----

  std::string Record(const std::string& holder, const std::string& name, size_t token, int space,
                     int function) const {
    const Token& t = tokens()[token];
    return "[[maybe_unused]] static const ::picabia_bang_variable " + holder +
           "_record __attribute__((section(\"picabia_bang_variables\"), used, retain)) = {&" +
           holder + ", sizeof(" + holder + "), " + Quoted(name) + ", " + Quoted(FileOf(t)) +
           ", &picabia_bang_this_module, " + std::to_string(t.line) + ", " + std::to_string(space) +
           ", " + std::to_string(function) + ", 0}; ";
  }

  // `static T holder[N] section;`
  static std::string Holder(const std::string& type, const Declarator& d, const std::string& holder,
                            int space) {
    const std::string aligned =
        kAlignments[space] == 0 ? "" : ", aligned(" + std::to_string(kAlignments[space]) + ")";
    const std::string attributes =
        " __attribute__((section(\"" + std::string(kSections[space]) + "\")" + aligned + "))";
    if (d.counted)
      return "static ::std::remove_reference_t<decltype(::picabia_bang::Counted<" + type +
             d.pointers + ">(" + d.initialiser + "))> " + holder + attributes + "; ";
    return "static " + type + " " + d.pointers + holder + d.extents + attributes + "; ";
  }

  static std::string Assignment(const std::string& type, const Declarator& d) {
    if (d.initialiser.empty()) return "";
    if (!d.extents.empty()) {
      return "{ " + type + " " + d.pointers + "picabia_value" + d.extents + " = " + d.initialiser +
             "; __builtin_memcpy(&" + d.name + ", &picabia_value, sizeof(picabia_value)); } ";
    }
    return d.name + " = " + (d.braced ? type + d.pointers + d.initialiser : d.initialiser) + "; ";
  }

  static std::string WithoutConst(const std::string& type, const Declarator& d) {
    if (!d.pointers.empty()) return type;  // it is what is pointed to that is const
    std::string plain = type;
    for (size_t at; (at = plain.find("const")) != std::string::npos;) plain.erase(at, 5);
    return plain;
  }

  static std::string Local(const std::string& holder, int space) {
    return "::picabia_bang::Local<" + std::to_string(space) + ">(" + holder + ")";
  }
  static std::string Local(const FileVariable& v) {
    return Local("::" + v.path + v.holder, v.space);
  }
  static std::string Reference(const std::string& name, const std::string& local) {
    return "[[maybe_unused]] auto& " + name + " = " + local + "; ";
  }

  // The variable at file scope that a name means behind `token` in a namespace: the innermost
  // around it, else any (there may be a `using`). Null: none.
  const FileVariable* Visible(std::string_view name, size_t token, const std::string& path) const {
    const FileVariable* best = nullptr;
    const auto around = [&](const FileVariable& v) {
      return path.compare(0, v.path.size(), v.path) == 0;
    };
    for (const FileVariable& v : file_variables_) {
      if (v.name != name || v.token >= token) continue;
      const bool better =
          best == nullptr || (around(v) && (!around(*best) || v.path.size() >= best->path.size()));
      if (better) best = &v;
    }
    return best;
  }

  // The variable that `a::b::name` means, where token i is the name; *begin: the first token.
  const FileVariable* Qualified(size_t i, size_t* begin) const {
    std::string path;
    *begin = i;
    for (size_t scope = PreviousToken(tokens(), i);
         scope < tokens().size() && tokens()[scope].Is("::");
         scope = PreviousToken(tokens(), *begin)) {
      *begin = scope;
      const size_t outer = PreviousToken(tokens(), scope);
      if (outer >= tokens().size() || tokens()[outer].kind != TokenKind::kIdentifier) break;
      *begin = outer;
      path = std::string(tokens()[outer].text) + "::" + path;
    }
    if (*begin == i) return nullptr;
    for (const FileVariable& v : file_variables_) {
      const bool ends = v.path.size() >= path.size() &&
                        v.path.compare(v.path.size() - path.size(), path.size(), path) == 0;
      if (tokens()[i].Is(v.name) && v.token < i && (path.empty() ? v.path.empty() : ends))
        return &v;
    }
    return nullptr;
  }

  void RewriteDeclaration(const OnChip& on_chip) {
    if (on_chip.end >= tokens().size()) return;
    const int space = SpaceOf(tokens()[on_chip.qualifier].text);
    const Declaration declaration = ReadDeclaration(tokens(), on_chip.begin, on_chip.end);
    if (!declaration.error.empty())
      return Error(on_chip.qualifier, "in a declaration with " +
                                          std::string(tokens()[on_chip.qualifier].text) + ": " +
                                          declaration.error);
    if (on_chip.in_class)
      return Error(on_chip.qualifier, std::string(tokens()[on_chip.qualifier].text) +
                                          " cannot be used on a member of a class");
    if (on_chip.function >= 0 && declaration.is_extern)
      return Error(on_chip.qualifier, "an extern declaration inside a function");
    const size_t begin = KeepDefinition(on_chip, declaration);
    std::string text;
    for (const Declarator& d : declaration.declarators) {
      const std::string type = WithoutConst(declaration.type, d);
      if (on_chip.function < 0) {
        text += FileScope(on_chip, declaration, d, type);
        continue;
      }
      const std::string holder = "picabia_" + d.name + "_" + std::to_string(next_++);
      text += Holder(type, d, holder, space) +
              Record(holder, d.name, on_chip.qualifier, space, on_chip.function) +
              Reference(d.name, Local(holder, space)) + Assignment(type, d);
    }
    Remove(begin, on_chip.end + 1);
    before_[begin] += text;
  }

  // A structure that is defined together with its variables stays where it is. Returns the first
  // token of what follows.
  size_t KeepDefinition(const OnChip& on_chip, const Declaration& declaration) {
    if (declaration.defined == 0) return on_chip.begin;
    Remove(on_chip.begin, declaration.defined);
    if (!declaration.given_name.empty()) {
      size_t at = declaration.defined + 1;
      before_[at] += " " + declaration.given_name + " ";
    }
    const size_t begin = declaration.close_body + 1;
    before_[begin] += "; ";
    return begin;
  }

  // A variable at file scope: its place holder where it is first declared, its initialiser where it
  // is defined.
  std::string FileScope(const OnChip& on_chip, const Declaration& declaration, const Declarator& d,
                        const std::string& type) {
    if (declaration.is_extern && !defined_.contains(on_chip.path + d.name)) {
      Error(on_chip.qualifier, "extern variable '" + d.name +
                                   "' is not defined in this file; a memory of the chip is one of "
                                   "its file's kernels");
      return "";
    }
    if (declaration.is_extern && d.counted) return "";  // known from its definition on
    std::string text;
    std::string holder = DeclaredBefore(on_chip.path, d.name);
    const int space = SpaceOf(tokens()[on_chip.qualifier].text);
    if (holder.empty()) {
      holder = "picabia_" + d.name + "_" + std::to_string(next_++);
      text = Holder(type, d, holder, space) + Record(holder, d.name, on_chip.qualifier, space, -1);
    }
    if (d.initialiser.empty()) {
      file_variables_.push_back({d.name, holder, on_chip.path, space, on_chip.end});
      return text;
    }
    std::string known;
    for (const FileVariable& v : file_variables_)
      if (v.name != d.name && d.initialiser.find(v.name) != std::string::npos)
        known += Reference(v.name, Local(v));
    file_variables_.push_back({d.name, holder, on_chip.path, space, on_chip.end});
    return text + "[[maybe_unused]] static const int " + holder +
           "_set = ::picabia_bang::AddInitialiser(+[] { " + known +
           Reference(d.name, Local(holder, space)) + Assignment(type, d) + "}); ";
  }

  // The place holder of a variable that an extern declaration has made known, or empty.
  std::string DeclaredBefore(const std::string& path, const std::string& name) const {
    for (const FileVariable& v : file_variables_)
      if (v.name == name && v.path == path) return v.holder;
    return "";
  }

  // Names at file scope that are defined, with their namespaces.
  void FindDefinitions() {
    for (const OnChip& on_chip : outline_.declarations) {
      if (on_chip.function >= 0 || on_chip.in_class || on_chip.end >= tokens().size()) continue;
      const Declaration declaration = ReadDeclaration(tokens(), on_chip.begin, on_chip.end);
      if (declaration.is_extern) continue;
      for (const Declarator& d : declaration.declarators) defined_.insert(on_chip.path + d.name);
    }
  }

  // ---- functions ----

  // Default arguments name no parameter.
  bool IsParameter(const Function& f, const std::string& name) const {
    for (size_t i = f.open_params; i < f.close_params; ++i) {
      if (tokens()[i].Is("=")) i = DefaultEnd(f, i);
      if (tokens()[i].Is(name)) return true;
    }
    return false;
  }

  static bool IsCoreVariable(const Token& t) {
    return std::find(kCoreVariables.begin(), kCoreVariables.end(), t.text) != kCoreVariables.end();
  }

  void RewriteFunction(int index) {
    const Function& f = outline_.functions[static_cast<size_t>(index)];
    if (!f.user || f.close_body == 0) return;
    std::string prelude;
    for (const std::string_view name : kCoreVariables)
      if (f.names.contains(name) && !IsParameter(f, std::string(name)))
        prelude += "[[maybe_unused]] const int " + std::string(name) +
                   " = ::picabia_bang::Core()->" + std::string(name) + "; ";
    for (const std::string& name : f.names)
      if (const FileVariable* v = Visible(name, f.open_body, f.path);
          v != nullptr && !IsParameter(f, name))
        prelude += Reference(name, Local(*v));
    if (!prelude.empty()) {
      // Inside braces of its own the body may declare these names anew.
      before_[f.open_body] += "{ " + prelude;
      before_[f.close_body] += "} ";
    }
    RewriteHead(f);
    RewriteQualified(f);
    if (on_device_.contains(index)) RenameCalls(f);
    if (f.kernel && !f.is_template) AddKernel(f);
  }

  // Default arguments, and initialisers of a constructor: what they name is not known before the
  // body begins.
  void RewriteHead(const Function& f) {
    size_t i = f.open_params;
    for (; i < f.close_params; ++i)
      if (tokens()[i].Is("="))
        for (const size_t end = DefaultEnd(f, i); i < end; ++i) RewriteOutside(f, i);
    for (int depth = 0; ++i < f.open_body;) {
      if (tokens()[i].Is("(") || tokens()[i].Is("{")) ++depth;
      if (tokens()[i].Is(")") || tokens()[i].Is("}")) --depth;
      if (depth > 0) RewriteOutside(f, i);
    }
  }

  void RewriteOutside(const Function& f, size_t i) {
    const Token& t = tokens()[i];
    const size_t previous = PreviousToken(tokens(), i);
    const bool member = tokens()[previous].Is(".") || tokens()[previous].Is("->");
    if (t.kind != TokenKind::kIdentifier || member || IsParameter(f, std::string(t.text))) return;
    std::string text;
    if (IsCoreVariable(t)) text = "::picabia_bang::Core()->" + std::string(t.text);
    if (const FileVariable* v = Visible(t.text, i, f.path); v != nullptr) text = Local(*v);
    if (text.empty()) return;
    removed_[i] = true;
    before_[i] += text;
  }

  // `a::b::x` of a variable at file scope.
  void RewriteQualified(const Function& f) {
    for (size_t i = f.open_body; i < f.close_body; ++i) {
      size_t begin = i;
      const FileVariable* v = tokens()[i].kind == TokenKind::kIdentifier && !removed_[i]
                                  ? Qualified(i, &begin)
                                  : nullptr;
      if (v == nullptr) continue;
      Remove(begin, i + 1);
      before_[begin] += Local(*v);
    }
  }

  // What the C library would do to the whole process, the device does to a core; and its printf
  // knows halves.
  void RenameCalls(const Function& f) {
    static const std::map<std::string_view, std::string_view> kNames = {
        {"printf", "__bang_printf"},
        {"gettimeofday", "__bang_gettimeofday"},
        {"exit", "__bang_exit"},
        {"abort", "__bang_abort"},
        {"__assert_fail", "__bang_assert_fail"}};
    for (size_t i = f.open_body; i < f.close_body; ++i) {
      const auto name = kNames.find(tokens()[i].text);
      if (name == kNames.end() || tokens()[i].kind != TokenKind::kIdentifier) continue;
      const size_t previous = PreviousToken(tokens(), i);
      const bool member = tokens()[previous].Is(".") || tokens()[previous].Is("->");
      const size_t next = NextToken(tokens(), i);
      if (member || next >= tokens().size() || !tokens()[next].Is("(")) continue;
      removed_[i] = true;
      before_[i] += name->second;
    }
  }

  // Functions that `f` may call, itself among them, by name.
  std::set<int> Reachable(const Function& f) const {
    std::set<int> reached;
    std::function<void(const Function&)> visit = [&](const Function& function) {
      for (size_t i = 0; i < outline_.functions.size(); ++i) {
        const Function& other = outline_.functions[i];
        const bool called =
            &other == &function || (other.user && function.calls.contains(other.name));
        if (called && reached.insert(static_cast<int>(i)).second) visit(other);
      }
    };
    visit(f);
    return reached;
  }

  // Whether what only a memory core does, or SRAM, occurs in it.
  bool UsesMemoryCore(const Function& f) const {
    for (const std::string& name : f.names) {
      if (name == "__mlu_shared__" || name == "__is_mpu" || name == "__is_ipu" ||
          name == "__sync_all_mpu" || name == "__sramset" || name.find("SRAM") != std::string::npos)
        return true;
      for (const FileVariable& v : file_variables_)
        if (v.space == 2 && v.name == name) return true;
    }
    if (!f.names.contains("coreId")) return false;
    for (size_t i = f.open_body; i < f.close_body; ++i)
      if (tokens()[i].Is("0x80") || tokens()[i].Is("128")) return true;
    return false;
  }

  unsigned FlagsOf(const std::set<int>& reached) const {
    for (const int i : reached)
      if (UsesMemoryCore(outline_.functions[static_cast<size_t>(i)])) return 1;
    return 0;
  }

  int CountParameters(const Function& f) const {
    int count = 0, angles = 0;
    bool any = false;
    std::string only;
    for (size_t i = f.open_params + 1; i < f.close_params; ++i) {
      const Token& t = tokens()[i];
      if (t.kind == TokenKind::kSpace || t.kind == TokenKind::kMarker) continue;
      any = true;
      only += t.text;
      if (t.Is("(") || t.Is("[") || t.Is("{")) i = MatchingClose(tokens(), i);
      if (t.Is("<")) ++angles;
      if (t.Is(">")) --angles;
      if (t.Is(",") && angles == 0) ++count;
    }
    return !any || only == "void" ? 0 : count + 1;
  }

  bool NamesHalf(const Function& f) const {
    for (size_t i = f.open_params; i < f.close_params; ++i)
      if (half_names_.contains(tokens()[i].text)) return true;
    return false;
  }

  // Where the parameter ends whose default argument begins at `i`.
  size_t DefaultEnd(const Function& f, size_t i) const {
    while (i < f.close_params && !tokens()[i].Is(",")) {
      if (tokens()[i].Is("(") || tokens()[i].Is("[") || tokens()[i].Is("{"))
        i = MatchingClose(tokens(), i);
      ++i;
    }
    return std::min(i, f.close_params);
  }

  // Without default arguments, which a type cannot have.
  std::string ParameterText(const Function& f) const {
    std::string text;
    for (size_t i = f.open_params; i <= f.close_params; ++i) {
      if (tokens()[i].Is("=")) i = DefaultEnd(f, i);
      const Token& t = tokens()[i];
      if (t.kind == TokenKind::kMarker || SpaceOf(t.text) >= 0) continue;
      text += t.kind == TokenKind::kSpace ? std::string_view(" ") : t.text;
    }
    return text;
  }

  // The type and address right behind the kernel, while its name means nothing else; the rest at
  // the end of the file.
  void AddKernel(const Function& f) {
    const size_t result = PreviousToken(tokens(), PreviousToken(tokens(), f.open_params));
    static const std::set<std::string_view> kValues = {"int",  "float", "double", "half", "bool",
                                                       "char", "short", "long",   "*"};
    if (result < tokens().size() && kValues.contains(tokens()[result].text))
      return Error(f.open_params, "kernel " + f.name + " returns a value; kernels are void");
    if (const int count = CountParameters(f); count > kMaxParameters)
      Error(f.open_params, "kernel " + f.name + " has " + std::to_string(count) +
                               " parameters, at most " + std::to_string(kMaxParameters) +
                               " are expected");
    const std::string n = std::to_string(kernels_++);
    const std::string type = "picabia_type_" + n, function = "picabia_function_" + n;
    before_[f.close_body + 1] += " typedef void " + type + ParameterText(f) +
                                 "; [[maybe_unused]] static " + type + "* const " + function +
                                 " = &" + f.name + "; ";
    std::string* where = f.global ? &epilogue_ : &before_[f.close_body + 1];
    *where += KernelRecord(f, n, type, function) + (f.global ? "\n" : "");
  }

  // Functions that carry the names under which programs link the kernel; adds their addresses to
  // the list.
  std::string Aliases(const Function& f, const std::string& n, const std::string& type,
                      std::string* addresses, int* count) const {
    const std::string called = "{ ::picabia_bang::CalledByHost(" + Quoted(f.name) + "); } ";
    std::string text;
    if (!f.c_linkage) {
      const std::string alias = "picabia_alias_" + n;
      text += "__attribute__((used, noinline, visibility(\"default\"))) void " + alias +
              "() __asm__(\"" + f.name + "\"); void " + alias + "() " + called;
      *addresses += ", (const void*)&" + alias;
      ++*count;
    }
    const int params = CountParameters(f);
    if (f.c_linkage || !f.global || params == 0 || !NamesHalf(f)) return text;
    std::string list;
    for (int i = 0; i < params; ++i)
      list += std::string(i == 0 ? "" : ", ") + "::picabia_bang::HostParam<" + std::to_string(i) +
              ", " + type + ">";
    text += "__attribute__((used, noinline)) void " + f.name + "(" + list + ") " + called;
    *addresses += ", (const void*)static_cast<void (*)(" + list + ")>(&" + f.name + ")";
    ++*count;
    return text;
  }

  std::string KernelRecord(const Function& f, const std::string& n, const std::string& type,
                           const std::string& function) const {
    const std::set<int> reached = Reachable(f);
    std::string addresses = "(const void*)" + function;
    int count = 1;
    std::string text = Aliases(f, n, type, &addresses, &count);
    std::string functions;
    for (const int i : reached) functions += std::to_string(i) + ", ";
    const Token& t = tokens()[f.open_params];
    text += "static const void* const picabia_addresses_" + n + "[] = {" + addresses +
            "}; static const int " + "picabia_reached_" + n + "[] = {" + functions +
            "-1}; [[maybe_unused]] static const int picabia_added_" + n +
            " = ::picabia_bang::AddKernel({" + Quoted(f.name) + ", " + Quoted(FileOf(t)) + ", " +
            std::to_string(t.line) + ", " + std::to_string(FlagsOf(reached)) + ", (const void*)" +
            function + ", &::picabia_bang::KernelType<" + type +
            ">::Call, ::picabia_bang::KernelType<" + type + ">::params, " +
            std::to_string(CountParameters(f)) + ", " + std::to_string(count) +
            ", picabia_addresses_" + n + ", picabia_reached_" + n + "}); ";
    return text;
  }

  // `typedef half T;` and `using T = half;`: by these names, too, a parameter is a half.
  void FindHalfNames() {
    half_names_ = {"half"};
    for (size_t i = 0; i < tokens().size(); ++i) {
      if (tokens()[i].system) continue;
      const bool is_typedef = tokens()[i].Is("typedef");
      if (!is_typedef && !tokens()[i].Is("using")) continue;
      const size_t a = NextToken(tokens(), i), b = NextToken(tokens(), a),
                   c = NextToken(tokens(), b);
      if (c >= tokens().size()) return;
      if (is_typedef && half_names_.contains(tokens()[a].text))
        half_names_.emplace(tokens()[b].text);
      if (!is_typedef && tokens()[b].Is("=") && half_names_.contains(tokens()[c].text))
        half_names_.emplace(tokens()[a].text);
    }
  }

  // Names that only one function has: overloads may call each other without recursion.
  void CheckRecursion() {
    std::map<std::string, std::vector<const Function*>> by_name;
    for (const Function& f : outline_.functions)
      if (f.user && !f.in_class) by_name[f.name].push_back(&f);
    std::map<std::string, int> state;  // 1: on the way, 2: done
    std::vector<std::string> path;
    std::function<void(const Function&)> visit = [&](const Function& f) {
      state[f.name] = 1;
      path.push_back(f.name);
      for (const std::string& callee : f.calls) {
        const auto found = by_name.find(callee);
        if (found == by_name.end() || found->second.size() != 1 || found->second[0]->is_template)
          continue;
        if (state[callee] == 1) {
          std::string text = "recursion: ";
          for (auto p = std::find(path.begin(), path.end(), callee); p != path.end(); ++p)
            text += *p + " calls ";
          Error(found->second[0]->open_params, text + callee + "; the device has no stack for it");
        } else if (state[callee] == 0) {
          visit(*found->second[0]);
        }
      }
      path.pop_back();
      state[f.name] = 2;
    };
    for (const Function& f : outline_.functions)
      if ((f.kernel || f.device) && f.user && !f.is_template && by_name[f.name].size() == 1 &&
          state[f.name] == 0)
        visit(f);
  }

  // Calls of builtins that our headers do not have: the compiler would not say which one is near.
  void CheckBuiltins() {
    constexpr std::array<std::string_view, 10> kStarts = {
        "__bang_",    "__sync_",    "__memcpy", "__nramset", "__sramset",
        "__gdramset", "__ldramset", "__half2",  "__float2",  "__mlvm_"};
    const auto builtin = [&](std::string_view name) {
      return std::any_of(kStarts.begin(), kStarts.end(),
                         [&](auto s) { return name.substr(0, s.size()) == s; });
    };
    std::set<std::string, std::less<>> known;
    for (const Token& t : tokens())
      if (t.system && t.kind == TokenKind::kIdentifier && builtin(t.text)) known.emplace(t.text);
    for (const Function& f : outline_.functions) known.insert(f.name);
    for (size_t i = 0; i < tokens().size(); ++i) {
      const Token& t = tokens()[i];
      if (t.system || t.kind != TokenKind::kIdentifier || !builtin(t.text) ||
          known.contains(t.text))
        continue;
      const size_t next = NextToken(tokens(), i);
      if (next >= tokens().size() || !tokens()[next].Is("(")) continue;
      const std::string near = Nearest(t.text, known);
      Error(i, "'" + std::string(t.text) + "' is no builtin that is known here" +
                   (near.empty() ? "" : "; did you mean '" + near + "'?"));
    }
  }

  // ---- single tokens ----

  void RewriteToken(size_t i) {
    const Token& t = tokens()[i];
    if (removed_[i]) return;  // what stands in its place has been written
    if (t.kind == TokenKind::kIdentifier) return RewriteIdentifier(i);
    if (t.kind == TokenKind::kNumber) return RewriteNumber(i);
    if (!t.system && t.Is("<") && i + 2 < tokens().size() && tokens()[i + 1].Is("<") &&
        tokens()[i + 2].Is("<"))
      RewriteLaunch(i);
  }

  bool HeadSays(size_t i, std::string_view word) const {
    for (const Function& f : outline_.functions) {
      if (i < f.head || i >= f.open_params) continue;
      for (size_t k = f.head; k < f.open_params; ++k)
        if (tokens()[k].Is(word)) return true;
      return false;
    }
    // A declaration without a body: up to its ";".
    for (size_t k = i; k < tokens().size() && !tokens()[k].Is(";"); ++k)
      if (tokens()[k].Is(word)) return true;
    for (size_t k = PreviousToken(tokens(), i); k < tokens().size();
         k = PreviousToken(tokens(), k)) {
      if (tokens()[k].Is(";") || tokens()[k].Is("}") || tokens()[k].Is("{")) return false;
      if (tokens()[k].Is(word)) return true;
    }
    return false;
  }

  void RewriteIdentifier(size_t i) {
    const Token& t = tokens()[i];
    if (t.Is("__mlu_entry__") || t.Is("__mlu_global__") || t.Is("__mlu_host__") ||
        t.Is("__mlu_const__") || t.Is("__mlu_builtin__")) {
      removed_[i] = true;
    } else if (t.Is("__mlu_func__") || t.Is("__mlu_device__")) {
      removed_[i] = true;
      const bool has = HeadSays(i, "inline") || HeadSays(i, "static") || HeadSays(i, "constexpr");
      if (!has) before_[i] += "inline";
    } else if (!t.system && (t.Is("asm") || t.Is("__asm__") || t.Is("__asm"))) {
      RewriteAssembly(i);
    }
  }

  void RewriteNumber(size_t i) {
    const std::string literal = HalfLiteral(tokens()[i]);
    if (literal.empty()) return;
    removed_[i] = true;
    before_[i] += literal;
  }

  void RewriteAssembly(size_t i) {
    size_t open = NextToken(tokens(), i);
    while (open < tokens().size() && tokens()[open].kind == TokenKind::kIdentifier)
      open = NextToken(tokens(), open);
    if (open >= tokens().size() || !tokens()[open].Is("(")) return;
    const size_t close = MatchingClose(tokens(), open);
    std::string code;
    for (size_t k = open; k < close && !tokens()[k].Is(":"); ++k)
      if (tokens()[k].kind == TokenKind::kText) code += tokens()[k].text;
    std::string call;
    if (code.find("barrier.sync.local") != std::string::npos)
      call = "__sync_all_ipu_within_cluster()";
    else if (code.find("barrier.sync.global") != std::string::npos)
      call = "__sync_all_ipu()";
    else if (code.find("readperf") != std::string::npos)
      call = "(void)0";
    else if (code.find("sync") != std::string::npos)
      call = "__sync()";
    else
      return Error(i, "inline assembly of the device cannot run here: " + code);
    Remove(i, close + 1);
    before_[i] += call;
  }

  // The first token of the expression that is launched: a name with scopes and template arguments.
  size_t CalleeBegin(size_t launch) const {
    size_t i = PreviousToken(tokens(), launch);
    if (i < tokens().size() && tokens()[i].Is(">")) {
      int depth = 0;
      for (; i < tokens().size(); i = PreviousToken(tokens(), i)) {
        if (tokens()[i].Is(">")) ++depth;
        if (tokens()[i].Is("<") && --depth == 0) break;
      }
      i = PreviousToken(tokens(), i);
    }
    for (;;) {
      const size_t scope = PreviousToken(tokens(), i);
      if (scope >= tokens().size() || !tokens()[scope].Is("::")) return i;
      const size_t outer = PreviousToken(tokens(), scope);
      if (outer >= tokens().size() || tokens()[outer].kind != TokenKind::kIdentifier) return scope;
      i = outer;
    }
  }

  size_t LaunchEnd(size_t open) const {
    for (size_t i = open + 3; i + 2 < tokens().size(); ++i) {
      if (tokens()[i].Is("(") || tokens()[i].Is("[") || tokens()[i].Is("{"))
        i = MatchingClose(tokens(), i);
      if (i + 2 < tokens().size() && tokens()[i].Is(">") && tokens()[i + 1].Is(">") &&
          tokens()[i + 2].Is(">"))
        return i;
    }
    return tokens().size();
  }

  // Whether the kernel, named by token `k` of a launch at `launch`, is a template without arguments
  // there, or one whose parameters have default arguments.
  bool OnlyACallTells(const Function& f, size_t k, size_t launch) const {
    if (f.is_template) return NextToken(tokens(), k) == launch;
    for (size_t i = f.open_params; i < f.close_params; ++i)
      if (tokens()[i].Is("=")) return true;
    return false;
  }

  void RewriteLaunch(size_t i) {
    const size_t begin = CalleeBegin(i), end = LaunchEnd(i);
    if (begin >= tokens().size() || end >= tokens().size()) return Error(i, "<<< without >>>");
    std::string name, callee;
    unsigned flags = 0;
    bool by_call = false, is_template = false;
    for (size_t k = begin; k < i; ++k) {
      callee += tokens()[k].kind == TokenKind::kMarker ? std::string_view() : tokens()[k].text;
      for (const Function& f : outline_.functions)
        if (f.kernel && tokens()[k].Is(f.name)) {
          name = f.name;
          flags = FlagsOf(Reachable(f));
          by_call = OnlyACallTells(f, k, i);
          is_template = f.is_template;
        }
    }
    ++launches_;
    if (by_call || is_template) Remove(begin, i);
    removed_[i] = removed_[i + 1] = removed_[i + 2] = true;
    removed_[end] = removed_[end + 1] = removed_[end + 2] = true;
    before_[begin] +=
        by_call
            ? "::picabia_bang::LaunchCall([](auto... picabia_a) { " + callee + "(picabia_a...); }"
        : is_template ? "::picabia_bang::LaunchTemplate([] { return &" + callee + "; }"
                      : "::picabia_bang::Launch(";
    before_[i] += ", " + Quoted(name.empty() ? std::string(tokens()[begin].text) : name) + ", " +
                  std::to_string(flags) + "u, &picabia_bang_this_module).On(";
    before_[end] += ")";
  }

  std::string Assemble() const {
    std::string text;
    for (size_t i = 0; i < tokens().size(); ++i) {
      text += before_[i];
      if (!removed_[i]) text += tokens()[i].text;
    }
    text += before_.back();
    if (!epilogue_.empty()) text += "\n# 1 \"<picabia>\" 3\n" + epilogue_;
    return text;
  }

  Source source_;
  Outline outline_;
  std::vector<std::string> before_;  // text to put before each token
  std::vector<bool> removed_;
  std::vector<FileVariable> file_variables_;
  std::set<std::string> defined_;  // variables at file scope, with their namespaces
  std::set<std::string, std::less<>> half_names_;
  std::set<int> on_device_;  // functions that kernels may call
  std::string epilogue_;     // text for the end of the file
  int next_ = 0, kernels_ = 0, launches_ = 0;
  Rewritten result_;
};

}  // namespace

Rewritten Rewrite(std::string_view preprocessed) { return Rewriter(preprocessed).Run(); }

}  // namespace picabia::cncc
