// SPDX-License-Identifier: MIT
// Data: sets of images, transforms as in torchvision, and the loader that makes batches of them.
// Linking: -lz where Mnist or FashionMnist is used, -ljpeg -lpng -lz where ImageFolder or decode is; nothing else needs
// a library.
#pragma once

#include "core/begin_door.hpp"

#include "data/cifar.hpp"                           // IWYU pragma: export
#include "data/distributions.hpp"                   // IWYU pragma: export
#include "data/image_folder.hpp"                    // IWYU pragma: export
#include "data/kfold.hpp"                           // IWYU pragma: export
#include "data/loader.hpp"                          // IWYU pragma: export
#include "data/mix.hpp"                             // IWYU pragma: export
#include "data/mix_loader.hpp"                      // IWYU pragma: export
#include "data/mnist.hpp"                           // IWYU pragma: export
#include "data/sample.hpp"                          // IWYU pragma: export
#include "data/sampler.hpp"                         // IWYU pragma: export
#include "data/shapes.hpp"                          // IWYU pragma: export
#include "data/subset.hpp"                          // IWYU pragma: export
#include "data/tensor_dataset.hpp"                  // IWYU pragma: export
#include "data/transforms/affine.hpp"               // IWYU pragma: export
#include "data/transforms/color_jitter.hpp"         // IWYU pragma: export
#include "data/transforms/compose.hpp"              // IWYU pragma: export
#include "data/transforms/crop.hpp"                 // IWYU pragma: export
#include "data/transforms/flip.hpp"                 // IWYU pragma: export
#include "data/transforms/gaussian_blur.hpp"        // IWYU pragma: export
#include "data/transforms/grayscale.hpp"            // IWYU pragma: export
#include "data/transforms/image_pad.hpp"            // IWYU pragma: export
#include "data/transforms/options.hpp"              // IWYU pragma: export
#include "data/transforms/random_erasing.hpp"       // IWYU pragma: export
#include "data/transforms/random_resized_crop.hpp"  // IWYU pragma: export
#include "data/transforms/resize.hpp"               // IWYU pragma: export
#include "data/transforms/rotation.hpp"             // IWYU pragma: export
#include "data/transforms/to_tensor.hpp"            // IWYU pragma: export

#include "core/end_door.hpp"  // last
