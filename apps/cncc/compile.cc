#include "apps/cncc/compile.h"

#include <cstdio>
#include <filesystem>
#include <functional>

#include "apps/cncc/rewriter.h"

namespace picabia::cncc {
namespace {

namespace fs = std::filesystem;
using Arguments = std::vector<std::string>;

// Standard headers and bang.h are 3 MiB.
constexpr uintmax_t kMaxPreprocessed = uintmax_t{64} << 20;

// Half needs a compiler that rounds after every operation; earlier ones, and GCC 12, keep float in
// between.
const std::vector<std::string> kCompilers = {"clang++-19", "clang++-18", "clang++-17",
                                             "clang++-20", "clang++-21", "clang++"};

void Append(Arguments* list, const Arguments& more) {
  list->insert(list->end(), more.begin(), more.end());
}

// The instructions that this machine has and most have: halves are converted by the processor.
Arguments MachineOptions() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
      __builtin_cpu_supports("f16c"))
    return {"-march=x86-64-v3"};
#endif
  return {};
}

bool HasOption(const Arguments& list, const std::string& start) {
  for (const std::string& option : list)
    if (option.compare(0, start.size(), start) == 0) return true;
  return false;
}

// A name for the module that no other translation unit has: the same source may be compiled in
// several ways.
std::string ModuleName(const Job& job, const std::string& input) {
  std::error_code error;
  std::string all = fs::absolute(input, error).string() + '\0' + job.output;
  for (const auto& option : job.preprocess) all += '\0' + option;
  const size_t hash = std::hash<std::string>()(all);
  char text[64];
  std::snprintf(text, sizeof(text), "picabia_bang_module_%016zx", hash);
  return text;
}

// A function of the checked library that no instrumentation touches.
std::string Hook(const std::string& declaration, const std::string& body) {
  return "extern \"C\" __attribute__((visibility(\"hidden\"), no_sanitize(\"thread\"), "
         "disable_sanitizer_instrumentation, used)) void " +
         declaration + " { " + body + " }\n";
}

// What the instrumentation of ThreadSanitizer and of array bounds calls, made into calls of our
// checker.
std::string Hooks() {
  std::string text;
  for (const bool write : {false, true}) {
    const std::string verb = write ? "write" : "read";
    const auto access = [&](const std::string& bytes) {
      return "picabia_bang_access(p, " + bytes + ", " + (write ? "1" : "0") +
             ", __builtin_return_address(0));";
    };
    for (const char* size : {"1", "2", "4", "8", "16"}) {
      text += Hook("__tsan_" + verb + size + "(void* p)", access(size));
      text += Hook("__tsan_unaligned_" + verb + size + "(void* p)", access(size));
    }
    text += Hook("__tsan_" + verb + "_range(void* p, unsigned long n)", access("n"));
  }
  text += "extern \"C\" __attribute__((visibility(\"hidden\"))) void* __dso_handle = nullptr;\n";
  for (const char* nothing : {"__tsan_init()", "__tsan_func_entry(void*)", "__tsan_func_exit()",
                              "__tsan_vptr_update(void**, void*)", "__tsan_vptr_read(void**)",
                              "__tsan_ignore_thread_begin()", "__tsan_ignore_thread_end()"})
    text += Hook(nothing, "");
  const std::string both =
      "picabia_bang_access(s, n, 0, __builtin_return_address(0)); picabia_bang_access(d, n, 1, "
      "__builtin_return_address(0)); ";
  std::string copies =
      Hook("*__tsan_memcpy(void* d, const void* s, unsigned long n)",
           both + "return memcpy(d, s, n);") +
      Hook("*__tsan_memmove(void* d, const void* s, unsigned long n)",
           both + "return memmove(d, s, n);") +
      Hook("*__tsan_memset(void* d, int c, unsigned long n)",
           "picabia_bang_access(d, n, 1, __builtin_return_address(0)); return memset(d, c, n);");
  return text + copies +
         Hook("__ubsan_handle_out_of_bounds(void* where, void* index)",
              "picabia_bang_bad_index(*(const char**)where, (int)((unsigned*)where)[2], (long "
              "long)index);");
}

class Compilation {
 public:
  Compilation(const Job& job, const Tools& tools, const TemporaryFolder& folder,
              const std::string& input, const std::string& output)
      : job_(job), tools_(tools), folder_(folder), input_(input), output_(output) {}

  Status Run(int* exit_code) {
    PICABIA_RETURN_IF_ERROR(Preprocess());
    if (exit_ == 0 && job_.step != Step::kPreprocess) PICABIA_RETURN_IF_ERROR(Build());
    *exit_code = exit_;
    return OkStatus();
  }

 private:
  Status Call(Arguments arguments) {
    if (exit_ != 0) return OkStatus();
    arguments.insert(arguments.begin(), {tools_.compiler, "-fno-crash-diagnostics"});
    if (job_.verbose) {
      for (const std::string& a : arguments) std::fprintf(stderr, "%s ", a.c_str());
      std::fprintf(stderr, "\n");
    }
    PICABIA_ASSIGN_OR_RETURN(exit_, RunProgram(arguments));
    return OkStatus();
  }

