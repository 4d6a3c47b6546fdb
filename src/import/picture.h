// What a graph tells about the pictures that go in and out of it. Called when a graph has been
// imported, and again by those who choose other outputs.
#pragma once

#include "ir/graph.h"

namespace picabia::import {

// Sets graph.picture and graph.picture_origins from, in this order: ONNX's image metadata; the
// shape of the picture input and the layout of what the picture output is computed from; the
// arithmetic at both ends. A graph that begins with x / 255 takes 0..255, one that ends with Tanh
// gives -1..1. Where only one end tells its range, the other is assumed to have the same; where
// neither does, 0..255 is assumed. Colours are RGB unless metadata or the means subtracted from
// the input say otherwise.
void RecognisePicture(ir::Graph& graph);

}  // namespace picabia::import
