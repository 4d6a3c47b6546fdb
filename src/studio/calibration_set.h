// The pictures that a model is calibrated with.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace picabia::studio {

struct CalibrationSet {
  std::vector<std::string> files;
  std::vector<std::string> problems;  // a line for each picture that is left out
  std::string sha256;                 // of the sorted hashes of the files: of contents, not names
};

// `path` is a folder, whose pictures are taken, a picture, or a text file with a path a line (#
// begins a comment), each from `base` on or absolute. The first `most` are taken; 0: all. An error
// when none is left.
Result<CalibrationSet> FindCalibrationSet(const std::string& path, const std::string& base,
                                          size_t most);

// The first `most` of these; 0: all. An error when none can be read.
Result<CalibrationSet> CalibrationSetOf(const std::vector<std::string>& files, size_t most);

// `path` as seen from `folder`, unless it is absolute.
std::string PathFrom(const std::string& folder, const std::string& path);
// "." for a path without a folder.
std::string FolderOf(const std::string& path);

}  // namespace picabia::studio
