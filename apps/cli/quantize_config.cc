// Ini files of Cambricon's quantizer into jobs; see quantize_job.h.
#include <filesystem>

#include "apps/cli/cambricon_pictures.h"
#include "apps/cli/quantize_job.h"
#include "base/file.h"

namespace picabia::cli {
namespace {

Result<quant::Config> ReadConfig(const std::string& path) {
  PICABIA_ASSIGN_OR_RETURN(const auto file, FileBytes::Open(path));
  const std::string_view text(reinterpret_cast<const char*>(file->bytes().data()),
                              file->bytes().size());
  auto config = quant::ParseConfig(text);
  if (!config.ok()) return config.status().WithContext(path);
  for (const std::string& warning : config->warnings) Say(path + ": " + warning);
  return config;
}

// "node" for "node" and "node:0".
std::vector<std::string> TensorNames(const std::vector<std::string>& names) {
  std::vector<std::string> plain;
  for (const std::string& name : names) plain.push_back(TensorName(name));
  return plain;
}

Status CheckSupported(const quant::Config& config) {
  if (!config.quantizes_convolutions()) {
    return Unsupported("key 'int_op_list' of [config] is '" + config.int_op_list +
                       "', which leaves nothing to quantize: expected Conv in it");
  }
  if (config.input_tensor_names.size() > 1) {
    return Unsupported("key 'input_tensor_names' of [model] has " +
                       std::to_string(config.input_tensor_names.size()) +
                       " names, expected one: the picture");
  }
  return OkStatus();
}

// Height and width of the picture: what the ini says, else what the graph was frozen at.
Result<std::pair<int64_t, int64_t>> SizeOf(const quant::Config& config, const Model& model) {
  if (config.crop[0] > 0) return std::pair(config.crop[0], config.crop[1]);
  for (const InputInfo& input : InputsOf(*model.program)) {
    const Shape& shape = input.frozen.empty() && input.declared ? *input.declared : input.frozen;
    if (shape.size() == 4 && shape[1] > 0 && shape[2] > 0) return std::pair(shape[1], shape[2]);
  }
  return InvalidArgument("the key crop of [preprocess] is missing, and the model has no size");
}

quant::Options OptionsOf(const quant::Config& config) {
  const auto algorithm = [](const std::string& name) {
    return name == "naive" ? quant::Algorithm::kMax : quant::Algorithm::kMse;
  };
  quant::Options options;
  options.bits = config.bits();
  options.per_channel = config.channel_quantization;
  options.activations = algorithm(config.activation_quantization_alg);
  options.weights = algorithm(config.weight_quantization_alg);
  return options;
}

Json PreprocessOf(const quant::Config& config) {
  return {{"calibration", config.calibration},
          {"color_mode", config.color_mode},
          {"mean", config.mean},
          {"std", config.std},
          {"crop", config.crop}};
}

quant::Pictures PicturesOf(const QuantizeJob& job, const quant::Config& config, int64_t height,
                           int64_t width) {
  const auto load = [files = job.set.files, config, height, width,
                     name = job.feeds[0]](size_t i) -> Result<quant::Feeds> {
    PICABIA_ASSIGN_OR_RETURN(const Picture picture, ReadPicture(files[i], kDefaultMaxPixels));
    PICABIA_ASSIGN_OR_RETURN(Tensor tensor, CambriconTensor(picture, config, height, width));
    return quant::Feeds{{name, std::move(tensor)}};
  };
  return {job.set.files.size(), load};
}

}  // namespace

Result<QuantizeJob> JobOfConfig(const std::string& path) {
  PICABIA_ASSIGN_OR_RETURN(const quant::Config config, ReadConfig(path));
  PICABIA_RETURN_IF_ERROR(CheckSupported(config).WithContext(path));
  if (config.use_convfirst) {
    Say(path + ": use_convfirst is True, but the first convolution is quantized like all others");
  }
  Print(quant::Describe(config));
  const std::string folder = FolderOf(path);
  QuantizeJob job;
  job.cambricon_text = true;
  job.make_folders = true;
  job.model = PathFrom(folder, config.original_models_path);
  job.output = PathFrom(folder, config.save_model_path);
  job.feeds = TensorNames(config.input_tensor_names);
  job.picture_output = TensorName(config.output_tensor_names[0]);
  job.options = OptionsOf(config);
  job.devices = config.devices();
  job.preprocess = PreprocessOf(config);
  ModelOptions model_options;
  model_options.compile.feeds = job.feeds;
  model_options.compile.fetches = TensorNames(config.output_tensor_names);
  model_options.keep_graph = true;
  PICABIA_ASSIGN_OR_RETURN(job.opened, OpenModel(job.model, model_options));
  const auto size = SizeOf(config, job.opened);
  if (!size.ok()) return size.status().WithContext(path);
  // The original takes the first num_runs * batch_size pictures.
  const auto most = static_cast<size_t>(config.num_runs * config.batch_size);
  const std::string list = PathFrom(folder, config.data_path);
  PICABIA_ASSIGN_OR_RETURN(job.set, FindCalibrationSet(list, folder, most));
  for (const std::string& problem : job.set.problems) Say(problem);
  if (job.set.files.size() < most) {
    Say(list + ": num_runs * batch_size is " + std::to_string(most) + ", but it has only " +
        std::to_string(job.set.files.size()) + " pictures");
  }
  job.pictures = PicturesOf(job, config, size->first, size->second);
  return job;
}

}  // namespace picabia::cli
