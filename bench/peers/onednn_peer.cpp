// SPDX-License-Identifier: MIT
// oneDNN, a chain of primitives as its documentation advises: layouts of its own choice (format any), parameters
// reordered once, ReLU fused into the primitive before it, BatchNorm folded, activations reordered only where two
// primitives disagree and at the ends, every memory made beforehand. Usage: onednn_peer THREADS; requests: job.hpp.
#include <omp.h>
#include <dnnl.hpp>

#include <cstring>

#include "../support/job.hpp"

namespace {

using namespace bench;
using dnnl::memory;
using Tag = memory::format_tag;
using Dims = memory::dims;

class Chain final : public Job {
 public:
  Chain(const std::string& name, std::size_t batch, const std::string& variant) : images_(name, batch) {
    const NetSpec net = net_spec(name);
    const auto algorithm =
        variant == "winograd" ? dnnl::algorithm::convolution_winograd : dnnl::algorithm::convolution_auto;
    Dims shape{static_cast<long>(batch), net.c, net.h, net.w};
    input_ = memory({shape, memory::data_type::f32, Tag::nchw}, engine_);
    memory x = input_;
    const std::vector<FoldedStep> parameters = folded(net, net_state(net));
    for (std::size_t i = 0; i < net.steps.size(); ++i) {
      const NetStep& s = net.steps[i];
      if (s.kind == NetStep::conv)
        x = convolution(x, shape, s, parameters[i], algorithm);
      else if (s.kind == NetStep::pool)
        x = pool(x, shape, s);
      else
        x = linear(x, shape, s, parameters[i]);
    }
    const bool planar = shape.size() == 4;
    output_ = in_layout(x, memory::desc(shape, memory::data_type::f32, planar ? Tag::nchw : Tag::nc));
    stream_.wait();
  }

  void restart() override { images_.restart(); }
  void step() override {
    input_.set_data_handle(const_cast<float*>(images_.data()));
    for (const auto& [primitive, arguments] : chain_) primitive.execute(stream_, arguments);
    stream_.wait();
    images_.next();
  }
  std::string result() override {
    return outputs_object(static_cast<const float*>(output_.get_data_handle()), output_.get_desc().get_size() / 4);
  }

 private:
  static memory::desc any(const Dims& d) { return {d, memory::data_type::f32, Tag::any}; }

  // A parameter in the layout that a primitive wants.
  memory constant(const std::vector<float>& values, const Dims& d, Tag tag, const memory::desc& wanted) {
    memory plain({d, memory::data_type::f32, tag}, engine_);
    std::memcpy(plain.get_data_handle(), values.data(), 4 * values.size());
    memory packed(wanted, engine_);
    dnnl::reorder(plain, packed).execute(stream_, plain, packed);
    stream_.wait();
    return packed;
  }
  memory in_layout(const memory& x, const memory::desc& wanted) {
    if (x.get_desc() == wanted) return x;
    memory y(wanted, engine_);
    chain_.push_back({dnnl::reorder(x, y), {{DNNL_ARG_FROM, x}, {DNNL_ARG_TO, y}}});
    return y;
  }
  static dnnl::primitive_attr fused(const NetStep& s) {
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    if (s.relu) {
      dnnl::post_ops after;
      after.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
      attributes.set_post_ops(after);
    }
    return attributes;
  }
  memory convolution(const memory& x, Dims& shape, const NetStep& s, const FoldedStep& p, dnnl::algorithm algorithm) {
    const Dims kernel{s.out, s.in, s.kernel, s.kernel}, strides{s.stride, s.stride}, pad{s.pad, s.pad};
    const auto out = [&](long n) { return (n + 2 * s.pad - s.kernel) / s.stride + 1; };
    const Dims y{shape[0], s.out, out(shape[2]), out(shape[3])};
    const dnnl::convolution_forward::desc d(dnnl::prop_kind::forward_inference, algorithm, any(shape), any(kernel),
                                            any({s.out}), any(y), strides, pad, pad);
    const dnnl::convolution_forward::primitive_desc pd(d, fused(s), engine_);
    shape = y;
    return add(dnnl::convolution_forward(pd), pd, in_layout(x, pd.src_desc()),
               constant(p.weight, kernel, Tag::oihw, pd.weights_desc()),
               constant(p.bias, {s.out}, Tag::a, pd.bias_desc()));
  }
  memory linear(const memory& x, Dims& shape, const NetStep& s, const FoldedStep& p) {
    // The first Linear reads the image as it lies: its weights take the image's shape.
    Dims kernel = shape;
    kernel[0] = s.out;
    const Dims y{shape[0], s.out};
    const dnnl::inner_product_forward::desc d(dnnl::prop_kind::forward_inference, any(shape), any(kernel), any({s.out}),
                                              any(y));
    const dnnl::inner_product_forward::primitive_desc pd(d, fused(s), engine_);
    const Tag tag = shape.size() == 4 ? Tag::oihw : Tag::oi;
    shape = y;
    return add(dnnl::inner_product_forward(pd), pd, in_layout(x, pd.src_desc()),
               constant(p.weight, kernel, tag, pd.weights_desc()), constant(p.bias, {s.out}, Tag::a, pd.bias_desc()));
  }
  template <class Description>
  memory add(const dnnl::primitive& primitive, const Description& pd, const memory& x, const memory& weight,
             const memory& bias) {
    memory y(pd.dst_desc(), engine_), scratchpad(pd.scratchpad_desc(), engine_);
    chain_.push_back({primitive,
                      {{DNNL_ARG_SRC, x},
                       {DNNL_ARG_WEIGHTS, weight},
                       {DNNL_ARG_BIAS, bias},
                       {DNNL_ARG_DST, y},
                       {DNNL_ARG_SCRATCHPAD, scratchpad}}});
    return y;
  }
  memory pool(const memory& x, Dims& shape, const NetStep& s) {
    const Dims y{shape[0], shape[1], shape[2] / s.kernel, shape[3] / s.kernel}, size{s.kernel, s.kernel};
    const dnnl::pooling_v2_forward::desc d(dnnl::prop_kind::forward_inference, dnnl::algorithm::pooling_max,
                                           x.get_desc(), any(y), size, size, {0, 0}, {0, 0}, {0, 0});
    const dnnl::pooling_v2_forward::primitive_desc pd(d, engine_);
    shape = y;
    memory out(pd.dst_desc(), engine_);
    chain_.push_back({dnnl::pooling_v2_forward(pd), {{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, out}}});
    return out;
  }

  struct Link {
    dnnl::primitive primitive;
    std::unordered_map<int, memory> arguments;
  };
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  Images images_;
  memory input_, output_;
  std::vector<Link> chain_;
};

}  // namespace

int main(int argc, char** argv) {
  omp_set_num_threads(argc > 1 ? std::atoi(argv[1]) : 1);
  const dnnl_version_t& v = *dnnl_version();
  char description[160];
  std::snprintf(description, sizeof description,
                "{\"name\": \"oneDNN %d.%d.%d\", \"deploy\": [\"auto\", \"winograd\"], \"train\": []}", v.major,
                v.minor, v.patch);
  return serve_jobs(
      description,
      [](const std::string& kind, const std::string& net, std::size_t batch, const std::string& variant) {
        if (kind != "deploy") throw std::invalid_argument("inference only");
        return std::make_unique<Chain>(net, batch, variant);
      },
      [](const std::string&, std::istringstream&) -> std::string { throw std::invalid_argument("unknown request"); });
}
