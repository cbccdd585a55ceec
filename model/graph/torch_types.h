#pragma once

#include "tensor/dtype.h"

#include <cstdint>

namespace quantscope {

/// c10::ScalarType by its number (c10/core/ScalarType.h), as TorchScript's code says types; Unknown for others.
DType dtypeFromTorch(std::int64_t number);

} // namespace quantscope
