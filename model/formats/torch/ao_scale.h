#pragma once

#include "formats/pickle/pickle_tree.h"

#include <optional>
#include <string_view>

namespace quantscope {

/// What a module of torch.ao quantizes its output with.
struct AoScale {
    float scale = 1;
    std::int64_t zeroPoint = 0;
};

/// Of a pickled module of that class with that state: its attributes, or the tuple of a convolution. Its state_dict()
/// makes tensors of both numbers. nullopt for other classes, and where either is no number.
std::optional<AoScale> aoScaleOf(const PickleTree &tree, std::string_view type, PickleRef state);

} // namespace quantscope