  Status Preprocess() {
    preprocessed_ = folder_.File("source.ii");
    Arguments a = {"-E",
                   "-x",
                   "c++",
                   "-D__BANG__=1",
                   "-D__BANG_ARCH__=" + std::to_string(job_.arch),
                   "-D__MLU__=1",
                   "-D__mlu__=1",
                   "-DPICABIA_BANG_MODULE=\"" + ModuleName(job_, input_) + "\""};
    const bool newer = job_.arch >= 370;
    Append(&a, {newer ? "-D__MLU_NRAM_SIZE__=768" : "-D__MLU_NRAM_SIZE__=512",
                job_.arch == 270 || newer ? "-D__MLU_WRAM_SIZE__=1024" : "-D__MLU_WRAM_SIZE__=512",
                newer ? "-D__MLU_SRAM_SIZE__=4096" : "-D__MLU_SRAM_SIZE__=2048"});
    if (!HasOption(job_.preprocess, "-std=")) a.push_back("-std=c++17");
    for (const std::string& include : tools_.include) Append(&a, {"-isystem", include});
    Append(&a, job_.preprocess);
    Append(&a, {"-include", "bang/bang.h"});
    const bool print = job_.step == Step::kPreprocess;
    if (!print || !output_.empty()) Append(&a, {"-o", print ? output_ : preprocessed_});
    a.push_back(SafePath(input_));
    return Call(a);
  }

  Status Build() {
    PICABIA_RETURN_IF_ERROR(CheckSize());
    PICABIA_ASSIGN_OR_RETURN(const std::string text, ReadText(preprocessed_));
    const Rewritten rewritten = Rewrite(text);
    for (const std::string& error : rewritten.errors) std::fprintf(stderr, "%s\n", error.c_str());
    if (!rewritten.errors.empty()) {
      exit_ = 1;
      return OkStatus();
    }
    has_kernels_ = rewritten.uses_module;
    if (has_kernels_) PICABIA_RETURN_IF_ERROR(BuildCheckedImage(rewritten.text));
    const std::string source = folder_.File("kernel.ii");
    PICABIA_RETURN_IF_ERROR(WriteText(source, rewritten.text + Module(false)));
    Arguments a = CompileOptions();
    Append(&a, job_.compile);
    Append(&a, {job_.step == Step::kAssembly ? "-S" : "-c", source, "-o", output_});
    return Call(a);
  }

  // The rewriter holds all of it, several times over.
  Status CheckSize() const {
    std::error_code error;
    const auto bytes = fs::file_size(preprocessed_, error);
    if (error || bytes <= kMaxPreprocessed) return OkStatus();
    return ResourceError("the source has " + std::to_string(bytes >> 20) +
                         " MiB when macros and #include are expanded, at most " +
                         std::to_string(kMaxPreprocessed >> 20) + " are expected");
  }

  Arguments CompileOptions() const {
    Arguments a = {"-x", "c++-cpp-output"};
    Append(&a, {"-fPIC", "-ffp-contract=off", "-fno-math-errno", "-fno-strict-aliasing", "-Xclang",
                "-ffloat16-excess-precision=none", "-Wno-unknown-pragmas",
                "-Wno-unused-command-line-argument", "-Wno-pass-failed"});
    if (!HasOption(job_.compile, "-std=")) a.push_back("-std=c++17");
    if (!HasOption(job_.compile, "-O")) a.push_back("-O3");
    if (!HasOption(job_.compile, "-march=")) Append(&a, MachineOptions());
    return a;
  }

  // The same source with a call of the checker at every load and store, as a library of its own
  // inside the object.
  Status BuildCheckedImage(const std::string& text) {
    const std::string source = folder_.File("checked.ii"), object = folder_.File("checked.o");
    image_ = folder_.File("checked.so");
    std::string renamed = text;
    const std::string name = ModuleName(job_, input_);
    for (size_t at = 0; (at = renamed.find(name, at)) != std::string::npos;)
      renamed.replace(at, name.size(), "picabia_bang_checked_module");
    PICABIA_RETURN_IF_ERROR(WriteText(source, renamed + Module(true)));
    Arguments a = CompileOptions();
    // Inlining and vectors would hide which line loads; -O1 keeps the cost of a call an access
    // bearable.
    Append(&a, job_.compile);
    Append(&a, {"-O1", "-fsanitize=thread,array-bounds", "-gline-tables-only", "-gdwarf-4",
                "-fvisibility=hidden", "-w", "-c", source, "-o", object});
    PICABIA_RETURN_IF_ERROR(Call(a));
    return Call({"-shared", "-nostdlib", "-Wl,-Bsymbolic", "-Wl,-z,lazy", object, "-o", image_});
  }

