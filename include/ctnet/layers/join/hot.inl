// SPDX-License-Identifier: MIT
// Included once per CPU target. Sums of tensors.
namespace ctnet::CTNET_TARGET {

template <class T>
void add_two(const T* a, const T* b, T* out, i64 n) {
  for (i64 i = 0; i < n; ++i) out[i] = a[i] + b[i];
}

}  // namespace ctnet::CTNET_TARGET
