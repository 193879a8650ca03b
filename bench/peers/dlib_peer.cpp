// SPDX-License-Identifier: MIT
// dlib: the same networks, BatchNorm folded for inference, driven by tensors without its image conversion and without
// its trainer's threads. BLAS is what libblas.so.3 names (OpenBLAS by setup_peers.sh). Usage: dlib_peer THREADS (which
// BLAS reads from OPENBLAS_NUM_THREADS); requests: job.hpp.
#include <dlib/dnn.h>
#include <dlib/revision.h>

#include <algorithm>
#include <cstring>

#include "../support/job.hpp"

namespace {

using namespace bench;

using Input = dlib::input<std::array<dlib::matrix<float>, 3>>;
template <long filters, long size, int pad, class Below>
using Conv = dlib::add_layer<dlib::con_<filters, size, size, 1, 1, pad, pad>, Below>;
template <class Below>
using Pool = dlib::max_pool<2, 2, 2, 2, Below>;

using LeNet = dlib::loss_multiclass_log<dlib::fc<
    10, dlib::relu<dlib::fc<
            84, dlib::relu<dlib::fc<120, Pool<dlib::relu<Conv<16, 5, 0, Pool<dlib::relu<Conv<6, 5, 0, Input>>>>>>>>>>>>;

template <class Below>
using Normed = dlib::bn_con<Below>;
template <class Below>
using Plain = dlib::add_tag_layer<1, Below>;  // does nothing
template <long filters, template <class> class Norm, class Below>
using Twice = Pool<dlib::relu<Norm<Conv<filters, 3, 1, dlib::relu<Norm<Conv<filters, 3, 1, Below>>>>>>>;
template <template <class> class Norm>
using Vgg = dlib::loss_multiclass_log<
    dlib::fc<10, dlib::relu<dlib::fc<256, Twice<128, Norm, Twice<64, Norm, Twice<32, Norm, Input>>>>>>>;

// The parameters of every layer that has some, the output's first.
struct Collect {
  std::vector<dlib::tensor*>& all;
  template <class Layer>
  void operator()(size_t, Layer& l) const {
    if (l.get_layer_params().size()) all.push_back(&l.get_layer_params());
  }
};
struct NoBias {  // before BatchNorm; its epsilon is PyTorch's
  template <long n, long r, long c, int sy, int sx, int py, int px>
  void operator()(size_t, dlib::con_<n, r, c, sy, sx, py, px>& l) const {
    l.disable_bias();
  }
  void operator()(size_t, dlib::bn_<dlib::CONV_MODE>& l) const { l = dlib::bn_<dlib::CONV_MODE>(100, 1e-5); }
  template <class Layer>
  void operator()(size_t, Layer&) const {}
};

template <class Net>
class Work final : public Job {
 public:
  Work(const std::string& name, std::size_t batch, bool training)
      : spec_(net_spec(name)), training_(training), batch_(batch), images_(name, batch) {
    for (std::size_t b = 0; b < images_.batches(); ++b, images_.next()) {
      inputs_.emplace_back(static_cast<long>(batch), spec_.c, spec_.h, spec_.w);
      std::memcpy(inputs_.back().host_write_only(), images_.data(), 4 * images_.size());
      for (std::size_t i = 0; i < batch; ++i) labels_.push_back(static_cast<unsigned long>(label(images_.first() + i)));
    }
    if (training && spec_.steps[0].norm) dlib::visit_computational_layers(net_, NoBias{});
    std::array<dlib::matrix<float>, 3> blank;
    for (auto& plane : blank) plane = dlib::zeros_matrix<float>(spec_.h, spec_.w);
    dlib::resizable_tensor unused;
    net_.to_tensor(&blank, &blank + 1, unused);  // it insists
    net_.subnet().forward(inputs_[0]);           // makes the parameters
  }
  void restart() override {
    images_.restart();
    std::vector<dlib::tensor*> all;
    dlib::visit_computational_layers(net_, Collect{all});
    std::reverse(all.begin(), all.end());
    const std::vector<float> state = net_state(spec_);
    const std::vector<FoldedStep> whole = folded(spec_, state);
    const float* at = state.data();
    auto to = all.begin();
    for (std::size_t i = 0; i < spec_.steps.size(); ++i) {
      const NetStep& s = spec_.steps[i];
      if (s.kind == NetStep::pool) continue;
      const auto out = static_cast<std::size_t>(s.out), in = static_cast<std::size_t>(s.fan_in());
      const bool norm = training_ && s.norm;
      const float* weight = training_ ? at : whole[i].weight.data();
      const float* bias = training_ ? at + s.weights() : whole[i].bias.data();
      at += s.weights() + (s.norm ? 4 : 1) * out;
      if ((*to)->size() != s.weights() + (norm ? 0 : out)) throw std::runtime_error("dlib's parameters differ");
      float* p = (*to++)->host();
      for (std::size_t o = 0; o < out; ++o)
        for (std::size_t j = 0; j < in; ++j)
          p[s.kind == NetStep::linear ? j * out + o : o * in + j] = weight[o * in + j];
      if (norm)
        std::memcpy((*to++)->host(), bias, 4 * 2 * out);  // BatchNorm's weight and bias
      else
        std::memcpy(p + s.weights(), bias, 4 * out);
    }
    solvers_.assign(Net::num_computational_layers, dlib::sgd(0, 0.9f));
  }
  void step() override {
    const dlib::resizable_tensor& x = inputs_[images_.first() / batch_];
    if (training_) {
      loss_ = net_.compute_parameter_gradients(x, labels_.begin() + static_cast<long>(images_.first()));
      net_.update_parameters(solvers_, 0.001);
    } else {
      output_ = &net_.subnet().forward(x);
    }
    images_.next();
  }
  std::string result() override {
    return training_ ? object("loss", loss_) : outputs_object(output_->host(), output_->size());
  }

 private:
  NetSpec spec_;
  bool training_;
  std::size_t batch_;
  Images images_;
  std::vector<dlib::resizable_tensor> inputs_;
  std::vector<unsigned long> labels_;
  Net net_;
  std::vector<dlib::sgd> solvers_;
  const dlib::tensor* output_ = nullptr;
  double loss_ = 0;
};

std::unique_ptr<Job> make(const std::string& kind, const std::string& net, std::size_t batch, const std::string&) {
  const bool training = kind == "train";
  if (net == "lenet") return std::make_unique<Work<LeNet>>(net, batch, training);
  if (net != "vgg") throw std::invalid_argument("lenet and vgg only");
  if (training) return std::make_unique<Work<Vgg<Normed>>>(net, batch, true);
  return std::make_unique<Work<Vgg<Plain>>>(net, batch, false);
}

}  // namespace

int main() {
  return serve_jobs("{\"name\": \"dlib " + std::to_string(DLIB_MAJOR_VERSION) + "." +
                        std::to_string(DLIB_MINOR_VERSION) + "\", \"deploy\": [\"net\"], \"train\": [\"net\"]}",
                    make, [](const std::string&, std::istringstream&) -> std::string {
                      throw std::invalid_argument("unknown request");
                    });
}
