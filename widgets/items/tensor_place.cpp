#include "items/tensor_place.h"

namespace quantscope {

std::optional<TensorPlace> tensorPlace(const SlotRef &slot)
{
    if (!slot.readable())
        return std::nullopt;
    const std::string path = slot.network->file ? slot.network->file->path : std::string();
    return TensorPlace{path, slot.layer->name, slot.slot->slot, slot.slot->tensor->shape};
}

} // namespace quantscope
