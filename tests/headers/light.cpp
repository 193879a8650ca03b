// SPDX-License-Identifier: MIT
// Compiles only where ctnet.hpp includes none of the heavy headers.
#include <ctnet/ctnet.hpp>

#if defined(XTENSOR_VERSION_MAJOR) || defined(XTENSOR_TENSOR_HPP)
#  error "ctnet.hpp includes xtensor"
#endif
#ifdef EIGEN_WORLD_VERSION
#  error "ctnet.hpp includes Eigen"
#endif
#ifdef NLOHMANN_JSON_VERSION_MAJOR
#  error "ctnet.hpp includes nlohmann-json"
#endif
#if defined(_GLIBCXX_IOSTREAM) || defined(_LIBCPP_IOSTREAM)
#  error "ctnet.hpp includes <iostream>"
#endif
#if defined(_GLIBCXX_REGEX) || defined(_LIBCPP_REGEX)
#  error "ctnet.hpp includes <regex>"
#endif
#if defined(_GLIBCXX_FILESYSTEM) || defined(_LIBCPP_FILESYSTEM)
#  error "ctnet.hpp includes <filesystem>"
#endif
