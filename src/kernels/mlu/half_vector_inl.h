// Halves and floats in vectors of 16, for instruction sets without conversions of their own. As
// base/half.h does it, lane by lane.

// v is finite and within the halves.
[[gnu::always_inline]] inline Word16 FloatToHalves(Float16 v) {
  const Word32x16 bits = (Word32x16)v;
  const Word32x16 sign = (bits >> 16) & 0x8000u, size = bits & 0x7FFFFFFFu;
  // Below the normal halves the unit of the last place of size + 0.5 is that of the half.
  const Word32x16 small = (Word32x16)((Float16)size + 0.5f) - 0x3F000000u;
  const Word32x16 normal = (size + 0xFFFu + ((size >> 13) & 1u) - 0x38000000u) >> 13;
  return __builtin_convertvector(sign | (size < 0x38800000u ? small : normal), Word16);
}

// Exponents are moved by a multiplication, which is exact for small numbers, too.
[[gnu::always_inline]] inline Float16 HalvesToFloat(Word16 h) {
  const Word32x16 bits = __builtin_convertvector(h, Word32x16);
  const Float16 size = (Float16)((bits & 0x7FFFu) << 13) * 0x1p112f;
  return (Float16)((Word32x16)size | (bits & 0x8000u) << 16);
}

[[gnu::always_inline]] inline bool AnyLane(Int32x16 v) {
  int32_t any = 0;
  for (int k = 0; k < 16; ++k) any |= v[k];
  return any != 0;
}
