// SPDX-License-Identifier: MIT
// A network as the CUDA engine knows it: two rewritten lists, for training and for evaluation, each with its plan.
// Made when the first network of its kind is.
#pragma once

#include "../../backends/cuda/arguments.cuh"
#include "../../program/containers.hpp"
#include "../../program/fuse.hpp"
#include "../program.hpp"
#include "../steps.hpp"

namespace ctnet::cuda {

struct Pass {
  Program program{};
  const Fused* fused = nullptr;
};
struct Passes {
  Pass training{}, inference{};
};

// What it takes to run networks of B as one kernel; of backends with the policy Persistent <ctnet/persistent.hpp>
// defines it.
template <class B, bool = B::persistent>
struct Persistence {
  struct Network {};  // what is known of a network
  struct Table {};    // a pass or a step, as the kernel reads it
};
template <class B>
struct Persistence<B, true>;

template <class Net, class Input, class B>
const Passes& passes() {
  constexpr int n = detail::leaves<Net>;
  struct Made {
    FusedGraph<n> training, inference;
    TrainingPlan<n> training_plan;
    InferencePlan<n> inference_plan;
    Passes passes;
    Made() {
      unsigned takes[n > 0 ? n : 1] = {};
      for (int i = 0; i < n; ++i) takes[i] = detail::steps<Net, Input, B>.step[i].takes;
      training = fuse(graph<Net, Input>, takes, true);
      inference = fuse(graph<Net, Input>, takes, false);
      training_plan = plan_training(training.graph);
      inference_plan = plan_inference(inference.graph);
      passes.training = {Program::of(training.graph), training.fused};
      passes.training.program.plan(training_plan);
      passes.inference = {Program::of(inference.graph), inference.fused};
      passes.inference.program.plan(inference_plan);
    }
  };
  static const Made made;
  return made.passes;
}

}  // namespace ctnet::cuda
