#pragma once

#include "items/slot_ref.h"

#include <string>

namespace quantscope {

/// Which tensor a slot holds, whatever quantizes it: the same one after an edit, and after its file was read anew.
struct TensorPlace {
    std::string path, layer;
    Slot slot{};
    Shape shape;
    bool operator==(const TensorPlace &) const = default;
};

/// Nothing for a slot without a tensor that can be read.
std::optional<TensorPlace> tensorPlace(const SlotRef &slot);

} // namespace quantscope
