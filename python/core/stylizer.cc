// Stylizer: the compiled half of the class in picabia/functions.py.
#include "studio/stylizer.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstring>
#include <memory>
#include <mutex>
#include <utility>

#include "base/file.h"
#include "python/core/arrays.h"
#include "python/core/bind.h"
#include "python/core/errors.h"
#include "studio/models.h"
#include "studio/picture.h"
#include "studio/set_inputs.h"

namespace picabia::python {
namespace {

namespace nb = nanobind;

// uint8 [height, width, 3 or 4].
Result<studio::Picture> PictureOf(const Array& pixels) {
  studio::Picture picture;
  picture.height = static_cast<int64_t>(pixels.shape(0));
  picture.width = static_cast<int64_t>(pixels.shape(1));
  if (picture.height < 1 || picture.width < 1)
    return InvalidArgument("picture: found " + ShapeString({picture.height, picture.width}) +
                           ", expected one pixel at least");
  const size_t channels = pixels.shape(2), count = pixels.nbytes() / channels;
  const auto* from = static_cast<const uint8_t*>(pixels.data());
  picture.rgb.resize(count * 3);
  if (channels == 4) picture.alpha.resize(count);
  for (size_t i = 0; i < count; ++i) {
    std::memcpy(&picture.rgb[i * 3], from + i * channels, 3);
    if (channels == 4) picture.alpha[i] = from[i * channels + 3];
  }
  return picture;
}

Result<Tensor> PixelsOf(const studio::Picture& picture) {
  const int64_t channels = picture.alpha.empty() ? 3 : 4;
  PICABIA_ASSIGN_OR_RETURN(Tensor pixels,
                           Tensor::Create(DType::kU8, {picture.height, picture.width, channels}));
  auto* to = pixels.MutableData<uint8_t>();
  for (int64_t i = 0; i < picture.height * picture.width; ++i) {
    std::memcpy(to + i * channels, &picture.rgb[static_cast<size_t>(i * 3)], 3);
    if (channels == 4) to[i * channels + 3] = picture.alpha[static_cast<size_t>(i)];
  }
  return pixels;
}

Status InContext(const Status& status, const std::string& file) {
  return status.message().starts_with(file) ? status : status.WithContext(file);
}

class Stylizer {
 public:
  Stylizer(const std::string& name, const std::string& device, const std::string& precision,
           int threads, bool fast, const std::string& mlu_numerics,
           const std::vector<std::string>& libraries, const nb::dict& functions,
           const std::string& preprocess, const std::vector<std::string>& texts,
           const std::vector<std::pair<std::string, Array>>& arrays, const std::string& fetch) {
    Check(studio::StartPictures("picabia", 0));
    studio::ModelOptions options;
    options.preprocess = Unwrap(ParsePreprocess(preprocess));
    options.compile.operators = Unwrap(OperatorsOf(libraries, functions, device, objects_));
    if (!fetch.empty()) options.compile.fetches = {fetch};
    const auto session = Unwrap(SessionOptionsOf(device, precision, threads, fast, mlu_numerics));
    options.compile.pipeline.target = TargetOf(session);
    std::vector<runtime::Feed> feeds;
    for (const auto& [key, array] : arrays) feeds.push_back({key, Unwrap(TensorOf(array))});
    const auto sets = Unwrap(studio::ParseSets(texts));
    Status status;
    {
      const nb::gil_scoped_release released;
      status = Open(name, options, session, sets, std::move(feeds), fetch);
    }
    Check(status.ok() ? status : InContext(status, name));
  }

  nb::object RunPixels(const Array& pixels, const std::string& output, int quality) {
    const studio::Picture picture = Unwrap(PictureOf(pixels));
    return Finish([&] { return Run(picture, output, quality); });
  }

  nb::object RunFile(const std::string& path, const std::string& output, int quality) {
    return Finish([&]() -> Result<Tensor> {
      PICABIA_ASSIGN_OR_RETURN(const studio::Picture picture,
                               studio::ReadPicture(path, studio::kDefaultMaxPixels));
      auto pixels = Run(picture, output, quality);
      const bool named =
          pixels.ok() || (!output.empty() && pixels.status().message().starts_with(output));
      return named ? std::move(pixels) : pixels.status().WithContext(path);
    });
  }

  double ms() const { return stylizer_->ms(); }
  HostObjects& objects() { return *objects_; }

 private:
  Status Open(const std::string& name, const studio::ModelOptions& options,
              const runtime::SessionOptions& session, const std::vector<studio::SetOption>& sets,
              std::vector<runtime::Feed> feeds, const std::string& fetch) {
    PICABIA_ASSIGN_OR_RETURN(const studio::Model model, studio::OpenModel(name, options));
    PICABIA_ASSIGN_OR_RETURN(const auto set,
                             studio::SetFeeds(*model.program, sets, studio::kDefaultMaxPixels));
    feeds.insert(feeds.end(), set.begin(), set.end());
    PICABIA_ASSIGN_OR_RETURN(
        studio::Stylizer stylizer,
        studio::Stylizer::Create(model.program, session, {std::move(feeds), fetch}));
    stylizer_ = std::make_unique<studio::Stylizer>(std::move(stylizer));
    return OkStatus();
  }

  Result<Tensor> Run(const studio::Picture& picture, const std::string& output, int quality) {
    studio::EncodeOptions encode;
    encode.quality = quality;
    if (!output.empty()) {
      const auto format = studio::FormatOfPath(output);
      if (!format.ok()) return InContext(format.status(), output);
      encode.format = *format;
    }
    PICABIA_ASSIGN_OR_RETURN(const studio::Picture made, stylizer_->Run(picture));
    if (!output.empty()) {
      const auto bytes = studio::EncodePicture(made, encode);
      if (!bytes.ok()) return InContext(bytes.status(), output);
      PICABIA_RETURN_IF_ERROR(WriteFileAtomically(output, *bytes));
    }
    return PixelsOf(made);
  }

  template <typename F>
  nb::object Finish(F run) {
    Result<Tensor> pixels = InvalidArgument("");
    {
      const nb::gil_scoped_release released;
      const std::lock_guard lock(mutex_);
      pixels = run();
    }
    nb::object cause = objects_->Take();
    if (!pixels.ok()) Raise(pixels.status(), std::move(cause));
    return ResultOf(*std::move(pixels));
  }

  std::shared_ptr<HostObjects> objects_ = std::make_shared<HostObjects>();
  std::mutex mutex_;
  std::unique_ptr<studio::Stylizer> stylizer_;
};

std::vector<std::string> Styles() {
  std::vector<std::string> names;
  for (const studio::EmbeddedStyle& style : studio::EmbeddedStyles())
    names.emplace_back(style.name);
  return names;
}

PyType_Slot kSlots[] = {{Py_tp_traverse, reinterpret_cast<void*>(TraverseHost<Stylizer>)},
                        {Py_tp_clear, reinterpret_cast<void*>(ClearHost<Stylizer>)},
                        {0, nullptr}};

}  // namespace

void BindStylizer(nb::module_& m) {
  nb::class_<Stylizer>(m, "Stylizer", nb::type_slots(kSlots))
      .def(nb::init<const std::string&, const std::string&, const std::string&, int, bool,
                    const std::string&, const std::vector<std::string>&, const nb::dict&,
                    const std::string&, const std::vector<std::string>&,
                    const std::vector<std::pair<std::string, Array>>&, const std::string&>())
      .def("run_pixels", &Stylizer::RunPixels)
      .def("run_file", &Stylizer::RunFile)
      .def("ms", &Stylizer::ms);
  m.def("styles", &Styles);
}

}  // namespace picabia::python
