// Tests of what graphs tell about their pictures.
#include "import/picture.h"

#include <gtest/gtest.h>

#include "ir/text.h"

namespace picabia::import {
namespace {

constexpr char kInput[] = "input %x : float32 [?, ?, ?, 3]\n";
constexpr char kLayer[] = "const %w : float32 [1, 1, 3, 3] = {1, 0, 0, 0, 1, 0, 0, 0, 1}\n";

ir::Graph Recognised(const std::string& text) {
  auto graph = ir::Parse(text);
  EXPECT_TRUE(graph.ok()) << graph.status().message() << "\n" << text;
  if (!graph.ok()) return {};
  RecognisePicture(*graph);
  return *std::move(graph);
}

// A convolution after `head`, which makes %h of %x, and before `tail`, which makes %y of %c.
ir::Graph Network(const std::string& head, const std::string& tail) {
  return Recognised(std::string(kInput) + kLayer + head + "%c = Conv2D(%h, %w)\n" + tail +
                    "output %y\n");
}
ir::Graph Begins(const std::string& head) { return Network(head, "%y = Unary(%c)\n"); }
ir::Graph Ends(const std::string& tail) { return Network("%h = Identity(%x)\n", tail); }

// What 0 and 255 are in the input, and which values of the output are 0 and 255.
std::vector<float> InputRange(const ir::Graph& g) {
  return {g.picture.shift[0], 255 * g.picture.scale[0] + g.picture.shift[0]};
}
std::vector<float> OutputRange(const ir::Graph& g) {
  return {-g.picture.out_shift[0] / g.picture.out_scale[0],
          (255 - g.picture.out_shift[0]) / g.picture.out_scale[0]};
}
void ExpectRanges(const ir::Graph& g, float in_low, float in_high, float out_low, float out_high) {
  const std::vector<float> in = InputRange(g), out = OutputRange(g);
  EXPECT_NEAR(in[0], in_low, 1e-5f);
  EXPECT_NEAR(in[1], in_high, 1e-4f);
  EXPECT_NEAR(out[0], out_low, 1e-5f);
  EXPECT_NEAR(out[1], out_high, 1e-4f);
}

std::string Number(const std::string& name, const std::string& value) {
  return "const %" + name + " : float32 [] = {" + value + "}\n";
}
std::string Three(const std::string& name, const std::string& values) {
  return "const %" + name + " : float32 [3] = {" + values + "}\n";
}

TEST(RecognisePicture, QuantizedInputsAndOutputs) {
  const std::string levels = Number("s", "0.003921569") + "const %z : int8 [] = {-128}\n";
  const std::string there = "%q : int8 = QuantizeLinear(%x, %s, %z) {to=3}\n";
  const ir::Graph g = Network(levels + there + "%h = DequantizeLinear(%q, %s, %z)\n",
                              "%b = Unary(%c) {kind=7}\n"
                              "%p : int8 = QuantizeLinear(%b, %s, %z) {to=3}\n"
                              "%y = DequantizeLinear(%p, %s, %z)\n");
  ExpectRanges(g, 0, 1, 0, 1);
  EXPECT_EQ(g.picture_origins.range, "from the graph: its input is quantized over this range");
  EXPECT_EQ(g.picture_origins.out_range, "from the graph: it ends with Sigmoid");
  // Levels that no usual range of pictures has say nothing.
  const std::string odd = Number("s", "0.07") + "const %z : int8 [] = {-100}\n";
  EXPECT_EQ(Begins(odd + there + "%h = DequantizeLinear(%q, %s, %z)\n").picture_origins.range,
            "assumed");
}

TEST(RecognisePicture, NothingToldIsAssumed) {
  const ir::Graph g = Network("%h = Identity(%x)\n", "%y = Unary(%c)\n");
  EXPECT_EQ(g.picture, PictureConvention{});
  EXPECT_EQ(g.picture_origins.range, "assumed");
  EXPECT_EQ(g.picture_origins.out_range, "assumed");
  EXPECT_EQ(g.picture_origins.order, "assumed");
  EXPECT_EQ(g.picture_origins.layout, "from the graph: input 'x' is [?, ?, ?, 3]");
}

TEST(RecognisePicture, EndsOfKnownRange) {
  struct Case {
    std::string tail;
    float low, high;
    const char* why;
  };
  const std::string tanh = "%t = Unary(%c) {kind=1}\n", sigmoid = "%t = Unary(%c) {kind=7}\n";
  const Case cases[] = {
      {"%y = Unary(%c) {kind=1}\n", -1, 1, "from the graph: it ends with Tanh"},
      {"%y = Unary(%c) {kind=7}\n", 0, 1, "from the graph: it ends with Sigmoid"},
      {"%y = Clip(%c) {low=0, high=1}\n", 0, 1, "from the graph: it ends with Clip"},
      {"%y = Clip(%c) {low=0, high=255}\n", 0, 255, "from the graph: it ends with Clip"},
      {"%y = Clip(%c) {low=-1, high=1}\n", -1, 1, "from the graph: it ends with Clip"},
      {Number("k", "255") + sigmoid + "%y = Binary(%t, %k) {kind=2}\n", 0, 255,
       "from the graph: it ends with Sigmoid"},
      {Number("k", "127.5") + tanh + "%m = Binary(%k, %t) {kind=2}\n%y = Binary(%m, %k)\n", 0, 255,
       "from the graph: it ends with Tanh"},
      {Number("k", "150") + Number("b", "127.5") + tanh +
           "%m = Binary(%t, %k) {kind=2}\n%n = Binary(%m, %b)\n%y = Clip(%n) {low=0, high=255}\n",
       0, 255, "from the graph: it ends with Clip"},
      {Number("k", "0.5") + tanh + "%m = Binary(%t, %k) {kind=2}\n%y = Binary(%m, %k)\n", 0, 1,
       "from the graph: it ends with Tanh"},
      {Number("k", "2") + Number("b", "1") + tanh +
           "%m = Binary(%t, %b)\n%y = Binary(%m, %k) {kind=3}\n",
       0, 1, "from the graph: it ends with Tanh"},
      {Number("k", "0.5") + sigmoid + "%y = Binary(%t, %k) {kind=1}\n", -0.5, 0.5,
       "from the graph: it ends with Sigmoid"},
      {Number("a", "0") + Number("b", "255") +
           "%m = Binary(%c, %b) {kind=6}\n%y = Binary(%m, %a) {kind=7}\n",
       0, 255, "from the graph: it ends with Minimum and Maximum"},
      {Number("b", "255") + "%y = Binary(%c, %b) {kind=2}\n", 0, 255,
       "from the graph: it ends with a factor of about 255"},
  };
  for (const Case& c : cases) {
    const ir::Graph g = Ends(c.tail);
    SCOPED_TRACE(c.tail);
    ExpectRanges(g, c.low, c.high, c.low, c.high);
    EXPECT_EQ(g.picture_origins.out_range, c.why);
    EXPECT_EQ(g.picture_origins.range, "assumed: as of the output");
  }
}

TEST(RecognisePicture, EndsThatTellNothing) {
  for (const std::string& tail :
       {std::string("%y = Unary(%c)\n"),
        Number("k", "7") + "%t = Unary(%c) {kind=1}\n" + "%y = Binary(%t, %k) {kind=2}\n",
        std::string("%y = Clip(%c) {low=0, high=inf}\n"),
        Number("k", "2") + "%y = Binary(%c, %k) {kind=2}\n"}) {
    const ir::Graph g = Ends(tail);
    EXPECT_EQ(g.picture_origins.out_range, "assumed") << tail;
    EXPECT_EQ(g.picture, PictureConvention{}) << tail;
  }
}

TEST(RecognisePicture, BeginningsOfKnownRange) {
  struct Case {
    std::string head;
    float low, high;
  };
  const std::string imagenet =
      Three("m", "0.485, 0.456, 0.406") + Three("s", "0.229, 0.224, 0.225");
  const Case cases[] = {
      {Number("k", "255") + "%h = Binary(%x, %k) {kind=3}\n", 0, 255},
      {Number("k", "0.003921569") + "%h = Binary(%k, %x) {kind=2}\n", 0, 255},
      {Number("k", "127.5") + Number("b", "1") +
           "%p = Binary(%x, %k) {kind=3}\n%h = Binary(%p, %b) {kind=1}\n",
       0, 255},
      {Number("k", "128") + "%h = Binary(%x, %k) {kind=1}\n", 0, 255},
      {Three("m", "123.68, 116.779, 103.939") + "%h = Binary(%x, %m) {kind=1}\n", 0, 255},
      {imagenet + "%p = Binary(%x, %m) {kind=1}\n%h = Binary(%p, %s) {kind=3}\n", 0, 1},
      {Number("k", "255") + imagenet +
           "%o = Binary(%x, %k) {kind=3}\n%p = Binary(%o, %m) {kind=1}\n"
           "%h = Binary(%p, %s) {kind=3}\n",
       0, 255},
      {Number("k", "0.5") + Number("b", "2") +
           "%p = Binary(%x, %k) {kind=1}\n%h = Binary(%p, %b) {kind=2}\n",
       0, 1},
      {Number("k", "255") + "%h = Binary(%x, %k) {kind=2}\n", 0, 1},
      {Number("k", "0.5") + "%p = Binary(%x, %k) {kind=2}\n%h = Binary(%p, %k)\n", -1, 1},
      {Number("k", "127.5") + "%p = Binary(%x, %k) {kind=2}\n%h = Binary(%p, %k)\n", -1, 1},
  };
  for (const Case& c : cases) {
    const ir::Graph g = Begins(c.head);
    SCOPED_TRACE(c.head);
    ExpectRanges(g, c.low, c.high, c.low, c.high);
    EXPECT_EQ(g.picture_origins.range, "from the graph: it begins with a scale and a shift");
    EXPECT_EQ(g.picture_origins.out_range, "assumed: as of the input");
  }
}

TEST(RecognisePicture, BeginningsThatTellNothing) {
  for (const std::string& head :
       {Number("k", "3") + "%h = Binary(%x, %k) {kind=2}\n",
        Number("k", "0") + "%h = Binary(%x, %k) {kind=2}\n",
        Number("k", "nan") + "%h = Binary(%x, %k) {kind=1}\n", std::string("%h = Binary(%x, %x)\n"),
        std::string("input %z : float32\n%h = Binary(%x, %z)\n")}) {
    EXPECT_EQ(Begins(head).picture, PictureConvention{}) << head;
  }
}

TEST(RecognisePicture, MeansTellTheOrder) {
  const std::string sub = "%h = Binary(%x, %m) {kind=1}\n";
  EXPECT_TRUE(Begins(Three("m", "103.939, 116.779, 123.68") + sub).picture.bgr);
  EXPECT_FALSE(Begins(Three("m", "123.68, 116.779, 103.939") + sub).picture.bgr);
  EXPECT_TRUE(Begins(Three("m", "0.406, 0.456, 0.485") + sub).picture.bgr);
  EXPECT_FALSE(Begins(Three("m", "100, 110, 120") + sub).picture.bgr);
  EXPECT_TRUE(Ends(Three("m", "103.939, 116.779, 123.68") + "%y = Binary(%c, %m)\n").picture.bgr);
}

TEST(RecognisePicture, BothEndsAreTheirOwn) {
  const ir::Graph g =
      Network(Number("k", "255") + "%h = Binary(%x, %k) {kind=3}\n", "%y = Unary(%c) {kind=1}\n");
  ExpectRanges(g, 0, 255, -1, 1);
}

TEST(RecognisePicture, Layouts) {
  const std::string nchw = "input %x : float32 [?, 3, ?, ?]\n";
  const std::string body =
      std::string(kLayer) + "%h = Transpose(%x) {perm=[0, 2, 3, 1]}\n" + "%c = Conv2D(%h, %w)\n";
  const ir::Graph both = Recognised(nchw + body +
                                    "%t = Transpose(%c) {perm=[0, 3, 1, 2]}\n"
                                    "%y = Unary(%t) {kind=1}\noutput %y\n");
  EXPECT_TRUE(both.picture.nchw);
  EXPECT_TRUE(both.picture.out_nchw);
  const ir::Graph changed = Recognised(nchw + body + "output %c\n");
  EXPECT_TRUE(changed.picture.nchw);
  EXPECT_FALSE(changed.picture.out_nchw);
  const ir::Graph same = Recognised(nchw + "%y = Unary(%x)\noutput %y\n");
  EXPECT_TRUE(same.picture.out_nchw);
  EXPECT_EQ(same.picture_origins.out_layout, "assumed: as of the input");
  // The picture need not be the first input.
  EXPECT_TRUE(
      Recognised("input %z : float32 [26]\n" + nchw + "%y = Unary(%x)\noutput %y\n").picture.nchw);
}

TEST(RecognisePicture, MetadataSayMoreThanArithmetic) {
  ir::Graph g = Begins(Number("k", "255") + "%h = Binary(%x, %k) {kind=3}\n");
  g.image_metadata = {{"Image.NominalPixelRange", "Normalized_1_1"},
                      {"Image.BitmapPixelFormat", "Bgr8"}};
  RecognisePicture(g);
  ExpectRanges(g, -1, 1, -1, 1);
  EXPECT_TRUE(g.picture.bgr);
  EXPECT_EQ(g.picture_origins.range, "from the metadata: Image.NominalPixelRange");
  EXPECT_EQ(g.picture_origins.order, "from the metadata: Image.BitmapPixelFormat");
  g.image_metadata = {{"Image.NominalPixelRange", "nonsense"}};
  RecognisePicture(g);
  ExpectRanges(g, 0, 255, 0, 255);
  EXPECT_FALSE(g.picture.bgr);
}

}  // namespace
}  // namespace picabia::import
