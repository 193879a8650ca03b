// SPDX-License-Identifier: MIT
// Included once per CPU target. A deployed convolution by its variant (conv_variant in deploy_plan.hpp).
namespace ctnet::CTNET_TARGET {

template <int Variant>
void run_conv(const ::ctnet::cpu::ConvPlan& p, const ::ctnet::cpu::ConvRun& run) {
  typedef ::ctnet::cpu::ConvVariant<Variant> V;
  if constexpr (V::method == ::ctnet::cpu::ConvMethod::depthwise)
    deploy_depthwise<V::pixels, V::blocks, V::step>(p, run);
  else if constexpr (V::method == ::ctnet::cpu::ConvMethod::winograd2)
    deploy_winograd<2>(p, run, conv_tile<V::pixels, V::blocks, V::step>);
  else if constexpr (V::method == ::ctnet::cpu::ConvMethod::winograd4)
    deploy_winograd<4>(p, run, conv_tile<V::pixels, V::blocks, V::step>);
  else
    deploy_direct(p, run, conv_tile<V::pixels, V::blocks, V::step>);
}

}  // namespace ctnet::CTNET_TARGET
