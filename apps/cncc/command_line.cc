#include "apps/cncc/command_line.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace picabia::cncc {
namespace {

bool StartsWith(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}
bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// The number of "mtp_372", "MLU270", "compute_30"; MLU200 is both 220 and 270.
int ArchOf(const std::string& name) {
  const size_t digits = name.find_first_of("0123456789");
  if (digits == std::string::npos) return 0;
  const int number = std::atoi(name.c_str() + digits);
  if (StartsWith(name, "compute_"))
    return number == 50 ? 592 : number >= 30 && number < 40 ? 372 : 0;
  return number == 200 ? 270 : number;
}

// Our headers are C++17, of which the earlier languages that kernels name are part.
std::string AtLeast17(const std::string& option) {
  const size_t year = option.find("++");
  if (year == std::string::npos) return "-std=c++17";  // C
  constexpr std::array<std::string_view, 7> kEarlier = {"98", "03", "0x", "11", "1y", "14", "1z"};
  const bool earlier =
      std::find(kEarlier.begin(), kEarlier.end(), option.substr(year + 2)) != kEarlier.end();
  return earlier ? option.substr(0, year + 2) + "17" : option;
}

// A cursor over arguments that can take the value of an option, joined or not.
class Arguments {
 public:
  explicit Arguments(const std::vector<std::string>& list) : list_(list) {}
  bool done() const { return at_ >= list_.size(); }
  const std::string& Next() { return list_[at_++]; }
  // The value of `option`: what follows its name in the same argument, or the next one.
  Result<std::string> Value(const std::string& argument, size_t name_length) {
    if (argument.size() > name_length) return argument.substr(name_length);
    if (done()) return InvalidArgument(argument + ": a value is expected");
    return Next();
  }

 private:
  const std::vector<std::string>& list_;
  size_t at_ = 0;
};

constexpr std::array<std::string_view, 6> kPreprocessWithValue = {
    "-isystem", "-iquote", "-idirafter", "-include", "-MF", "-MT"};
constexpr std::array<std::string_view, 6> kIgnoredStarts = {
    "--neuware-path=",  "--no-neuware-version-check", "--bang-device-only",
    "--bang-host-only", "--bang-wram-align",          "--cnrt"};

class CnccReader {
 public:
  explicit CnccReader(const std::vector<std::string>& list) : arguments_(list) {}

  Result<Job> Run() {
    bool only_inputs = false;
    while (!arguments_.done()) {
      const std::string argument = arguments_.Next();
      if (only_inputs || argument == "-" || argument.empty() || argument[0] != '-')
        job_.inputs.push_back(argument);
      else if (argument == "--")
        only_inputs = true;
      else
        PICABIA_RETURN_IF_ERROR(Option(argument));
    }
    return job_;
  }

 private:
  Status Option(const std::string& a) {
    if (a == "-c") return Set(Step::kObject);
    if (a == "-S") return Set(Step::kAssembly);
    if (a == "-E") return Set(Step::kPreprocess);
    if (a == "-v" || a == "--verbose") return Flag(&job_.verbose);
    if (a == "--version") return Flag(&job_.version);
    if (a == "--help" || a == "-h") return Flag(&job_.help);
    if (a == "--check") return OkStatus();  // every object holds the checked form already
    if (StartsWith(a, "-o")) return Assign(a, 2, &job_.output);
    if (StartsWith(a, "--bang-mlu-arch=") || StartsWith(a, "--bang-arch=")) return Arch(a);
    if (a == "-Xbang-cnas" || a == "-Xbang-fatbin" || a == "-mllvm") {
      PICABIA_ASSIGN_OR_RETURN(const std::string value, arguments_.Value(a, a.size()));
      job_.ignored.push_back(a + " " + value);
      return OkStatus();
    }
    for (const std::string_view start : kIgnoredStarts)
      if (StartsWith(a, start)) {
        job_.ignored.push_back(a);
        return OkStatus();
      }
    return CompilerOption(a);
  }

