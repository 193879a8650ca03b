// SPDX-License-Identifier: MIT
// What a run is of: its network, its optimizer, its batches, as words by name. A checkpoint carries them in its
// metadata and a run that would go on from it compares them with its own: what differs is an Error that names both
// sides.
#pragma once

#include <algorithm>
#include <cstdint>
#include <exception>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>

#include "../data/sample.hpp"
#include "../io/checksum.hpp"
#include "../io/model_info.hpp"
#include "../program/describe.hpp"
#include "../program/graph.hpp"

namespace ctnet {

using RunFacts = std::map<std::string, std::string>;

namespace detail {

// A CRC over numbers and words, whatever the compiler.
struct Hash {
  std::uint64_t crc = 0;

  void add(std::int64_t v) { crc = io::crc64(&v, sizeof v, crc); }
  void add(std::string_view s) {
    add(static_cast<std::int64_t>(s.size()));
    crc = io::crc64(s.data(), s.size(), crc);
  }
  std::string text() const { return io::hexadecimal(crc); }
};

// "Conv" of "ours::Conv<3, 6, 5>": how a compiler spells the rest is its own choice.
inline std::string_view bare_name(std::string_view type) {
  type = type.substr(0, type.find('<'));
  const std::size_t colons = type.rfind("::");
  return colons == type.npos ? type : type.substr(colons + 2);
}

// Every operation's layer, numbers and inputs, and the names and shapes of its tensors.
inline std::string hash_of_network(const OpNode* op, int ops, std::span<const TensorPlace> tensors,
                                   const std::vector<LayerName>& layers) {
  Hash hash;
  for (int i = 0; i < ops; ++i) {
    hash.add(bare_name(layers[static_cast<std::size_t>(i)].type));
    hash.add(op[i].inputs);
    for (int j = 0; j < op[i].inputs; ++j) hash.add(op[i].in[j]);
    for (const int w : op[i].op.w) hash.add(w);
  }
  for (const TensorPlace& t : tensors) {
    hash.add(layers[static_cast<std::size_t>(t.leaf)].path);
    hash.add(name(t.spec.role));
    for (int d = 0; d < t.spec.rank; ++d) hash.add(t.spec.dims[d]);
  }
  return hash.text();
}

template <class NetworkType>
[[gnu::cold]] RunFacts network_facts() {
  using Net = typename NetworkType::Net;
  constexpr const auto& g = graph<Net, typename NetworkType::Input>;
  const auto layers = layer_names<Net>();
  std::string list;
  for (const LayerName& l : layers) list += (list.empty() ? "" : "\n") + l.type;
  const Shape in = NetworkType::Facts::input;
  return {{"network.hash", hash_of_network(g.op, g.ops, NetworkType::tensors(), layers)},
          {"network.layers", list},
          {"network.input",
           json_list(static_cast<std::size_t>(in.rank), [&](std::size_t i) { return Piece(in.d[i]).text; })},
          {"network.scalar", sizeof(typename NetworkType::scalar) == 4 ? "float" : "double"}};
}

// All options but the learning rate, which a run may go on with another of.
template <class Config>
[[gnu::cold]] RunFacts optimizer_facts(const Config& config) {
  RunFacts facts{{"optimizer", Config::name}};
  if constexpr (requires { config.each_option([](const char*, double) {}); })
    config.each_option(
        [&](const char* option, double value) { facts[std::string("optimizer.") + option] = Piece(value).text; });
  return facts;
}

// Of the images and labels of eight places, the first and the last among them. "" where the set gives other images each
// time: they cannot be compared.
template <class Set>
[[gnu::cold]] std::string samples_of(const Set& set) {
  const std::size_t n = set.size();
  if (n == 0) return "";
  data::Sample sample;
  const auto take = [&](Hash& hash, std::size_t i) {
    try {
      set.read(i, sample);
      const bool bytes = data::stage_of<Set>() == data::Stage::bytes;
      hash.add(sample.label);
      if (bytes)
        hash.add({reinterpret_cast<const char*>(sample.image.values.data()), sample.image.values.size()});
      else
        hash.add(
            {reinterpret_cast<const char*>(sample.tensor.values.data()), sample.tensor.values.size() * sizeof(float)});
    } catch (const std::exception&) {
      hash.add("unreadable");  // it is an error when its turn comes
    }
  };
  Hash hash, once, again;
  take(once, 0);
  take(again, 0);
  if (once.crc != again.crc) return "";
  for (std::size_t k = 0; k < 8; ++k) take(hash, (n - 1) * k / 7);
  return hash.text();
}

// As far as the loader says. Workers may be others: the batches are the same.
template <class LoaderType>
[[gnu::cold]] RunFacts data_facts(LoaderType& loader, i64 batches) {
  RunFacts facts;
  const auto yes = [](bool b) { return b ? "yes" : "no"; };
  if constexpr (requires {
                  loader.options().batch_size;
                  loader.options().sampler.weighted;
                }) {
    const auto& o = loader.options();
    facts["loader.batch_size"] = std::to_string(o.batch_size);
    facts["loader.seed"] = std::to_string(o.seed);
    facts["loader.shuffle"] = yes(o.shuffle);
    facts["loader.drop_last"] = yes(o.drop_last);
    const auto& w = o.sampler.weighted;
    Hash hash;
    hash.add(static_cast<std::int64_t>(w.num_samples));
    hash.add(w.replacement);
    hash.add({reinterpret_cast<const char*>(w.weights.data()), w.weights.size() * sizeof(double)});
    facts["loader.sampler"] = w.weights.empty() ? "none" : hash.text();
  } else if (batches > 0) {
    facts["loader.batches"] = std::to_string(batches);
  }
  if constexpr (requires { requires data::Dataset<std::remove_cvref_t<decltype(loader.dataset())>>; }) {
    facts["data.images"] = std::to_string(loader.dataset().size());
    if (const std::string hash = samples_of(loader.dataset()); !hash.empty()) facts["data.samples"] = hash;
  }
  return facts;
}

// The first layer that is another.
[[noreturn, gnu::cold]] inline void fail_network(const std::string& path, std::string_view theirs,
                                                 std::string_view ours) {
  const auto next = [](std::string_view& list) {
    const std::string_view line = list.substr(0, list.find('\n'));
    list.remove_prefix(std::min(list.size(), line.size() + 1));
    return line;
  };
  for (int i = 0; !theirs.empty() || !ours.empty(); ++i) {
    const std::string_view a = next(theirs), b = next(ours);
    if (a != b)
      fail(path, ": a checkpoint of another network: its layer ", i, " is ", a.empty() ? "not there" : a, ", expected ",
           b.empty() ? "none" : b);
  }
  fail(path, ": a checkpoint of another network, of layers of the same types that are joined or named in another way");
}

// Throws Error where the metadata of a checkpoint says other things than `here`, or more of what begins so.
[[gnu::cold]] inline void expect_facts(const io::Safetensors& file, const RunFacts& here,
                                       std::initializer_list<std::string_view> beginnings) {
  const auto& there = file.metadata();
  for (const auto& [key, ours] : here) {
    const auto at = there.find(key);
    if (at == there.end()) fail(file.name(), ": metadata '", key, "' is missing, expected ", ours);
    if (at->second == ours || key == "network.layers") continue;  // spelled as the compiler does; the hash counts
    if (key == "network.hash") {
      const auto list = there.find("network.layers");
      fail_network(file.name(), list == there.end() ? std::string_view{} : list->second, here.at("network.layers"));
    }
    if (key == "optimizer") fail(file.name(), ": a checkpoint of ", at->second, ", expected one of ", ours);
    fail(file.name(), ": a checkpoint of another run: ", key, " is ", at->second, ", expected ", ours);
  }
  for (const auto& [key, theirs] : there)
    for (const std::string_view beginning : beginnings)
      if (key.starts_with(beginning) && !here.contains(key))
        fail(file.name(), ": a checkpoint of another run: ", key, " is ", theirs, ", of which this run says nothing");
}

}  // namespace detail

}  // namespace ctnet
