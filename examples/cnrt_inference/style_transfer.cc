// One picture through an offline model: read, make it planar floats, run, write.
//
// usage: style_transfer MODEL.cambricon IN.jpg OUT.png [OUT.half]
//   OUT.half: the device's output as it is, halves in NHWC order.
#include <cstdio>
#include <fstream>

#include "offline_model.h"
#include "picture.h"

int main(int argc, char** argv) {
  if (argc != 4 && argc != 5) {
    std::fprintf(stderr, "usage: %s MODEL.cambricon IN.jpg OUT.png [OUT.half]\n", argv[0]);
    return 2;
  }
  if (VIPS_INIT(argv[0]) != 0) return 1;
  try {
    OfflineModel model(argv[1]);
    Lane lane(model);
    std::vector<float> picture = ReadPlanar(argv[2], model.width(), model.height());
    const float us = lane.Run(picture);
    std::printf("%dx%d, %.3f ms\n", model.height(), model.width(), static_cast<double>(us) / 1000);
    WritePlanar(argv[3], picture, model.width(), model.height());
    if (argc == 5)
      std::ofstream(argv[4], std::ios::binary)
          .write(reinterpret_cast<const char*>(lane.half().data()),
                 static_cast<std::streamsize>(model.bytes()));
  } catch (const vips::VError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
