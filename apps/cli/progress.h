// The progress bar of batches, on a terminal only: logs and pipes get no control characters.
#pragma once

#include <chrono>
#include <cstddef>

namespace picabia::cli {

class Progress {
 public:
  // Shows nothing for a single picture or where stderr is not a terminal.
  explicit Progress(size_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Show(size_t done);
  // Takes the bar away: call before a message is printed. The next Show() brings it back.
  void Clear();

 private:
  size_t total_;
  bool active_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace picabia::cli
