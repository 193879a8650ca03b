// SPDX-License-Identifier: MIT
// Included once per CPU target. y = scale x + shift per channel, on the pixels of blocked activations.
namespace ctnet::CTNET_TARGET {

inline void affine_blocks(const cpu::Layout& in, const cpu::Layout& out, const float* scale, const float* shift,
                          const float* x, float* y, int first, int last) {
  constexpr int L = lanes<float>, B = cpu::channel_block;
  for (int block = first; block < last; ++block)
    for (int m = 0; m < B; m += L) {
      const Vec<float> a = load(scale + block * B + m), b = load(shift + block * B + m);
      for (int v = 0; v < in.h; ++v) {
        const float* from = x + in.at(block * B, v, 0) + m;
        float* to = y + out.at(block * B, v, 0) + m;
        for (int u = 0; u < in.w; ++u) store(to + u * B, load(from + u * B) * a + b);
      }
    }
}

}  // namespace ctnet::CTNET_TARGET
