// The weights of an int8 convolution: master panels of 16 bits in the order of the products, made
// once a session, and the int8 panels made of them for each picture, with the scales of its input
// folded in.
//
//   y_o = sum of w_k,o x_k,  x_k = s_k (q_k - z_k),  w_k,o s_k = t_o v_k,o + error,  v in -127..127
//       = t_o (sum of v q - sum of v z)
//
// Direct products run over the segments of devices/cpu/conv_weights.h. A 3x3 convolution of stride
// 1 over enough channels runs by Winograd's F(2x2, 3x3) (kernels/winograd/) instead, which needs
// 16 products of 4 outputs where the direct one needs 36; there each tap has scales t_o of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "devices/cpu/conv.h"
#include "devices/cpu/conv_weights.h"
#include "devices/cpu/levels.h"
#include "kernels/table.h"

namespace picabia::cpu {

constexpr int64_t kWinogradTaps = 16;

// The weights of one product: of a phase, or of one of Winograd's taps (G g G').
struct MasterPanels {
  std::vector<int16_t> weights;  // [blocks][taps][ci][16]
  std::vector<int16_t> largest;  // of direct products: magnitude over the taps, [blocks][ci][16]
  std::vector<float> scale;      // of each column
};

struct Int8Weights {
  std::shared_ptr<const ConvWeights> conv;  // without its float panels
  bool winograd = false;
  std::vector<MasterPanels> products;
  InputWeights input;  // of direct products
  // winograd: the sums over the window of what is positive and what is negative in the filter,
  // [blocks][ci][16].
  std::vector<float> positive, negative;
};

// `winograd`: whether the block may run by it, where its geometry suits.
Int8Weights MakeInt8Weights(const ops::ConvBlock& op, const ConvWeights& conv, bool winograd);

// What a picture's input is to its products.
struct Int8Input {
  FactorKind kind = FactorKind::kByte;
  InputFactors factors;
  ChannelRange range;             // of the values, 0 included
  std::vector<int16_t> sum_zero;  // kTile: kernels::WinogradInput::sum_zero
  bool exact = false;             // the factors are the values themselves
};

// The panels and scales of one phase, or of all of Winograd's taps, for one picture.
struct Int8Phase {
  std::shared_ptr<std::byte> panels;  // int8, as GemmInt8 wants them, taps one after another
  std::vector<float> scale, high_scale, offset;  // kernels::Requantize, kernels::WinogradOutput
};

struct Int8Picture {
  std::vector<Int8Phase> phases;
  std::vector<double> level_scale;  // value of a level per output channel; 1 for float outputs
  // Variance that the roundings of the input and of the weights are expected to add to the values
  // of each output channel; of levels only, and empty where the input's deviation is not known.
  std::vector<double> noise;
};

// `bias` [co] may be null; it is added to float outputs only (levels carry it in their offset).
// Levels get `headroom` times the range that the sums are expected to need.
Result<Int8Picture> QuantizeForPicture(const ConvContext& context, const Int8Weights& weights,
                                       const Int8Input& input, bool to_levels, const float* bias,
                                       double headroom);

}  // namespace picabia::cpu
