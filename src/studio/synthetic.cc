// Pictures made for measuring; see synthetic.h.
#include "studio/synthetic.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

#include "studio/picture_tensor.h"

namespace picabia::studio {
namespace {

// Smooth waves with a little noise: statistics like a photo's, unlike plain noise, whose flat
// spectrum no network was trained on.
Picture SyntheticPicture(int64_t height, int64_t width) {
  Picture picture;
  picture.height = height;
  picture.width = width;
  picture.rgb.resize(static_cast<size_t>(height * width * 3));
  std::minstd_rand random(kSyntheticSeed);
  uint8_t* to = picture.rgb.data();
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        const double waves = std::sin(2 * std::numbers::pi * (3 + c) * double(x) / double(width)) +
                             std::cos(2 * std::numbers::pi * (2 + c) * double(y) / double(height));
        *to++ = static_cast<uint8_t>(124 + 50 * waves + random() % 16);  // within 24..239
      }
    }
  }
  return picture;
}

}  // namespace

Result<std::vector<runtime::Feed>> SyntheticFeeds(const program::Program& program,
                                                  const std::vector<Shape>& shapes,
                                                  const std::vector<runtime::Feed>& set) {
  std::vector<runtime::Feed> feeds = set;
  for (size_t i = 0; i < shapes.size(); ++i) {
    const program::Value& value = program.values[static_cast<size_t>(program.inputs[i].value)];
    const bool is_set = std::any_of(
        set.begin(), set.end(), [&](const runtime::Feed& feed) { return feed.name == value.name; });
    if (is_set) continue;
    const Shape& s = shapes[i];
    const size_t channel = program.picture.nchw ? 1 : 3;
    if (s.size() == 4 && s[0] == 1 && IsPictureChannels(s[channel])) {
      const int64_t height = s[program.picture.nchw ? 2 : 1],
                    width = s[program.picture.nchw ? 3 : 2];
      PICABIA_ASSIGN_OR_RETURN(Tensor tensor,
                               PictureToTensor(SyntheticPicture(height, width), program.picture,
                                               s[channel], height, width));
      feeds.push_back({value.name, std::move(tensor)});
    } else {
      PICABIA_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Create(DType::kF32, s));
      std::fill_n(tensor.MutableData<float>(), tensor.num_elements(), 2.0f);
      feeds.push_back({value.name, std::move(tensor)});
    }
  }
  return feeds;
}

}  // namespace picabia::studio
