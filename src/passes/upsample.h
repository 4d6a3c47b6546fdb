// A convolution of a picture that nearest upsampling has made larger by a whole factor f reads each
// pixel many times. It is a transposed convolution of stride f over the picture itself, whose
// filter holds the sums of the weights that meet the same pixel:
//   y[f i + p] = sum over j of w[j] x[i + floor((p + j - pad) / f)]
//              = sum over d of x[i + d] w'[p + lead - f d],   w'[k] the sum of those w[j]
// 4 products of 9 remain for f = 2 and a 3x3 filter. Not before an instance norm: there the phases
// p of a plain area would differ by roundings, which a norm of no deviation makes as large as
// anything. Called by fuse_conv_blocks.cc.
#pragma once

#include <optional>

#include "base/tensor.h"
#include "ops/ops.h"

namespace picabia::passes {

// `op`, whose padding is folded already, with its upsampled input replaced by the small one;
// `filter` [KH,KW,C,M] becomes the transposed one, [K,K,M,C]. Nothing where the padding cannot be
// had from the small picture: for reflection of as many pixels as the factor, and other sizes than
// SAME.
std::optional<ops::ConvBlock> WithoutUpsampling(const ops::ConvBlock& op, int64_t factor,
                                                const Shape& filter);
Result<Tensor> TransposedFilter(const Tensor& filter, int64_t factor);

}  // namespace picabia::passes
