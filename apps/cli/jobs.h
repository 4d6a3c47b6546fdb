// Which pictures a call of `stylize` reads and where each goes: folders opened, outputs named, and
// every refusal made before work starts.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "studio/picture.h"

namespace picabia::cli {

struct JobOptions {
  std::vector<std::string> inputs = {};  // files, folders, or "-": standard input
  std::string output = "";               // a file, a folder, or "-": standard output
  std::string format = "";               // "": by the output's extension
  std::string model = "";                // a file that must not be written over, or ""
  bool recursive = false;
};

// One picture to make.
struct Job {
  std::string input, output;
  studio::PictureFormat format = studio::PictureFormat::kPng;
};

struct JobList {
  std::vector<Job> jobs;
  std::vector<std::string> skipped;  // files in folders that are no pictures
  bool to_folder = false;            // the output is a folder
};

// Errors with code kInvalidArgument are misuse; the others are failures.
Result<JobList> PlanJobs(const JobOptions& options);

// Makes the folders that the outputs lie in, where the output is a folder.
Status CreateFolders(const JobList& list);

}  // namespace picabia::cli
