// What decoding and encoding share: libvips throws, and keeps the text of errors itself.
#pragma once

#include <string>
#include <vips/vips8>

#include "base/status.h"
#include "studio/picture.h"

namespace picabia::studio {

struct PictureMetadata {
  vips::VImage fields;  // a picture of one pixel whose header holds the fields
};

namespace pictures {

// Takes the error text out of libvips, so that the next error does not repeat it; `what` goes
// first.
Status VipsFailure(StatusCode code, const std::string& what);

// Copies the fields that go from an input to its output: profile, EXIF, XMP, IPTC and resolution.
// The rest describes the input's own encoding.
void CopyMetadata(const vips::VImage& from, vips::VImage& to);

}  // namespace pictures
}  // namespace picabia::studio
