// SPDX-License-Identifier: MIT
// cuDNN as an engine for large convolutions on the GPU: include this before the first network of a program that says
// Cuda<..., Cudnn>, and link with -lcudnn. ctnet::cuda::cudnn_choices() tells what it chose.
#pragma once

#include "core/begin_door.hpp"

#include "layers/conv/cudnn.cuh"

#include "core/end_door.hpp"  // last
