// cncc compiles BANG C for the software MLU; cnas assembles what `cncc -S` wrote. One program,
// known by its name.
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "apps/cncc/command_line.h"
#include "apps/cncc/compile.h"
#include "apps/cncc/process.h"

namespace picabia::cncc {
namespace {

namespace fs = std::filesystem;

constexpr int kMisuse = 2;

const char kCnccUsage[] = R"(usage: cncc [OPTION...] FILE.mlu...
compiles BANG C kernels for the software MLU (docs/bang.md)
  -c, -S, -E               to an object, to assembly, only preprocess; without: link a program
                           (with -o NAME.o and one input: an object)
  -o FILE                  where to
  --bang-mlu-arch=A        MLU200, MLU220, MLU270, MLU290, mtp_220, mtp_270, mtp_290, mtp_372,
                           mtp_592; may be repeated
  -O.. -g -D -U -I -std= -f.. -W.. -l -L ...   as the host's compiler takes them
  -v                       show what is run
Kernels are checked at run time with PICABIA_BANG_CHECK=1; --check is taken and changes nothing.
Options of the card's tools without a meaning here are ignored: --neuware-path=, -Xbang-cnas X,
-mllvm X, ...
)";
const char kCnasUsage[] = "usage: cnas -i FILE.s -o FILE.o    assembles what `cncc -S` wrote\n";

int Complain(const Status& status, int code) {
  std::fprintf(stderr, "%s\n", status.message().c_str());
  return code;
}

bool IsMlu(const std::string& path) { return fs::path(path).extension() == ".mlu"; }
bool IsHostSource(const std::string& path) {
  const std::string extension = fs::path(path).extension();
  return extension == ".c" || extension == ".cc" || extension == ".cpp" || extension == ".cxx";
}

// Runs the compiler and reports its exit code.
int Run(const Job& job, std::vector<std::string> arguments) {
  if (job.verbose) {
    for (const std::string& a : arguments) std::fprintf(stderr, "%s ", a.c_str());
    std::fprintf(stderr, "\n");
  }
  const auto code = RunProgram(arguments);
  return code.ok() ? *code : Complain(code.status(), 1);
}

int CompileHost(const Job& job, const Tools& tools, const std::string& input,
                const std::string& output) {
  std::vector<std::string> a = {tools.compiler};
  for (const std::string& include : tools.include) a.insert(a.end(), {"-isystem", include});
  a.insert(a.end(), job.preprocess.begin(), job.preprocess.end());
  a.insert(a.end(), job.compile.begin(), job.compile.end());
  a.insert(a.end(), {"-fPIC", "-c", SafePath(input), "-o", output});
  return Run(job, std::move(a));
}

// Into the folder, then to its place: a file appears whole or not at all.
int CompileOne(const Job& job, const Tools& tools, const TemporaryFolder& folder,
               const std::string& input, const std::string& output) {
  const std::string made = job.step == Step::kPreprocess ? output : folder.File("result");
  int code = 0;
  if (IsHostSource(input)) {
    code = CompileHost(job, tools, input, made);
  } else {
    const Status status = CompileMlu(job, tools, folder, input, made, &code);
    if (!status.ok()) return Complain(status.WithContext(input), 1);
  }
  if (code != 0 || made == output) return code;
  const Status moved = MoveFile(made, output);
  return moved.ok() ? 0 : Complain(moved, 1);
}

int CompileAll(const Job& job, const Tools& tools) {
  const char* extension = job.step == Step::kAssembly ? ".s" : ".o";
  for (const std::string& input : job.inputs) {
    auto folder = TemporaryFolder::Make();
    if (!folder.ok()) return Complain(folder.status(), 1);
    std::string output = job.output;
    if (output.empty() && job.step != Step::kPreprocess)
      output = fs::path(input).stem().string() + extension;
    if (const int code = CompileOne(job, tools, *folder, input, output); code != 0) return code;
  }
  return 0;
}

int LinkAll(const Job& job, const Tools& tools) {
  Job objects = job;
  objects.step = Step::kObject;
  auto folder = TemporaryFolder::Make();
  if (!folder.ok()) return Complain(folder.status(), 1);
  const std::string program = folder->File("program");
  std::vector<std::string> a = {tools.compiler, "-o", program};
  for (size_t i = 0; i < job.inputs.size(); ++i) {
    const std::string& input = job.inputs[i];
    if (!IsMlu(input) && !IsHostSource(input)) {
      a.push_back(SafePath(input));
      continue;
    }
    const std::string object = folder->File(std::to_string(i) + ".o");
    if (const int code = CompileOne(objects, tools, *folder, input, object); code != 0) return code;
    a.push_back(object);
  }
  a.insert(a.end(), job.link.begin(), job.link.end());
  a.insert(a.end(), {"-L" + tools.lib_folder, "-lcnrt", "-Wl,-rpath," + tools.lib_folder, "-lm",
                     "-pthread"});
  if (const int code = Run(job, std::move(a)); code != 0) return code;
  const Status moved = MoveFile(program, job.output.empty() ? "a.out" : job.output);
  return moved.ok() ? 0 : Complain(moved, 1);
}

int Assemble(const Job& job, const Tools& tools) {
  auto folder = TemporaryFolder::Make();
  if (!folder.ok()) return Complain(folder.status(), 1);
  const std::string object = folder->File("result.o");
  const int code =
      Run(job, {tools.compiler, "-c", "-x", "assembler", SafePath(job.inputs[0]), "-o", object});
  if (code != 0) return code;
  const std::string output =
      job.output.empty() ? fs::path(job.inputs[0]).stem().string() + ".o" : job.output;
  const Status moved = MoveFile(object, output);
  return moved.ok() ? 0 : Complain(moved, 1);
}

int CheckInputs(const Job& job, const char* name) {
  if (job.inputs.empty())
    return Complain(InvalidArgument(std::string(name) + ": no input file"), kMisuse);
  for (const std::string& input : job.inputs) {
    std::error_code error;
    if (!fs::exists(input, error))
      return Complain(NotFound(std::string(name) + ": " + input + ": no such file"), 1);
    if (fs::is_directory(input, error))
      return Complain(NotFound(std::string(name) + ": " + input + ": is a folder"), 1);
  }
  if (job.inputs.size() > 1 && !job.output.empty() && job.step != Step::kLink)
    return Complain(
        InvalidArgument(std::string(name) + ": -o with several inputs: compile them one by one"),
        kMisuse);
  return 0;
}

int Main(const std::string& program, const std::vector<std::string>& arguments) {
  const bool cnas = fs::path(program).filename() == "cnas";
  const char* name = cnas ? "cnas" : "cncc";
  const auto job = cnas ? ReadCnas(arguments) : ReadCncc(arguments);
  if (!job.ok()) return Complain(job.status().WithContext(name), kMisuse);
  if (job->help) return std::fputs(cnas ? kCnasUsage : kCnccUsage, stdout) < 0;
  if (job->version) return std::printf("%s of picabia %s\n", name, PICABIA_VERSION) < 0;
  if (const int code = CheckInputs(*job, name); code != 0) return code;
  const auto tools = FindTools();
  if (!tools.ok()) return Complain(tools.status().WithContext(name), 1);
  if (cnas) return Assemble(*job, *tools);
  return job->step == Step::kLink ? LinkAll(*job, *tools) : CompileAll(*job, *tools);
}

}  // namespace
}  // namespace picabia::cncc

int main(int argc, char** argv) {
  return picabia::cncc::Main(argc > 0 ? argv[0] : "cncc",
                             std::vector<std::string>(argv + 1, argv + argc));
}
