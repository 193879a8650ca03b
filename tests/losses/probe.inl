// SPDX-License-Identifier: MIT
// Included once per CPU target: the vector functions of math.inl over arrays.
namespace ctnet::CTNET_TARGET {

template <class T, int Function>
void probe(const T* x, T* y, decltype(sizeof 0) n) {
  each_vector<T>(
      n, [&](auto i, auto at) __attribute__((always_inline)) {
        const Vec<T> v = at.load(x + i, T{1});
        if constexpr (Function == 0) at.store(y + i, exp<T>(v));
        if constexpr (Function == 1) at.store(y + i, log<T>(v));
        if constexpr (Function == 2) at.store(y + i, log1p<T>(v));
        if constexpr (Function == 3) at.store(y + i, sqrt<T>(v));
        if constexpr (Function == 4) at.store(y + i, tanh<T>(v));
        if constexpr (Function == 5) at.store(y + i, sigmoid<T>(v));
        if constexpr (Function == 6) at.store(y + i, erf<T>(v));
      });
}

}  // namespace ctnet::CTNET_TARGET