  // What closes a translation unit: its module and who registers it.
  std::string Module(bool instrumented) const {
    std::string text = "\n# 1 \"<picabia>\" 3\n";
    if (!has_kernels_) return text;
    if (instrumented) text += Hooks();
    text +=
        "extern \"C\" { extern const ::picabia_bang_variable __start_picabia_bang_variables[] "
        "__attribute__((weak, "
        "visibility(\"hidden\"))); extern const ::picabia_bang_variable "
        "__stop_picabia_bang_variables[] "
        "__attribute__((weak, visibility(\"hidden\"))); }\n";
    if (!instrumented) text += Image();
    const std::string image =
        instrumented ? "nullptr, nullptr" : "picabia_image_begin, picabia_image_end";
    text += "picabia_bang_module picabia_bang_this_module = {PICABIA_ABI, " +
            std::to_string(job_.arch) + ", " + (instrumented ? "1" : "0") +
            ", 0, ::picabia_bang::kernels, __start_picabia_bang_variables, "
            "__stop_picabia_bang_variables, ::picabia_bang::RunInitialisers, " +
            image + "};\n";
    if (instrumented)
      text +=
          "extern \"C\" __attribute__((visibility(\"default\"))) const "
          "::picabia_bang_instance* const* picabia_bang_checked_instances = "
          "&::picabia_bang::instances;\n";
    // PICABIA_BANG_ABI is a macro, and macros are gone.
    text.replace(text.find("PICABIA_ABI"), 11, "1");
    const std::string leave =
        instrumented
            ? ""
            : "~Picabia_Registration() { picabia_bang_unregister(&picabia_bang_this_module); } ";
    const std::string enter =
        instrumented ? "" : "picabia_bang_register(&picabia_bang_this_module); ";
    text +=
        "namespace { struct Picabia_Registration { Picabia_Registration() { "
        "picabia_bang_this_module.num_kernels = ::picabia_bang::num_kernels; " +
        enter + "} " + leave + "} picabia_registration; }\n";
    return text;
  }

  // The checked library as bytes of this object: a file is read by the assembler, which -S leaves
  // to others.
  std::string Image() const {
    std::string text =
        "extern \"C\" { extern const unsigned char picabia_image_begin[] "
        "__asm__(\".Lpicabia_image_begin\") "
        "__attribute__((visibility(\"hidden\"))); extern const unsigned char picabia_image_end[] "
        "__asm__(\".Lpicabia_image_end\") __attribute__((visibility(\"hidden\"))); }\n"
        "__asm__(\".pushsection .rodata.picabia_image,\\\"a\\\"\\n.balign "
        "16\\n.Lpicabia_image_begin:\\n";
    if (job_.step == Step::kAssembly) {
      const auto bytes = ReadText(image_);
      if (bytes.ok()) text += Bytes(*bytes);
    } else {
      text += ".incbin \\\"" + image_ + "\\\"\\n";
    }
    return text + ".Lpicabia_image_end:\\n.popsection\\n\");\n";
  }

  static std::string Bytes(const std::string& bytes) {
    std::string text;
    char number[16];
    for (size_t i = 0; i < bytes.size(); ++i) {
      std::snprintf(number, sizeof(number), "%s%u", i % 64 == 0 ? ".byte " : ",",
                    static_cast<unsigned char>(bytes[i]));
      text += number;
      if (i % 64 == 63 || i + 1 == bytes.size()) text += "\\n";
    }
    return text;
  }

  const Job& job_;
  const Tools& tools_;
  const TemporaryFolder& folder_;
  const std::string input_, output_;
  std::string preprocessed_, image_;
  bool has_kernels_ = false;
  int exit_ = 0;
};

}  // namespace

Result<Tools> FindTools() {
  Tools tools;
  const char* wanted = std::getenv("PICABIA_CXX");
  tools.compiler =
      wanted != nullptr && *wanted != '\0' ? FindProgram({wanted}) : FindProgram(kCompilers);
  if (tools.compiler.empty())
    return NotFound("no clang++ 17 or later on PATH: install clang-19, or name one in PICABIA_CXX");
  const fs::path bin = ProgramFolder();
  // Installed: ../include beside bin. Built: the folder that the build has made of symbolic links.
  for (const fs::path& root : {bin / "..", bin / ".." / "neuware"}) {
    std::error_code error;
    if (!fs::exists(root / "include" / "bang" / "bang.h", error)) continue;
    const fs::path include = fs::canonical(root / "include", error);
    tools.include = {include.string(), (include / "bang").string(), (include / "cnrt").string()};
    tools.lib_folder = fs::canonical(root / "lib64", error).string();
    return tools;
  }
  return NotFound("bang/bang.h is not beside " + bin.string() + ": is the installation complete?");
}

Status CompileMlu(const Job& job, const Tools& tools, const TemporaryFolder& folder,
                  const std::string& input, const std::string& output, int* exit_code) {
  return Compilation(job, tools, folder, input, output).Run(exit_code);
}

std::string SafePath(const std::string& path) {
  return !path.empty() && path[0] == '-' ? "./" + path : path;
}

}  // namespace picabia::cncc
