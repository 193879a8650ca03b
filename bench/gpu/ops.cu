// SPDX-License-Identifier: MIT
// Single operations of a training step, each timed on its own on the tensors of a whole network: what they take, their
// multiply-adds, and the bytes that they must read and write at least. Requests, on stdin or one on the command line:
//   run NET BATCH SECONDS
// gives {"operations": [{"name", "seconds", "flops", "bytes"}, ...]}.
#include <ctnet/ctnet.hpp>
#include <ctnet/cuda.hpp>

#include "job.cuh"

namespace bench {

namespace cuda = ct::cuda;

// The training pass of a network as its engine walks it, every tensor in memory of its own.
template <class Net>
class Operations {
 public:
  explicit Operations(int batch)
      : batch_(batch),
        pass_(cuda::passes<Net, CifarInput, Backend>().training),
        p_(pass_.program),
        steps_(ct::detail::steps<Net, CifarInput, Backend>.step),
        parameters_(random(p_.parameters, 1)),
        gradients_(random(p_.parameters, 2)),
        statistics_(random(p_.statistics, 3)),
        saved_(room(p_.saved)),
        scratch_(room(static_cast<ct::i64>(cuda::scratch_of<Backend>(p_, steps_)))) {
    for (int v = 0; v < p_.values; ++v) {
      values_.emplace_back(random(batch_ * p_.elements(v), v));
      grads_.emplace_back(random(batch_ * p_.elements(v), v + 1));
    }
    for (int i = 0; i < p_.ops; ++i)
      if (runs_forward(i)) forward(i);
    wait();
  }

  std::string run(double seconds) {
    for (int i = 0; i < p_.ops; ++i) {
      if (runs_forward(i)) {
        const double t = time(seconds, [&] { forward(i); });
        add(i, "forward", t, 2.0 * static_cast<double>(batch_ * p_.op[i].macs), forward_bytes(i));
      }
      if (!runs_backward(i)) continue;
      const auto macs = 2.0 * static_cast<double>(batch_ * p_.op[i].macs);
      const bool first = p_.op[i].in[0] == 0;  // nobody wants the images' gradient
      if (p_.op[i].traits.role != ct::Role::contraction) {
        add(i, "backward", time(seconds, [&] { backward(i, !first); }), 0, backward_bytes(i));
        continue;
      }
      const double weights = time(seconds, [&] { backward(i, false); });
      const double both = first ? 0 : time(seconds, [&] { backward(i, true); });
      if (!first && both - weights < both / 10) {  // they are one launch
        add(i, "backward", both, 2 * macs, weight_bytes(i) + data_bytes(i));
        continue;
      }
      add(i, "backward, weights", weights, macs, weight_bytes(i));
      if (!first) add(i, "backward, data", both - weights, macs, data_bytes(i));
    }
    update(seconds);
    return "{\"operations\": [" + text_ + "]}";
  }

 private:
  using T = float;

  static std::size_t room(ct::i64 n) { return static_cast<std::size_t>(std::max<ct::i64>(n, 1)); }
  // A block of numbers, over and over.
  static std::vector<float> random(ct::i64 n, int seed) {
    static const std::vector<float> block = [] {
      std::vector<float> v((1 << 20) + 7);
      for (std::size_t i = 0; i < v.size(); ++i) v[i] = symmetric(Stream::images, i) / 8 + 0.0625f;
      return v;
    }();
    std::vector<float> v(room(n));
    std::size_t at = static_cast<std::size_t>(seed) * 4096 % block.size();
    for (std::size_t i = 0; i < v.size(); at = 0) {
      const std::size_t count = std::min(v.size() - i, block.size() - at);
      std::copy_n(block.begin() + static_cast<std::ptrdiff_t>(at), count, v.begin() + static_cast<std::ptrdiff_t>(i));
      i += count;
    }
    return v;
  }
  template <class Call>
  double time(double seconds, Call call) {
    return time_stretches(seconds, nullptr, call).seconds;
  }

  bool runs_forward(int i) const {
    return !pass_.fused[i].gone && !pass_.fused[i].pooled && steps_[i].forward && !p_.op[i].traits.alias;
  }
  bool runs_backward(int i) const { return !pass_.fused[i].gone && steps_[i].backward && !p_.op[i].traits.alias; }
  int storage(int v) const {  // Flatten's value is its input
    while (v > 0 && p_.op[p_.value[v].maker].traits.alias) v = p_.op[p_.value[v].maker].in[0];
    return v;
  }
  T* value(int v) { return values_[static_cast<std::size_t>(storage(v))].data(); }
  T* grad(int v) { return grads_[static_cast<std::size_t>(storage(v))].data(); }
  static T slope(const ct::Fused& f) { return static_cast<T>(f.slope_numerator) / static_cast<T>(f.slope_denominator); }

