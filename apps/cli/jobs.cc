// Inputs and outputs of `stylize`; see jobs.h.
#include "apps/cli/jobs.h"

#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>
#include <utility>

namespace picabia::cli {
namespace {

namespace fs = std::filesystem;

constexpr char kStandardStream[] = "-";

// A file as the system knows it, whatever path or link leads to it.
using FileId = std::pair<dev_t, ino_t>;

bool Identify(const std::string& path, FileId& id) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return false;
  id = {info.st_dev, info.st_ino};
  return S_ISREG(info.st_mode);  // a device such as /dev/null may be both input and output
}

// A picture of the inputs; `relative` is its place below the folder that was named.
struct Found {
  std::string path;
  fs::path relative;
};

bool IsFolder(const std::string& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

bool HasPictureExtension(const fs::path& path) {
  static const std::set<std::string> known = {".png",  ".jpg", ".jpeg", ".webp", ".tif",
                                              ".tiff", ".gif", ".heic", ".heif", ".avif",
                                              ".jxl",  ".ppm", ".pgm",  ".pnm"};
  std::string extension = path.extension().string();
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return known.contains(extension);
}

// The regular files of a folder in the order of their names, so that runs are alike everywhere.
template <typename Iterator>
Status ListFolder(const std::string& folder, std::vector<fs::path>& files) {
  std::error_code error;
  for (Iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    const bool hidden = it->path().filename().string().starts_with(".");
    if (!hidden && it->is_regular_file(ignored)) files.push_back(it->path());
  }
  std::sort(files.begin(), files.end());
  return error ? IoError(folder + ": cannot read the folder: " + error.message()) : OkStatus();
}

// A damaged photo must be reported, not passed over: only what neither is nor claims to be a
// picture is skipped.
Status AddFolder(const std::string& folder, bool recursive, std::vector<Found>& found,
                 std::vector<std::string>& skipped) {
  std::vector<fs::path> files;
  PICABIA_RETURN_IF_ERROR(recursive ? ListFolder<fs::recursive_directory_iterator>(folder, files)
                                    : ListFolder<fs::directory_iterator>(folder, files));
  const size_t before = found.size();
  for (const fs::path& file : files) {
    if (HasPictureExtension(file) || studio::LooksLikePicture(file.string())) {
      found.push_back({file.string(), file.lexically_relative(folder)});
    } else {
      skipped.push_back(file.string());
    }
  }
  return found.size() > before ? OkStatus() : NotFound(folder + ": no pictures in this folder");
}

// The name of an output in a folder: the input's, with an extension that can be written.
Result<Job> NameInFolder(const Found& input, const std::string& folder, const std::string& format) {
  fs::path name = input.path == kStandardStream ? fs::path("stdin.png") : input.relative;
  Job job{input.path, "", studio::PictureFormat::kPng};
  const auto own = studio::FormatOfPath(name.string());
  if (!format.empty()) {
    PICABIA_ASSIGN_OR_RETURN(job.format, studio::ParsePictureFormat(format));
    if (!own.ok() || *own != job.format)
      name.replace_extension(studio::FormatExtension(job.format));
  } else if (own.ok()) {
    job.format = *own;
  } else {
    name.replace_extension("png");
  }
  job.output = (fs::path(folder) / name).string();
  return job;
}

Result<Job> SingleFile(const std::string& input, const JobOptions& options) {
  Job job{input, options.output, studio::PictureFormat::kPng};
  if (!options.format.empty()) {
    PICABIA_ASSIGN_OR_RETURN(job.format, studio::ParsePictureFormat(options.format));
  } else if (options.output != kStandardStream) {
    PICABIA_ASSIGN_OR_RETURN(job.format, studio::FormatOfPath(options.output));
  }
  return job;
}

// No output may replace an input, the model, or another output.
Status CheckOutputs(const std::vector<Job>& jobs, const std::string& model) {
  std::map<FileId, std::string> inputs;
  FileId id;
  if (!model.empty() && Identify(model, id)) inputs[id] = model;
  for (const Job& job : jobs) {
    if (Identify(job.input, id)) inputs[id] = job.input;
  }
  std::map<std::string, std::string> outputs;
  for (const Job& job : jobs) {
    if (Identify(job.output, id) && inputs.contains(id)) {
      return InvalidArgument(job.output + ": would overwrite the input " + inputs[id]);
    }
    const auto [other, is_new] = outputs.try_emplace(job.output, job.input);
    if (!is_new) {
      return InvalidArgument(job.output + ": " + other->second + " and " + job.input +
                             " would both be written there");
    }
  }
  return OkStatus();
}

Status CheckStreams(const JobOptions& options, bool several) {
  const auto& in = options.inputs;
  if (std::count(in.begin(), in.end(), kStandardStream) > 1) {
    return InvalidArgument("standard input (-) is named twice");
  }
  if (several && options.output == kStandardStream) {
    return InvalidArgument("-o -: standard output takes one picture");
  }
  if (several && !IsFolder(options.output) && fs::exists(options.output)) {
    return InvalidArgument(options.output + ": is a file, expected a folder for several pictures");
  }
  return OkStatus();
}

}  // namespace

Result<JobList> PlanJobs(const JobOptions& options) {
  const bool folder_in = std::any_of(options.inputs.begin(), options.inputs.end(), IsFolder);
  const bool several = folder_in || options.inputs.size() > 1;
  PICABIA_RETURN_IF_ERROR(CheckStreams(options, several));
  JobList list;
  list.to_folder = several || IsFolder(options.output) || options.output.ends_with('/');
  std::vector<Found> found;
  for (const std::string& input : options.inputs) {
    if (IsFolder(input)) {
      PICABIA_RETURN_IF_ERROR(AddFolder(input, options.recursive, found, list.skipped));
    } else {
      found.push_back({input, fs::path(input).filename()});
    }
  }
  for (const Found& input : found) {
    auto job = list.to_folder ? NameInFolder(input, options.output, options.format)
                              : SingleFile(input.path, options);
    if (!job.ok()) return job.status();
    list.jobs.push_back(*std::move(job));
  }
  PICABIA_RETURN_IF_ERROR(CheckOutputs(list.jobs, options.model));
  return list;
}

Status CreateFolders(const JobList& list) {
  if (!list.to_folder) return OkStatus();
  std::set<fs::path> folders;
  for (const Job& job : list.jobs) folders.insert(fs::path(job.output).parent_path());
  for (const fs::path& folder : folders) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) return IoError(folder.string() + ": cannot create the folder: " + error.message());
  }
  return OkStatus();
}

}  // namespace picabia::cli
