// What a user says of a model's pictures: the option --preprocess and the sidecar file.
#pragma once

#include <map>
#include <string>

#include "base/picture.h"
#include "base/status.h"

namespace picabia::studio {

// Settings by their keys: range, mean, std, order, layout, and output-range, -mean, -std, -layout.
// Every value has been checked; `by` is where it comes from, for PictureOrigins.
class Preprocess {
 public:
  // "PRESET", "KEY=VALUE,...", or a preset and then keys that stand above its own. The error names
  // the key, what was found and what is allowed.
  static Result<Preprocess> Parse(const std::string& text, const std::string& by);
  // A JSON object of the same keys and "preset"; numbers and lists of numbers need no quotes. `by`
  // is not part of errors.
  static Result<Preprocess> ParseJson(const std::string& text, const std::string& by);
  // The file MODEL.picabia.json beside a model; nothing is set where there is none. The error names
  // the file.
  static Result<Preprocess> ReadSidecar(const std::string& model);

  // Adds one setting, which must not be there.
  Status Set(const std::string& key, const std::string& value, const std::string& by);
  // Adds what `other` has and this does not.
  void AddDefaults(const Preprocess& other);
  bool Has(const std::string& key) const { return settings_.contains(key); }

  // Changes the convention that a model has without settings:
  //   input = (range(pixel) - mean) / std,  pixel = inverse of range(output * std + mean)
  // where range() takes 0..255 to LOW..HIGH, or does what the convention did where no range is set.
  Status Apply(PictureConvention& convention, PictureOrigins& origins) const;

 private:
  struct Setting {
    std::string value, by;
  };
  Status SetPreset(const std::string& name, const std::string& by);
  const Setting* Find(const std::string& key) const;

  std::map<std::string, Setting> settings_;
};

// For --help and messages.
constexpr char kPreprocessGrammar[] =
    "a preset (imagenet, caffe, 0..1, 0..255, -1..1), or KEY=VALUE,... with the keys range, mean, "
    "std, order, layout, output-range, output-mean, output-std, output-layout";

}  // namespace picabia::studio
