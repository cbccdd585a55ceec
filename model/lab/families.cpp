#include "lab/families.h"

#include "quant/fixed_point.h"

#include <algorithm>
#include <array>

namespace quantscope {

namespace {

constexpr std::array kFamilies = {
    SweepFamily{"Int8WeightPerChannelFloat", "per channel, float", true},
    SweepFamily{"Int8WeightPerTensorFloat", "per tensor, float", true},
    SweepFamily{"Int8WeightPerTensorFixedPoint", "per tensor, fixed point", true},
    SweepFamily{"Int8WeightPerChannelFixedPoint", "per channel, fixed point"},
    SweepFamily{"ShiftedUint8WeightPerTensorFloat", "per tensor, shifted"},
    SweepFamily{"ShiftedUint8WeightPerChannelFloat", "per channel, shifted"},
    SweepFamily{"torch_per_tensor_affine", "per tensor, PyTorch"},
    SweepFamily{"torch_per_channel_affine", "per channel, PyTorch"},
};

} // namespace

std::span<const SweepFamily> weightFamilies() { return kFamilies; }

std::string_view ownFamily(const SlotQuantizer &slot)
{
    if (const auto row = std::ranges::find(kFamilies, std::string_view(slot.preset), &SweepFamily::name);
        row != kFamilies.end())
        return row->name;
    if (!slot.quantizer || !slot.quantizer->scale)
        return "Int8WeightPerTensorFloat";
    if (!slot.quantizer->scale->perTensor())
        return "Int8WeightPerChannelFloat";
    return fixedType(*slot.quantizer) ? "Int8WeightPerTensorFixedPoint" : "Int8WeightPerTensorFloat";
}

std::string_view weightFamilyTitle(std::string_view name)
{
    const auto row = std::ranges::find(kFamilies, name, &SweepFamily::name);
    return row == kFamilies.end() ? name : row->title;
}

} // namespace quantscope
