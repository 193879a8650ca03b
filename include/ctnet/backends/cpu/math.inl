// SPDX-License-Identifier: MIT
// Included once per CPU target. Elementary functions on vectors of float: range reduction and polynomials in the manner
// of Cody & Waite, "Software Manual for the Elementary Functions" (1980), the coefficients fitted for this file (least
// squares, reweighted to equal ripples). Vectors of double go to the C library lane by lane.
namespace ctnet::CTNET_TARGET {

typedef int VecI __attribute__((vector_size(CTNET_VECTOR_BYTES)));
typedef unsigned VecU __attribute__((vector_size(CTNET_VECTOR_BYTES)));

// c[0] + c[1] x + c[2] x^2 + ...
template <int N>
[[gnu::always_inline]] inline Vec<float> polynomial(Vec<float> x, const float (&c)[N]) {
  Vec<float> y = splat<float>(c[N - 1]);
  unroll<N - 1>([&](auto i) __attribute__((always_inline)) { y = y * x + c[N - 2 - i]; });
  return y;
}

template <class F>
[[gnu::always_inline]] inline Vec<double> each_lane(Vec<double> x, F f) {
  double a[lanes<double>];
  __builtin_memcpy(a, &x, sizeof a);
  for (int i = 0; i < lanes<double>; ++i) a[i] = f(a[i]);
  __builtin_memcpy(&x, a, sizeof a);
  return x;
}

template <class T>
[[gnu::always_inline]] inline Vec<T> max(Vec<T> a, Vec<T> b) {  // b where either is NaN
  return a > b ? a : b;
}
template <class T>
[[gnu::always_inline]] inline Vec<T> abs(Vec<T> x) {
  return x < T{0} ? -x : x;
}

template <class T>
[[gnu::always_inline]] inline Vec<T> exp(Vec<T> x) {
  if constexpr (sizeof(T) == 8) {
    return each_lane(
        x, [](double v) __attribute__((always_inline)) { return __builtin_exp(v); });
  } else {
    // e^x = 2^n e^r, |r| <= log(2) / 2. Outside [-104, 89] the result is 0 or infinite; a NaN passes as -104.
    Vec<T> c = x > -104.0f ? x : splat<T>(-104.0f);
    c = c < 89.0f ? c : splat<T>(89.0f);
    const VecI n = __builtin_convertvector(c * 1.44269504f + (c < 0.0f ? splat<T>(-0.5f) : splat<T>(0.5f)), VecI);
    const Vec<T> m = __builtin_convertvector(n, Vec<float>);
    const Vec<T> r = (c - m * 0.693359375f) + m * 2.12194440e-4f;
    constexpr float p[] = {0.49999994f, 0.166665211f, 0.041668389f, 0.00836874545f, 0.00138145394f};
    const Vec<T> y = polynomial(r, p) * (r * r) + r + 1.0f;
    // 2^n in two halves, so that results below the smallest normal number round once and 2^128 does not overflow early
    const VecI half = n >> 1;
    const Vec<T> s = (Vec<T>)((half + 127) << 23), t = (Vec<T>)((n - half + 127) << 23);
    return x == x ? y * s * t : x;
  }
}

template <class T>
[[gnu::always_inline]] inline Vec<T> log(Vec<T> x) {
  if constexpr (sizeof(T) == 8) {
    return each_lane(
        x, [](double v) __attribute__((always_inline)) { return __builtin_log(v); });
  } else {
    // x = 2^e (1 + f), sqrt(1/2) <= 1 + f < sqrt(2); numbers below the smallest normal one are scaled by 2^23 first
    const auto tiny = x < 1.17549435e-38f;
    const VecU bits = (VecU)(tiny ? x * 8388608.0f : x);
    const VecI e = (VecI)(bits - 0x3F3504F3u) >> 23;
    const Vec<T> f = (Vec<T>)(bits - ((VecU)e << 23)) - 1.0f;
    const Vec<T> k = __builtin_convertvector(e, Vec<float>) - (tiny ? splat<T>(23.0f) : splat<T>(0.0f));
    constexpr float p[] = {0.333333313f, -0.250008225f, 0.200012282f, -0.16623351f,
                           0.142017379f, -0.131602228f, 0.127617523f, -0.0763461217f};
    const Vec<T> ff = f * f;
    const Vec<T> tail = polynomial(f, p) * (ff * f) - k * 2.12194440e-4f - 0.5f * ff;
    Vec<T> y = tail + f + k * 0.693359375f;
    y = x < __builtin_inff() ? y : x;  // infinity and NaN
    y = x == 0.0f ? splat<T>(-__builtin_inff()) : y;
    return x < 0.0f ? splat<T>(__builtin_nanf("")) : y;
  }
}

// log(1 + x), exact for small x too: log(u) x / (u - 1) takes back the rounding of u = 1 + x (HP-15C handbook, 1982).
template <class T>
[[gnu::always_inline]] inline Vec<T> log1p(Vec<T> x) {
  if constexpr (sizeof(T) == 8) {
    return each_lane(
        x, [](double v) __attribute__((always_inline)) { return __builtin_log1p(v); });
  } else {
    const Vec<T> u = 1.0f + x, d = u - 1.0f;
    const Vec<T> y = d == 0.0f ? x : log<T>(u) * (x / d);
    return u < __builtin_inff() ? y : u;
  }
}

template <class T>
[[gnu::always_inline]] inline Vec<T> sigmoid(Vec<T> x) {
  const Vec<T> e = exp<T>(-abs<T>(x));
  return (x < T{0} ? e : splat<T>(1)) / (T{1} + e);
}

template <class T>
[[gnu::always_inline]] inline Vec<T> tanh(Vec<T> x) {
  if constexpr (sizeof(T) == 8) {
    return each_lane(
        x, [](double v) __attribute__((always_inline)) { return __builtin_tanh(v); });
  } else {
    const Vec<T> a = abs<T>(x), z = x * x;
    constexpr float p[] = {-0.333332807f, 0.133314401f, -0.0537395254f, 0.0206384342f, -0.0057042269f};
    const Vec<T> near = polynomial(z, p) * (z * x) + x;
    const Vec<T> far = 1.0f - 2.0f / (exp<T>(a + a) + 1.0f);
    return a < 0.625f ? near : (x < 0.0f ? -far : far);
  }
}

template <class T>
[[gnu::always_inline]] inline Vec<T> erf(Vec<T> x) {
  if constexpr (sizeof(T) == 8) {
    return each_lane(
        x, [](double v) __attribute__((always_inline)) { return __builtin_erf(v); });
  } else {
    const Vec<T> a = abs<T>(x), z = x * x;
    constexpr float p[] = {0.128379166f,   -0.37612626f,    0.112835854f,   -0.0268538129f,
                           0.00518832915f, -0.00080102036f, 7.85389202e-05f};
    const Vec<T> near = polynomial(z, p) * x + x;
    // log(1 - erf(a)) is nearly a parabola; from 4 on erf is 1 in float
    constexpr float q[] = {-0.000320574502f, -1.12717164f,    -0.63801223f,   -0.103218198f,
                           0.02188964f,      -0.00296011381f, 0.000187604746f};
    const Vec<T> far = 1.0f - exp<T>(polynomial(a > 4.0f ? splat<T>(4.0f) : a, q));
    return a < 1.0f ? near : (x < 0.0f ? -far : far);
  }
}

// Correctly rounded. The compilers' vectors know no square root, and libm's sets errno, which keeps loops scalar.
template <class T>
[[gnu::always_inline]] inline Vec<T> sqrt(Vec<T> x) {
#if defined(__x86_64__) && !defined(__CUDACC__)
#  if CTNET_VECTOR_BYTES == 16
  if constexpr (sizeof(T) == 8)
    asm("sqrtpd %1, %0" : "=x"(x) : "x"(x));
  else
    asm("sqrtps %1, %0" : "=x"(x) : "x"(x));
#  else
  if constexpr (sizeof(T) == 8)
    asm("vsqrtpd %1, %0" : "=v"(x) : "v"(x));
  else
    asm("vsqrtps %1, %0" : "=v"(x) : "v"(x));
#  endif
  return x;
#else
  T a[lanes<T>];
  __builtin_memcpy(a, &x, sizeof a);
  for (int i = 0; i < lanes<T>; ++i) a[i] = sizeof(T) == 8 ? T(__builtin_sqrt(a[i])) : T(__builtin_sqrtf(float(a[i])));
  __builtin_memcpy(&x, a, sizeof a);
  return x;
#endif
}

// Loads and stores of a whole vector, or of its first n lanes (the others load as `rest`).
template <class T>
struct WholeVector {
  [[gnu::always_inline]] Vec<T> load(const T* p, T = {}) const { return CTNET_TARGET::load(p); }
  [[gnu::always_inline]] void store(T* p, Vec<T> v) const { CTNET_TARGET::store(p, v); }
};
template <class T>
struct PartVector {
  decltype(sizeof 0) n;
  [[gnu::always_inline]] Vec<T> load(const T* p, T rest = {}) const {
    T a[lanes<T>];
    for (int i = 0; i < lanes<T>; ++i) a[i] = rest;
    __builtin_memcpy(a, p, n * sizeof(T));
    return CTNET_TARGET::load(a);
  }
  [[gnu::always_inline]] void store(T* p, Vec<T> v) const { __builtin_memcpy(p, &v, n * sizeof(T)); }
};
// f(i, lanes) for i = 0, lanes<T>, ... below n, the last with a PartVector: every element passes the same arithmetic.
template <class T, class F>
[[gnu::always_inline]] inline void each_vector(decltype(sizeof 0) n, F f) {
  decltype(sizeof 0) i = 0;
  for (; i + lanes<T> <= n; i += lanes<T>) f(i, WholeVector<T>{});
  if (i < n) f(i, PartVector<T>{n - i});
}

}  // namespace ctnet::CTNET_TARGET
