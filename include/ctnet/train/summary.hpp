// SPDX-License-Identifier: MIT
// Tables of a network, to look at: summary (what each layer is) and profile (what it costs).
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "../program/analysis.hpp"
#include "../program/describe.hpp"
#include "../report/table.hpp"
#include "network.hpp"

namespace ctnet {

// One line per layer: index, path where nets nest, type, output shape, parameters, MACs and bytes of one image in fp32.
template <class Net, class Input>
std::string summary_text() {
  using Facts = Analysis<Net, Input>;
  using report::Align;
  using report::grouped;
  const auto names = layer_names<Net>();
  report::Table table({{"", Align::right},
                       {"path"},
                       {"layer"},
                       {"output", Align::right},
                       {"parameters", Align::right},
                       {"MACs", Align::right},
                       {"bytes", Align::right}});
  table.row({"", "", "input", detail::words(Facts::input), "", "", grouped(4 * Facts::input.size())}).rule();
  for (int i = 0; i < Facts::layers.size(); ++i) {
    const LayerFacts& f = Facts::layers[i];
    const LayerName& name = names[static_cast<std::size_t>(i)];
    table.row({std::to_string(i), name.path, name.type, detail::words(f.out), f.parameters ? grouped(f.parameters) : "",
               f.macs ? grouped(f.macs) : "", f.bytes ? grouped(f.bytes) : "in place"});
  }
  table.rule();
  return table.str() + "parameters            " + grouped(Facts::parameters) + "\nMACs per image        " +
         grouped(Facts::macs) + "\nactivations, predict  " + grouped(Facts::inference_bytes) +
         " bytes per image, planned\nactivations, train    " + grouped(4 * detail::training_plan<Net, Input>().size) +
         " bytes per image, gradients counted\n";
}
template <class Net, class Input>
void summary(std::FILE* out = stdout) {
  std::fputs((summary_text<Net, Input>()).c_str(), out);
}

struct LayerTime {
  LayerName name;
  double forward = 0, backward = 0;  // seconds per call
  i64 macs = 0;                      // forward, of the whole batch
};

struct Profile {
  std::vector<LayerTime> layers;
  std::size_t batch = 0;

  std::string str() const {
    using report::Align;
    using report::fixed;
    report::Table table({{"", Align::right},
                         {"path"},
                         {"layer"},
                         {"forward us", Align::right},
                         {"backward us", Align::right},
                         {"share", Align::right},
                         {"GMAC/s forward", Align::right}});
    LayerTime all;
    for (const LayerTime& l : layers) all.forward += l.forward, all.backward += l.backward, all.macs += l.macs;
    auto row = [&](const std::string& index, const LayerTime& l) {
      const double total = all.forward + all.backward;
      table.row({index, l.name.path, l.name.type, fixed(1e6 * l.forward, 1), fixed(1e6 * l.backward, 1),
                 report::percent(total > 0 ? (l.forward + l.backward) / total : 0),
                 l.macs && l.forward > 0 ? fixed(1e-9 * static_cast<double>(l.macs) / l.forward, 1) : ""});
    };
    for (std::size_t i = 0; i < layers.size(); ++i) row(std::to_string(i), layers[i]);
    table.rule();
    row("", all);
    return "batch of " + std::to_string(batch) + "\n" + table.str();
  }
};

// Time per layer of forward and backward on the given images, the mean of `repeats` runs after a warm-up. Parameters
// and statistics are as before afterwards; gradients are cleared.
template <class NetworkType, TensorLike X>
Profile profile(NetworkType& net, const X& images, int repeats = 20) {
  using Net = typename NetworkType::Net;
  using T = typename NetworkType::scalar;
  if (repeats < 1) fail("profile: ", repeats, " repeats, expected 1 or more");
  const auto state = net.state();
  const auto& engine = net.engine();
  const std::uint64_t seed = engine.seed(), step = engine.step();
  Profile p;
  for (const LayerName& n : layer_names<Net>()) p.layers.push_back({n});
  std::vector<OpTime> times(p.layers.size());
  std::vector<T> gradient;
  for (int run = -2; run < repeats; ++run) {
    if (run == 0) net.engine().profile_into(times.data());
    const auto y = net.forward(images);
    gradient.assign(y.size(), T(1) / static_cast<T>(y.size()));
    net.backward(gradient);
    net.zero_grad();
  }
  net.engine().profile_into(nullptr);
  p.batch = engine.batch();
  for (std::size_t i = 0; i < times.size(); ++i) {
    p.layers[i].forward = times[i].forward / repeats;
    p.layers[i].backward = times[i].backward / repeats;
    p.layers[i].macs = NetworkType::Facts::layers[static_cast<int>(i)].macs * static_cast<i64>(p.batch);
  }
  net.load_state(state);
  net.engine().random_state(seed, step);
  return p;
}

}  // namespace ctnet
