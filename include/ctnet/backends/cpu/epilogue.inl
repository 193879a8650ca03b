// SPDX-License-Identifier: MIT
// Included once per CPU target. The activation of an Epilogue (epilogue.hpp) on one vector.
namespace ctnet::CTNET_TARGET {

[[gnu::always_inline]] inline Vec<float> finish(Vec<float> v, float slope, int keep) {
  const Vec<float> below = (Vec<float>)((Vec<int>)(v * slope) & keep);
  return v < 0.0f ? below : v;
}

// Ones in the lanes below n.
[[gnu::always_inline]] inline Vec<int> first_lanes(int n) {
  Vec<int> lane;
  for (int i = 0; i < lanes<int>; ++i) lane[i] = i;
  return lane < n;
}

}  // namespace ctnet::CTNET_TARGET