  void forward(int i) {
    const ct::OpNode& o = p_.op[i];
    const ct::Fused& f = pass_.fused[i];
    cuda::Forward<T> a;
    a.batch = static_cast<int>(batch_);
    a.training = true;
    for (int j = 0; j < o.inputs; ++j) a.in[j] = value(o.in[j]);
    a.out = value(o.out);
    a.parameters = parameters_.data() + o.parameters;
    a.statistics = statistics_.data() + o.statistics;
    a.saved = saved_.data() + o.saved;
    a.scratch = scratch_.data();
    a.queue = {nullptr, "forward", i};
    a.epilogue.act = f.act;
    a.epilogue.slope = slope(f);
    if (f.add >= 0) a.epilogue.add = a.in[o.inputs - 1];
    if (f.pool >= 0) a.epilogue.pooled = value(p_.op[f.pool].out);
    steps_[i].forward(o.op, a);
  }
  void backward(int i, bool data) {
    const ct::OpNode& o = p_.op[i];
    cuda::Backward<T> a;
    a.batch = static_cast<int>(batch_);
    for (int j = 0; j < o.inputs; ++j) {
      a.in[j] = value(o.in[j]);
      a.grad_in[j] = data ? grad(o.in[j]) : nullptr;
      if (pass_.fused[i].mask[j] < 0) continue;
      const int maker = pass_.fused[i].mask[j];
      a.mask[j] = {pass_.fused[maker].act, slope(pass_.fused[maker]), value(p_.op[maker].out)};
    }
    a.out = value(o.out);
    a.grad_out = grad(o.out);
    a.parameters = parameters_.data() + o.parameters;
    a.grad_parameters = gradients_.data() + o.parameters;
    a.saved = saved_.data() + o.saved;
    a.scratch = scratch_.data();
    a.queue = {nullptr, "backward", i};
    steps_[i].backward(o.op, a);
  }

  // SGD with momentum over all parameters.
  void update(double seconds) {
    ct::Network<Net, CifarInput, Backend> net;
    ct::Optimizer optimizer{net, ct::SGD{.learning_rate = 1e-6f, .momentum = 0.9}};
    const double t = time_stretches(seconds, net.engine().queue().stream, [&] { optimizer(); }).seconds;
    append("update of all parameters", t, 0, 4.0 * 5 * static_cast<double>(p_.parameters));
  }

  double bytes_of(int v) const { return 4.0 * static_cast<double>(batch_ * p_.elements(v)); }
  double parameter_bytes(int i) const { return 4.0 * static_cast<double>(p_.op[i].parameter_count); }
  double inputs_bytes(int i) const {
    double sum = 0;
    for (int j = 0; j < p_.op[i].inputs; ++j) sum += bytes_of(p_.op[i].in[j]);
    return sum;
  }
  double mask_bytes(int i) const {
    double sum = 0;
    for (int j = 0; j < p_.op[i].inputs; ++j)
      if (pass_.fused[i].mask[j] >= 0 && !p_.op[i].traits.keeps_input) sum += bytes_of(p_.op[i].in[j]);
    return sum;
  }
  double forward_bytes(int i) const {
    const int pool = pass_.fused[i].pool;
    return inputs_bytes(i) + bytes_of(p_.op[i].out) + parameter_bytes(i) + (pool >= 0 ? bytes_of(p_.op[pool].out) : 0);
  }
  double weight_bytes(int i) const { return inputs_bytes(i) + bytes_of(p_.op[i].out) + parameter_bytes(i); }
  double data_bytes(int i) const {
    return bytes_of(p_.op[i].out) + inputs_bytes(i) + parameter_bytes(i) + mask_bytes(i) +
           (pass_.fused[i].mask[0] >= 0 && p_.op[i].traits.keeps_input ? inputs_bytes(i) : 0);
  }
  double backward_bytes(int i) const {
    const ct::Traits& t = p_.op[i].traits;
    return bytes_of(p_.op[i].out) * (t.keeps_output ? 2 : 1) + inputs_bytes(i) * (t.keeps_input ? 2 : 1) +
           2 * parameter_bytes(i) + mask_bytes(i);
  }

  void add(int i, const char* pass, double seconds, double flops, double bytes) {
    const ct::OpNode& o = p_.op[i];
    const ct::Shape in = p_.value[o.in[0]].shape, out = p_.value[o.out].shape;
    const char* kind = o.traits.role == ct::Role::contraction          ? (in.plane() > 1 ? "conv" : "linear")
                       : o.traits.role == ct::Role::per_channel_affine ? "norm"
                       : o.traits.role == ct::Role::max_pool           ? "max pool"
                       : o.traits.role == ct::Role::activation         ? "activation"
                                                                       : "other";
    char name[160];
    std::snprintf(name, sizeof name, "layer %d, %s %d-%d at %dx%d%s%s, %s", i, kind, static_cast<int>(in.c()),
                  static_cast<int>(out.c()), static_cast<int>(in.h()), static_cast<int>(in.w()),
                  pass_.fused[i].act != ct::no_act ? " + act" : "", pass_.fused[i].pool >= 0 ? " + pool" : "", pass);
    append(name, seconds, flops, bytes);
  }
  void append(const char* name, double seconds, double flops, double bytes) {
    char s[320];
    std::snprintf(s, sizeof s, "%s{\"name\": \"%s\", \"seconds\": %.6g, \"flops\": %.6g, \"bytes\": %.6g}",
                  text_.empty() ? "" : ", ", name, seconds, flops, bytes);
    text_ += s;
  }

  ct::i64 batch_;
  const cuda::Pass& pass_;
  const ct::Program& p_;
  const ct::Step<Backend>* steps_;
  DeviceArray<float> parameters_, gradients_, statistics_, saved_, scratch_;
  std::vector<DeviceArray<float>> values_, grads_;
  std::string text_;
};

}  // namespace bench

int main(int argc, char** argv) {
  using namespace bench;
  return serve_gpu(argc, argv, [](std::istringstream& words) -> std::string {
    std::string what, net;
    int batch = 0;
    double seconds = 0;
    if (!(words >> what >> net >> batch >> seconds) || what != "run") throw std::invalid_argument("unknown request");
    if (net != Measured::name) throw std::invalid_argument("this program has " + std::string(Measured::name));
    return Operations<Measured::Net>(batch).run(seconds);
  });
}
