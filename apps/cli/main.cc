// The program `picabia`: declares the subcommands, runs the chosen one, and turns every way to end
// into an exit code: 0 done, 1 failed, 2 misuse.
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>

#include "apps/cli/commands.h"

namespace picabia::cli {
namespace {

int ReportMisuse(const CLI::App& app, const CLI::Error& error) {
  const auto chosen = app.get_subcommands();
  const CLI::App& command = chosen.empty() ? app : *chosen.front();
  if (chosen.empty() && !app.remaining().empty()) {
    Say("unknown command \"" + app.remaining().front() + "\"");
  } else {
    Say(error.what());
  }
  std::fputs(command.get_footer().c_str(), stderr);
  std::fprintf(stderr, "\n(picabia %s--help explains them)\n",
               chosen.empty() ? "" : (command.get_name() + " ").c_str());
  return kMisuse;
}

// What was printed is done only when the system has taken it.
int FinishOutput(int code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  Say(std::string("standard output: cannot write: ") + std::strerror(errno));
  return code == kDone ? kFailed : code;
}

int Main(int argc, char** argv) {
  CLI::App app("Picabia runs picture-to-picture networks on CPUs.", "picabia");
  app.set_version_flag("--version", "picabia " PICABIA_VERSION);
  app.require_subcommand(1);
  app.footer(
      "usage: picabia stylize|run|inspect|quantize|variant|assemble|bench|compile|compare ...");
  Action action;
  for (const auto add : {AddStylize, AddRun, AddInspect, AddQuantize, AddVariant, AddAssemble,
                         AddBench, AddCompile, AddCompare})
    add(app, action);
  try {
    app.parse(argc, argv);
    return FinishOutput(action());
  } catch (const CLI::Success& help) {  // --help, --version
    return FinishOutput(app.exit(help) == 0 ? kDone : kMisuse);
  } catch (const CLI::Error& error) {
    return ReportMisuse(app, error);
  }
}

}  // namespace
}  // namespace picabia::cli

int main(int argc, char** argv) {
  // A closed pipe is an error of writing like any other, not a reason to vanish.
  std::signal(SIGPIPE, SIG_IGN);
  // So is a file size limit.
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    return picabia::cli::Main(argc, argv);
  } catch (const std::bad_alloc&) {
    picabia::cli::Say("out of memory");
  } catch (const std::exception& error) {
    picabia::cli::Say(std::string("internal error: ") + error.what());
  }
  return picabia::cli::kFailed;
}
