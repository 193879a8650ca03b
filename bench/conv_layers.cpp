// SPDX-License-Identifier: MIT
// Convolutions of deployed networks beside oneDNN's, one thread, batch 1, fp32, with a fused ReLU: oneDNN as
// `convolution_auto` in the memory formats that it asks for. Medians of rounds in which both run in turn; the share of
// the peak counts the multiplications of the definition, so Winograd may exceed 100 %. Arguments: parts of the names of
// the layers to run, or none for all.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dnnl.hpp>
#include <string>
#include <unordered_map>
#include <vector>

#include <ctnet/core/error.hpp>
#include <ctnet/layers/conv/deploy.hpp>

#include "support/numbers.hpp"
#include "support/peak.hpp"
#include "support/worker.hpp"

extern "C" void omp_set_num_threads(int);  // of the OpenMP library that oneDNN uses

namespace {

using namespace ctnet::cpu;
using ctnet::ConvOp;

struct Buffer {
  explicit Buffer(std::size_t n) : data(static_cast<float*>(std::aligned_alloc(4096, (n * 4 + 4095) / 4096 * 4096))) {
    std::memset(data, 0, (n * 4 + 4095) / 4096 * 4096);
  }
  explicit Buffer(ctnet::i64 n) : Buffer(static_cast<std::size_t>(n)) {}
  Buffer(const Buffer&) = delete;
  ~Buffer() { std::free(data); }
  float* data;
};

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

struct OneDnn {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  dnnl::convolution_forward conv;
  std::unordered_map<int, dnnl::memory> arguments;
  std::string method;

  OneDnn(const ConvOp& o, float* x, float* weight, const float* bias) {
    using namespace dnnl;
    using tag = memory::format_tag;
    const auto f32 = memory::data_type::f32;
    const bool grouped = o.groups > 1;
    const memory::dims in{1, o.c, o.h, o.w}, out{1, o.k, o.p, o.q},
        w = grouped ? memory::dims{o.groups, o.group_k(), o.group_c(), o.r, o.s} : memory::dims{o.k, o.c, o.r, o.s};
    primitive_attr attributes;
    post_ops ops;
    ops.append_eltwise(1, algorithm::eltwise_relu, 0, 0);
    attributes.set_post_ops(ops);
    const convolution_forward::primitive_desc d({prop_kind::forward_inference,
                                                 algorithm::convolution_auto,
                                                 {in, f32, tag::any},
                                                 {w, f32, tag::any},
                                                 {{o.k}, f32, tag::a},
                                                 {out, f32, tag::any},
                                                 {o.stride_h, o.stride_w},
                                                 {o.dilation_h - 1, o.dilation_w - 1},
                                                 {o.pad_h, o.pad_w},
                                                 {o.pad_h, o.pad_w}},
                                                attributes, engine);
    memory xm(d.src_desc(), engine), wm(d.weights_desc(), engine), bm(d.bias_desc(), engine), ym(d.dst_desc(), engine);
    memory xp({in, f32, tag::nchw}, engine, x), wp({w, f32, grouped ? tag::goihw : tag::oihw}, engine, weight);
    reorder(xp, xm).execute(stream, xp, xm);
    reorder(wp, wm).execute(stream, wp, wm);
    stream.wait();
    std::memcpy(bm.get_data_handle(), bias, static_cast<std::size_t>(o.k) * 4);
    conv = convolution_forward(d);
    arguments = {{DNNL_ARG_SRC, xm}, {DNNL_ARG_WEIGHTS, wm}, {DNNL_ARG_BIAS, bm}, {DNNL_ARG_DST, ym}};
    method = d.impl_info_str();
  }
  void run() {
    conv.execute(stream, arguments);
    stream.wait();
  }
  void result(float* y, const ConvOp& o) {
    dnnl::memory plain({{1, o.k, o.p, o.q}, dnnl::memory::data_type::f32, dnnl::memory::format_tag::nchw}, engine, y);
    dnnl::reorder(arguments[DNNL_ARG_DST], plain).execute(stream, arguments[DNNL_ARG_DST], plain);
    stream.wait();
  }
};

constexpr ConvOp layer(int c, int size, int k, int window, int stride = 1, int groups = 1) {
  const int pad = window / 2, out = (size + 2 * pad - window) / stride + 1;
  return {c, size, size, k, out, out, window, window, stride, stride, pad, pad, 1, 1, groups, 1};
}

int argument_count;
char** argument;

template <ConvPlan P>
void compare(const char* name) {
  static_assert(P.method != ConvMethod::none);
  bool wanted = argument_count < 2;
  for (int i = 1; i < argument_count; ++i) wanted = wanted || std::strstr(name, argument[i]);
  if (!wanted) return;
  const ConvOp& o = P.op;
  Buffer x(ctnet::i64{o.c} * o.h * o.w), weight(ctnet::i64{o.weights()}), bias(P.out.blocks() * 16ll), in(P.in.size()),
      out(P.out.size()), packed(packed_size(P)), scratch(scratch_size(P)), theirs(ctnet::i64{o.k} * o.p * o.q);
  const auto fill = [](float* to, int n, float scale) {
    for (int i = 0; i < n; ++i) to[i] = scale * bench::symmetric(bench::Stream::images, static_cast<std::size_t>(i));
  };
  fill(x.data, o.c * o.h * o.w, 1);
  fill(weight.data, o.weights(), 1 / std::sqrt(static_cast<float>(o.taps())));
  fill(bias.data, o.k, 0.1f);
  for (int c = 0; c < o.c; ++c)
    for (int i = 0; i < o.h; ++i)
      for (int j = 0; j < o.w; ++j) in.data[P.in.at(c, i, j)] = x.data[(c * o.h + i) * o.w + j];
  pack_conv(P, weight.data, nullptr, packed.data);
  zero_border(P.out, out.data);
  OneDnn dnn(o, x.data, weight.data, bias.data);
  const auto run = [&] {
    CTNET_PICK(run_conv<conv_variant(P)>)
    (P, {in.data, out.data, packed.data, bias.data, nullptr, scratch.data, 0, units(P)});
  };
  run();
  dnn.run();
  dnn.result(theirs.data, o);
  double worst = 0, largest = 0;
  for (int k = 0; k < o.k; ++k)
    for (int i = 0; i < o.p; ++i)
      for (int j = 0; j < o.q; ++j) {
        const double t = double{theirs.data[(k * o.p + i) * o.q + j]};
        worst = std::max(worst, std::fabs(double{out.data[P.out.at(k, i, j)]} - t));
        largest = std::max(largest, std::fabs(t));
      }
  if (!(worst <= 2e-5 * largest)) {
    std::printf("%s: the results differ by %g of %g\n", name, worst, largest);
    std::exit(1);
  }
  std::vector<double> ours, dnns, ratio, share;
  const double work = 2.0 * o.weights() * o.p * o.q;
  for (int round = 0; round < 11; ++round) {
    const double peak = bench::peak_operations_per_second(0.01);
    ours.push_back(1 / bench::measure(0.03, run).per_second);
    dnns.push_back(1 / bench::measure(0.03, [&] { dnn.run(); }).per_second);
    ratio.push_back(dnns.back() / ours.back());
    share.push_back(work / ours.back() / peak);
  }
  static constexpr const char* methods[] = {"direct", "winograd2", "winograd4", "depthwise"};
  std::printf("%-24s %9.1f %9.1f %6.2f %7.0f %%  %-9s %2dx%d/%-3d  %s\n", name, median(ours) * 1e6, median(dnns) * 1e6,
              median(ratio), 100 * median(share), methods[static_cast<int>(P.method)], P.pixels, P.blocks, P.chunk,
              dnn.method.c_str());
  std::fflush(stdout);
}

constexpr Epilogue relu{.act = Fused::relu};

template <ConvOp O, bool Exact = false>
constexpr ConvPlan plan =
    plan_conv(O, {O.c, O.h, O.w, O.c < 16 ? 1 : 16, O.pad_h, O.pad_w}, {O.k, O.p, O.q, 16}, relu, Exact);
}  // namespace

