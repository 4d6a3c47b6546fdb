// Writes a picture as an ini file of Cambricon's quantizer prepares it, for the tests in
// tests/python, which compare it with OpenCV and NumPy.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/file.h"
#include "base/npy.h"
#include "studio/cambricon_pictures.h"

namespace picabia {
namespace {

Status Run(char** argv) {
  PICABIA_RETURN_IF_ERROR(studio::StartPictures("preprocessed_picture", 1));
  PICABIA_ASSIGN_OR_RETURN(const auto file, FileBytes::Open(argv[1]));
  PICABIA_ASSIGN_OR_RETURN(const quant::Config config,
                           quant::ParseConfig({reinterpret_cast<const char*>(file->bytes().data()),
                                               file->bytes().size()}));
  PICABIA_ASSIGN_OR_RETURN(const studio::Picture picture,
                           studio::ReadPicture(argv[2], studio::kDefaultMaxPixels));
  PICABIA_ASSIGN_OR_RETURN(
      const Tensor tensor,
      studio::CambriconTensor(picture, config, config.crop[0], config.crop[1]));
  return WriteNpy(argv[3], tensor);
}

}  // namespace
}  // namespace picabia

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: preprocessed_picture CONFIG.ini PICTURE OUT.npy\n");
    return 2;
  }
  const picabia::Status status = picabia::Run(argv);
  if (status.ok()) return 0;
  std::fprintf(stderr, "preprocessed_picture: %s\n", status.message().c_str());
  return 1;
}
