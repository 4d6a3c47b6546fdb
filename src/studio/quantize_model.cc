// A model and options into a job; see quantize_job.h.
#include <algorithm>

#include "base/file.h"
#include "studio/cost.h"
#include "studio/picture_tensor.h"
#include "studio/quantize_job.h"
#include "studio/sizes.h"
#include "studio/synthetic.h"

namespace picabia::studio {
namespace {

constexpr int64_t kUsualSize = 512;  // of a model that was not frozen at one, as in `bench`

// What the pictures of a job go into.
struct PictureInput {
  std::string name;
  int64_t channels = 3, height = 0, width = 0;
};

Result<PictureInput> PictureInputOf(const program::Program& program,
                                    const std::vector<runtime::Feed>& set, int64_t height,
                                    int64_t width) {
  auto shapes = InputShapes(program, height, width);
  if (!shapes && height == 0) shapes = InputShapes(program, kUsualSize, kUsualSize);
  const std::vector<InputInfo> inputs = InputsOf(program);
  for (size_t i = 0; shapes && i < inputs.size(); ++i) {
    const bool is_set = std::any_of(set.begin(), set.end(), [&](const runtime::Feed& feed) {
      return feed.name == inputs[i].name;
    });
    if (is_set || !IsPictureInput(inputs[i])) continue;
    const Shape& shape = (*shapes)[i];
    const bool nchw = program.picture.nchw;
    PictureInput input{inputs[i].name, shape[nchw ? 1 : 3], shape[nchw ? 2 : 1],
                       shape[nchw ? 3 : 2]};
    if (!IsPictureChannels(input.channels)) input.channels = 3;
    return input;
  }
  return Unsupported(
      "found no input for pictures, expected one of float32 with 4 dimensions and "
      "1, 3 or 4 channels that --set does not name");
}

quant::Feeds AllFeeds(const std::vector<runtime::Feed>& set, const std::string& name,
                      Tensor picture) {
  quant::Feeds feeds;
  for (const runtime::Feed& feed : set) feeds.emplace_back(feed.name, feed.tensor);
  feeds.emplace_back(name, std::move(picture));
  return feeds;
}

quant::Pictures PicturesOf(const QuantizeJob& job, const PictureInput& input,
                           const std::vector<runtime::Feed>& set) {
  const auto load = [files = job.set.files, program = job.opened.program, input,
                     set](size_t i) -> Result<quant::Feeds> {
    PICABIA_ASSIGN_OR_RETURN(const Picture picture, ReadPicture(files[i], kDefaultMaxPixels));
    PICABIA_ASSIGN_OR_RETURN(
        Tensor tensor,
        PictureToTensor(ResizePicture(picture, input.height, input.width), program->picture,
                        input.channels, input.height, input.width));
    return AllFeeds(set, input.name, std::move(tensor));
  };
  return {job.set.files.size(), load};
}

// One picture that is made, where the user has given none.
quant::Pictures MadePicture(const QuantizeJob& job, const PictureInput& input,
                            const std::vector<runtime::Feed>& set) {
  const auto load = [program = job.opened.program, input, set](size_t) -> Result<quant::Feeds> {
    const auto shapes = InputShapes(*program, input.height, input.width);
    PICABIA_ASSIGN_OR_RETURN(const auto feeds, SyntheticFeeds(*program, *shapes, set));
    quant::Feeds all;
    for (const runtime::Feed& feed : feeds) all.emplace_back(feed.name, feed.tensor);
    return all;
  };
  return {1, load};
}

Json PreprocessOf(const PictureConvention& picture, const PictureInput& input) {
  return {{"color_order", picture.bgr ? "bgr" : "rgb"},
          {"scale", picture.scale},
          {"shift", picture.shift},
          {"height", input.height},
          {"width", input.width},
          {"channels", input.channels}};
}

// Before anything is asked of the user that a quantized model makes pointless.
Status CheckFloat(const std::string& path, const ir::Graph& graph) {
  PICABIA_ASSIGN_OR_RETURN(const auto file, FileBytes::Open(path));
  const std::string_view bytes(reinterpret_cast<const char*>(file->bytes().data()),
                               file->bytes().size());
  const auto form = graph.format == "onnx" ? quant::Form::kOnnx : quant::Form::kTensorFlow;
  const auto layers = quant::FindLayers(form, bytes);
  return layers.ok() ? OkStatus() : layers.status().WithContext(path);
}

}  // namespace

Result<QuantizeJob> JobOfModel(const ModelJobOptions& options, const ops::OperatorSet& operators,
                               const QuantizeEvents& events) {
  QuantizeJob job;
  job.model = options.model;
  job.output = options.output;
  job.options = options.quantizing;
  ModelOptions model_options;
  model_options.preprocess = options.preprocess;
  model_options.compile.operators = operators;
  model_options.keep_graph = true;
  if (!options.fetch.empty()) model_options.compile.fetches = {options.fetch};
  PICABIA_ASSIGN_OR_RETURN(job.opened, OpenModel(options.model, model_options));
  if (!job.opened.graph) {
    return Unsupported(options.model + ": is compiled; expected the file that it was made of");
  }
  PICABIA_RETURN_IF_ERROR(CheckFloat(options.model, *job.opened.graph));
  const program::Program& program = *job.opened.program;
  const auto set = SetFeeds(program, options.sets, kDefaultMaxPixels);
  if (!set.ok()) return set.status().WithContext(options.model);
  const auto input = PictureInputOf(program, *set, options.height, options.width);
  if (!input.ok()) return input.status().WithContext(options.model);
  PICABIA_RETURN_IF_ERROR(CheckAllFed(program, *set, input->name).WithContext(options.model));
  for (const InputInfo& each : InputsOf(program)) job.feeds.push_back(each.name);
  job.picture_output = program.values[static_cast<size_t>(program.outputs[0].value)].name;
  job.preprocess = PreprocessOf(program.picture, *input);
  if (options.calibration.empty() && options.pictures.empty()) {
    events.Note(
        "without --calibration a made picture stands for your photos: give some for good scales");
    job.set.files = {"a made picture"};
    job.set.sha256 = "";
    job.pictures = MadePicture(job, *input, *set);
    return job;
  }
  PICABIA_ASSIGN_OR_RETURN(
      job.set, options.calibration.empty()
                   ? CalibrationSetOf(options.pictures, 0)
                   : FindCalibrationSet(options.calibration, FolderOf(options.calibration), 0));
  for (const std::string& problem : job.set.problems) events.Note(problem);
  job.pictures = PicturesOf(job, *input, *set);
  return job;
}

}  // namespace picabia::studio
