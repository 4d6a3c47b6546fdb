// The progress bar; see progress.h.
#include "apps/cli/progress.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <string>

namespace picabia::cli {

Progress::Progress(size_t total)
    : total_(total),
      active_(total > 1 && isatty(STDERR_FILENO) == 1),
      start_(std::chrono::steady_clock::now()) {}

Progress::~Progress() { Clear(); }

void Progress::Show(size_t done) {
  if (!active_) return;
  constexpr size_t kWidth = 30;  // leaves room for the numbers on a terminal of 80 columns
  const size_t filled = done * kWidth / total_;
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start_;
  std::string rest;
  if (done > 0) {
    const double seconds = spent.count() / static_cast<double>(done) * double(total_ - done);
    rest = fmt::format(", {:.0f} s left", seconds);
  }
  fmt::print(stderr, "\r\033[K[{:<{}}] {} of {}{}", std::string(filled, '#'), kWidth, done, total_,
             rest);
  std::fflush(stderr);
}

void Progress::Clear() {
  if (active_) std::fputs("\r\033[K", stderr);
}

}  // namespace picabia::cli
