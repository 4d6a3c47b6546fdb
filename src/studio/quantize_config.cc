// Ini files of Cambricon's quantizer into jobs; see quantize_job.h.
#include <filesystem>

#include "base/file.h"
#include "studio/cambricon_pictures.h"
#include "studio/quantize_job.h"

namespace picabia::studio {
namespace {

std::string_view TextOf(const FileBytes& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

Result<quant::Config> ReadConfig(const std::string& path, const QuantizeEvents& events) {
  PICABIA_ASSIGN_OR_RETURN(const auto file, FileBytes::Open(path));
  auto config = quant::ParseConfig(TextOf(*file));
  if (!config.ok()) return config.status().WithContext(path);
  for (const std::string& warning : config->warnings) events.Note(path + ": " + warning);
  return config;
}

// "node" for "node" and "node:0".
std::vector<std::string> TensorNames(const std::vector<std::string>& names) {
  std::vector<std::string> plain;
  for (const std::string& name : names) plain.push_back(TensorName(name));
  return plain;
}

std::string JoinNames(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

Status CheckSupported(const quant::Config& config) {
  const quant::Kinds wanted = config.wanted();
  if (!wanted.convolutions && !wanted.products) {
    return Unsupported(WhereIs(config, "config", "int_op_list", config.int_op_list) +
                       ", which leaves nothing to quantize: expected Conv or FC in it");
  }
  if (config.input_tensor_names.size() > 1) {
    return Unsupported(
        WhereIs(config, "model", "input_tensor_names", JoinNames(config.input_tensor_names)) +
        ", expected one name: the picture");
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

// What use_convfirst asks for, checked before pictures are read.
Status UseFirstConvolution(const quant::Config& config, QuantizeJob& job) {
  const auto refuse = [&](const std::string& why) {
    return Unsupported(WhereIs(config, "config", "use_convfirst", "True") + ", but " + why);
  };
  if (job.opened.graph->format != "tensorflow") return refuse("the model is no TensorFlow graph");
  const auto scaling = CambriconScaling(config);
  if (!scaling.ok()) return refuse(scaling.status().message());
  PICABIA_ASSIGN_OR_RETURN(const auto file, FileBytes::Open(job.model));
  const auto first = quant::FindFirstConvolution(TextOf(*file), job.feeds[0]);
  if (!first.ok()) return refuse(first.status().message());
  job.first_pixels = *scaling;
  return OkStatus();
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
          {"crop", config.crop},
          {"use_convfirst", config.use_convfirst}};
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

Result<QuantizeJob> JobOfConfig(const std::string& path, const ops::OperatorSet& operators,
                                const QuantizeEvents& events) {
  PICABIA_ASSIGN_OR_RETURN(const quant::Config config, ReadConfig(path, events));
  PICABIA_RETURN_IF_ERROR(CheckSupported(config).WithContext(path));
  events.Print(quant::Describe(config));
  const std::string folder = FolderOf(path);
  QuantizeJob job;
  job.cambricon_text = true;
  job.make_folders = true;
  job.model = PathFrom(folder, config.original_models_path);
  job.output = PathFrom(folder, config.save_model_path);
  job.feeds = TensorNames(config.input_tensor_names);
  job.picture_output = TensorName(config.output_tensor_names[0]);
  job.options = OptionsOf(config);
  job.wanted = config.wanted();
  job.devices = config.devices();
  job.debug = config.debug;
  job.preprocess = PreprocessOf(config);
  ModelOptions model_options;
  model_options.compile.feeds = job.feeds;
  model_options.compile.fetches = TensorNames(config.output_tensor_names);
  model_options.compile.operators = operators;
  model_options.keep_graph = true;
  PICABIA_ASSIGN_OR_RETURN(job.opened, OpenModel(job.model, model_options));
  if (config.use_convfirst) {
    const Status prepared = UseFirstConvolution(config, job);
    if (!prepared.ok()) return prepared.WithContext(path);
  }
  const auto size = SizeOf(config, job.opened);
  if (!size.ok()) return size.status().WithContext(path);
  // The original takes the first num_runs * batch_size pictures.
  const auto most = static_cast<size_t>(config.num_runs * config.batch_size);
  const std::string list = PathFrom(folder, config.data_path);
  PICABIA_ASSIGN_OR_RETURN(job.set, FindCalibrationSet(list, folder, most));
  for (const std::string& problem : job.set.problems) events.Note(problem);
  if (job.set.files.size() < most) {
    events.Note(list + ": num_runs * batch_size is " + std::to_string(most) + ", but it has only " +
                std::to_string(job.set.files.size()) + " pictures");
  }
  job.pictures = PicturesOf(job, config, size->first, size->second);
  return job;
}

}  // namespace picabia::studio
