// The reader of protobuf messages that both importers and format detection use.
#pragma once

#include "proto/wire.h"

namespace picabia::import {

using proto::FieldReader;
using proto::kMaxStrings;
using proto::ParseLog;
using proto::ReadInt;
using proto::ReadStrings;

}  // namespace picabia::import
