// SPDX-License-Identifier: MIT
// infer.hpp is for programs that only run networks.
#include <ctnet/infer.hpp>

#if defined(_GLIBCXX_IOSTREAM) || defined(_GLIBCXX_FSTREAM) || defined(_GLIBCXX_SSTREAM)
#  error "infer.hpp includes streams"
#endif
#if defined(_GLIBCXX_VECTOR) || defined(_GLIBCXX_FUNCTIONAL) || defined(_GLIBCXX_MAP) || defined(_GLIBCXX_MUTEX)
#  error "infer.hpp includes what allocates or locks"
#endif
#if defined(XTENSOR_CONFIG_HPP) || defined(EIGEN_CORE_H) || defined(EIGEN_CORE_MODULE_H) || \
    defined(NLOHMANN_JSON_VERSION_MAJOR)
#  error "infer.hpp includes a third party's headers"
#endif