  Status CompilerOption(const std::string& a) {
    for (const std::string_view name : kPreprocessWithValue)
      if (StartsWith(a, name)) return WithValue(a, name.size(), &job_.preprocess);
    if (StartsWith(a, "-I") || StartsWith(a, "-D") || StartsWith(a, "-U"))
      return WithValue(a, 2, &job_.preprocess);
    if (StartsWith(a, "-M")) return Add(a, &job_.preprocess);
    if (StartsWith(a, "-l") || StartsWith(a, "-L")) return WithValue(a, 2, &job_.link);
    if (StartsWith(a, "-Wl,") || a == "-shared" || a == "-rdynamic" || a == "-static-libstdc++")
      return Add(a, &job_.link);
    if (StartsWith(a, "-std=")) {
      job_.preprocess.push_back(AtLeast17(a));
      return Add(AtLeast17(a), &job_.compile);
    }
    if (a == "-pthread") {
      job_.link.push_back(a);
      job_.preprocess.push_back(a);
      return Add(a, &job_.compile);
    }
    if (StartsWith(a, "--bang") || StartsWith(a, "--cn"))
      return InvalidArgument(a + ": no option of cncc that is known here");
    return Add(a, &job_.compile);
  }

  Status Set(Step step) {
    job_.step = step;
    return OkStatus();
  }
  static Status Flag(bool* flag) {
    *flag = true;
    return OkStatus();
  }
  Status Assign(const std::string& a, size_t name, std::string* to) {
    PICABIA_ASSIGN_OR_RETURN(*to, arguments_.Value(a, name));
    return OkStatus();
  }
  static Status Add(const std::string& a, std::vector<std::string>* list) {
    list->push_back(a);
    return OkStatus();
  }
  // The option and its value as two arguments: a value that begins with "-" stays a value.
  Status WithValue(const std::string& a, size_t name, std::vector<std::string>* list) {
    PICABIA_ASSIGN_OR_RETURN(const std::string value, arguments_.Value(a, name));
    list->push_back(a.substr(0, name));
    list->push_back(value);
    return OkStatus();
  }
  // Fat objects name several; kernels are compiled for the first that is not the MLU220, or for
  // that.
  Status Arch(const std::string& a) {
    const int arch = ArchOf(a.substr(a.find('=') + 1));
    if (arch < 100 || arch > 999)
      return InvalidArgument(a + ": MLU200, MLU220, MLU270, MLU290 or mtp_NNN is expected");
    if (!has_arch_ || job_.arch == 220) job_.arch = arch;
    has_arch_ = true;
    return OkStatus();
  }

  Arguments arguments_;
  Job job_;
  bool has_arch_ = false;
};

}  // namespace

Result<Job> ReadCncc(const std::vector<std::string>& arguments) {
  PICABIA_ASSIGN_OR_RETURN(Job job, CnccReader(arguments).Run());
  // `cncc X.mlu -o X.o` makes an object, as the card's compiler does.
  if (job.step == Step::kLink && EndsWith(job.output, ".o") && job.inputs.size() == 1)
    job.step = Step::kObject;
  return job;
}

Result<Job> ReadCnas(const std::vector<std::string>& list) {
  Job job;
  job.step = Step::kObject;
  Arguments arguments(list);
  while (!arguments.done()) {
    const std::string a = arguments.Next();
    if (a == "--version")
      job.version = true;
    else if (a == "--help" || a == "-h")
      job.help = true;
    else if (a == "-o" || a == "-i" || a == "--mcpu" || a == "-mcpu") {
      PICABIA_ASSIGN_OR_RETURN(const std::string value, arguments.Value(a, a.size()));
      if (a == "-o") job.output = value;
      if (a == "-i") job.inputs.push_back(value);
    } else if (!a.empty() && a[0] != '-') {
      job.inputs.push_back(a);
    } else {
      job.ignored.push_back(a);
    }
  }
  return job;
}

}  // namespace picabia::cncc
