// SPDX-License-Identifier: MIT
// The words that errors are made of (program/message.hpp): enumerators, because every compiler prints those by name.
// They have a namespace of their own, so that `using namespace ctnet` leaves plain words to the program.
#pragma once

namespace ctnet::words {

enum Word : int {
  any = -1,
  layer = -1000,  // the others have no value of interest, but none that a size could have
  // what is spoken of
  network,
  loader,
  data_set,
  input,
  tap,
  taps,
  branch,
  branches,
  shortcut,
  option,
  weight,
  channels,
  features,
  window,
  in_channels,
  out_channels,
  in_features,
  out_features,
  kernel_size,
  stride,
  pad,
  dilation,
  groups,
  output_size,
  probability,
  momentum,
  eps,
  negative_slope,
  // options by their names
  Stride,
  Pad,
  Dilation,
  Groups,
  NoBias,
  CeilMode,
  ExcludePad,
  Same,
  Eps,
  Momentum,
  // what is wrong
  expects,
  gets,
  takes,
  gives,
  x,
  per,
  at,
  an_image,
  an_odd_window,
  does_not_fit_into,
  do_not_divide,
  must_be_positive,
  must_not_be_negative,
  must_be_from_0_to_below_1,
  must_be_from_0_to_1,
  is_more_than_half_of,
  are_more_than,
  are_the_most,
  more_than_2147483647_values,
  is_not_known_to_this_layer,
  is_given_twice,
  a_type_that_is_no_option,
  is_no_layer,
  lacks_Op,
  lacks_traits,
  lacks_infer,
  lacks_tensors,
  lacks_macs,
  lacks_op,
  has_no_Kernel_for,
  this_branch_gives,
  first_branch_gives,
  tap_does_not_exist,
  tap_exists_already,
  tap_gives,
  taps_before_it,
  // what would help
  a_Flatten_is_missing_before_it,
  a_crop_or_a_fixed_Image_is_missing,
  a_branch_is_missing,
  is_no_Image_or_Features,
  is_no_backend,
  the_backend_comes_third,
  is_for_deployed_networks_only,
};

// Containers whose own types would be too long to print.
struct Residual;
struct Concat;

}  // namespace ctnet::words
