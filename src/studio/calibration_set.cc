// Folders and lists of pictures; see calibration_set.h.
#include "studio/calibration_set.h"

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "base/file.h"
#include "base/sha256.h"
#include "studio/picture.h"

namespace picabia::studio {
namespace {

namespace fs = std::filesystem;

Result<std::vector<std::string>> FilesOfFolder(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string path = it->path().string();
    if (it->is_regular_file() && LooksLikePicture(path)) files.push_back(path);
  }
  if (error) return IoError(folder + ": cannot read the folder: " + error.message());
  std::sort(files.begin(), files.end());
  if (files.empty()) return NotFound(folder + ": found no picture in the folder");
  return files;
}

Result<std::vector<std::string>> FilesOfList(const std::string& path, const std::string& base) {
  PICABIA_ASSIGN_OR_RETURN(const auto file, FileBytes::Open(path));
  std::string_view text(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size());
  if (text.find('\0') != std::string_view::npos) {
    return InvalidArgument(path +
                           ": found a binary file that is no picture, expected a folder, a "
                           "picture or a list of pictures, one a line");
  }
  std::vector<std::string> files;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    const size_t first = line.find_first_not_of(" \t\r");
    if (first == std::string_view::npos || line[first] == '#') continue;
    line = line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
    files.push_back(PathFrom(base, std::string(line)));
  }
  if (files.empty()) return NotFound(path + ": found an empty list of pictures");
  return files;
}

}  // namespace

std::string PathFrom(const std::string& folder, const std::string& path) {
  const fs::path joined = fs::path(folder) / path;  // an absolute path stays as it is
  return joined.lexically_normal().string();
}

std::string FolderOf(const std::string& path) {
  const std::string folder = fs::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

Result<CalibrationSet> CalibrationSetOf(const std::vector<std::string>& files, size_t most) {
  CalibrationSet set;
  std::vector<std::string> hashes;
  for (const std::string& each : files) {
    if (most > 0 && set.files.size() == most) break;
    const auto bytes = FileBytes::Open(each);
    if (!bytes.ok()) {
      set.problems.push_back(bytes.status().message() + " (left out)");
    } else if (!LooksLikePicture(each)) {
      set.problems.push_back(each + ": is no picture (left out)");
    } else if (const auto picture = ReadPicture(each, kDefaultMaxPixels); !picture.ok()) {
      set.problems.push_back(picture.status().message() + " (left out)");
    } else {
      set.files.push_back(each);
      hashes.push_back(Sha256Hex((*bytes)->bytes()));
    }
  }
  if (set.files.empty()) {
    return NotFound("none of its " + std::to_string(files.size()) +
                    " pictures can be read; the first: " + set.problems.front());
  }
  std::sort(hashes.begin(), hashes.end());
  Sha256 all;
  for (const std::string& hash : hashes) all.Add(hash);
  set.sha256 = all.Hex();
  return set;
}

Result<CalibrationSet> FindCalibrationSet(const std::string& path, const std::string& base,
                                          size_t most) {
  std::error_code error;
  std::vector<std::string> files;
  if (fs::is_directory(path, error)) {
    PICABIA_ASSIGN_OR_RETURN(files, FilesOfFolder(path));
  } else if (fs::is_regular_file(path, error) && LooksLikePicture(path)) {
    files = {path};
  } else {
    PICABIA_ASSIGN_OR_RETURN(files, FilesOfList(path, base));
  }
  auto set = CalibrationSetOf(files, most);
  return set.ok() ? std::move(set) : set.status().WithContext(path);
}

}  // namespace picabia::studio
