#include "dialects/onnx/decode_annotated.h"

#include "dialects/onnx/decode_slot.h"
#include "dialects/onnx/granular.h"

#include <fmt/format.h>

namespace quantscope::interpret {

namespace {

/// onnx.proto names no axis for several.
Granular annotation(Constants &constants, ValueId parameter, const char *what)
{
    if (parameter == kNoValue)
        return {{}, std::nullopt, {0.0f}};
    const std::vector<float> values = constants.folder().fold(parameter).floats();
    if (values.size() != 1)
        throw ParseError(fmt::format("its annotation names {} {}s and no axis", values.size(), what));
    return {{}, std::nullopt, values};
}

/// A container of 32 bits, and any bias, says nothing about the bits in use.
void setContainer(Quantizer &q, DType container, Slot slot)
{
    const auto bits = static_cast<int>(dtypeBits(container));
    const Provenance origin{Origin::Read, "the codes are " + std::string(dtypeName(container))};
    q.rule = CodeRule::Stored;
    q.isSigned = isSigned(container);
    q.narrow = false;
    q.origin["signed"] = q.origin["narrow"] = origin;
    if (slot == Slot::Bias || bits >= 32) {
        q.storageBits = bits;
    } else {
        q.bitWidth = bits;
        q.origin["bit_width"] = origin;
    }
}

} // namespace

void decodeAnnotated(Constants &constants, ValueId id, SlotQuantizer &out)
{
    const Value &value = *constants.graph().value(id);
    takeTensor(out, constants.tensor(id));
    if (!out.tensor->problem.empty())
        return;
    const DType container = out.tensor->dtype;
    if (value.scale == kNoValue)
        throw ParseError("its annotation names no scale");
    if (!isInteger(container))
        throw ParseError(
            fmt::format("its annotation names a scale, but it holds {}, which are no codes", dtypeName(container)));
    Quantizer q;
    setContainer(q, container, out.slot);
    q.scale = annotation(constants, value.scale, "scale");
    q.zeroPoint = annotation(constants, value.zeroPoint, "zero point");
    q.origin["scale"] = {Origin::Read, scaleDetail(constants, value.scale, "annotation SCALE_TENSOR")};
    q.origin["zero_point"] = value.zeroPoint != kNoValue
        ? Provenance{Origin::Read, "annotation ZERO_POINT_TENSOR"}
        : Provenance{Origin::Computed, "its annotation names no zero point: 0"};
    out.quantizer = std::move(q);
}

} // namespace quantscope::interpret
