#include "formats/torch/ao_scale.h"

namespace quantscope {

std::optional<AoScale> aoScaleOf(const PickleTree &tree, std::string_view type, PickleRef state)
{
    if (!type.starts_with("torch.") || type.find(".quantized.") == std::string_view::npos || state == kNoPickleRef)
        return std::nullopt;
    PickleRef scale = kNoPickleRef, zeroPoint = kNoPickleRef;
    if (tree.is(state, PickleKind::Dict)) {
        scale = tree.lookup(state, "scale");
        zeroPoint = tree.lookup(state, "zero_point");
    } else if (const auto items = tree.items(state); tree.is(state, PickleKind::Tuple) && items.size() == 15) {
        // in and out channels, kernel, stride, padding, dilation, transposed, output padding, groups, padding mode,
        // weight, bias, scale, zero point, training
        scale = items[12];
        zeroPoint = items[13];
    }
    if (scale == kNoPickleRef || zeroPoint == kNoPickleRef || !tree.is(scale, PickleKind::Float)
        || !tree.is(zeroPoint, PickleKind::Int))
        return std::nullopt;
    return AoScale{static_cast<float>(tree.real(scale)), tree.integer(zeroPoint)};
}

} // namespace quantscope