int main(int count, char** arguments) {
  omp_set_num_threads(1);
  argument_count = count, argument = arguments;
  std::printf("target %s, peak %.0f GFLOP/s\n%-24s %9s %9s %6s %9s\n", name(target()),
              bench::peak_operations_per_second(0.3) * 1e-9, "layer", "us", "oneDNN us", "ratio", "of peak");
  compare<plan<layer(3, 224, 64, 7, 2)>>("7x7/2 3-64 at 224");
  compare<plan<layer(64, 56, 64, 3)>>("3x3 64-64 at 56");
  compare<plan<layer(128, 28, 128, 3)>>("3x3 128-128 at 28");
  compare<plan<layer(256, 14, 256, 3)>>("3x3 256-256 at 14");
  compare<plan<layer(512, 7, 512, 3)>>("3x3 512-512 at 7");
  compare<plan<layer(64, 56, 128, 3, 2)>>("3x3/2 64-128 at 56");
  compare<plan<layer(128, 28, 256, 3, 2)>>("3x3/2 128-256 at 28");
  compare<plan<layer(256, 14, 512, 3, 2)>>("3x3/2 256-512 at 14");
  compare<plan<layer(64, 56, 128, 1, 2)>>("1x1/2 64-128 at 56");
  compare<plan<layer(256, 56, 64, 1)>>("1x1 256-64 at 56");
  compare<plan<layer(64, 56, 256, 1)>>("1x1 64-256 at 56");
  compare<plan<layer(512, 28, 128, 1)>>("1x1 512-128 at 28");
  compare<plan<layer(1024, 14, 256, 1)>>("1x1 1024-256 at 14");
  compare<plan<layer(512, 7, 2048, 1)>>("1x1 512-2048 at 7");
  compare<plan<layer(32, 112, 32, 3, 1, 32)>>("depthwise 32 at 112");
  compare<plan<layer(192, 28, 192, 3, 2, 192)>>("depthwise/2 192 at 28");
  compare<plan<layer(64, 32, 64, 3)>>("3x3 64-64 at 32");
  compare<plan<layer(512, 4, 512, 3)>>("3x3 512-512 at 4");
}
