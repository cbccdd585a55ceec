#pragma once

#include "formats/budget.h"
#include "formats/pickle/pickle_tree.h"
#include "tensor/tensor.h"

#include <optional>

namespace quantscope {

/// The array that a call of NumPy's _reconstruct would have given, with its bytes: dtypes of numbers alone. One whose
/// bytes do not fill its shape is listed with that problem. nullopt for other calls and other arrays. Throws
/// ParseError.
std::optional<TensorInfo> numpyArray(const PickleTree &tree, PickleRef call, const Limits &limits, Budget &budget);

} // namespace quantscope
