#include "dialects/torchscript/stored_affine.h"

#include "dialects/onnx/granular.h"

#include <fmt/format.h>

namespace quantscope::script {

void setStoredAffine(const TensorInfo &tensor, Quantizer &q)
{
    const StoredAffine &affine = *tensor.affine;
    const auto values = [&](const std::vector<double> &stored) {
        Granular out{{}, std::nullopt, std::vector<float>(stored.begin(), stored.end())};
        if (out.values.size() > 1 && affine.axis && static_cast<std::size_t>(*affine.axis) < tensor.shape.size()) {
            out.shape.assign(tensor.shape.size(), 1);
            out.shape[static_cast<std::size_t>(*affine.axis)] = static_cast<std::int64_t>(out.values.size());
            out.axis = *affine.axis;
        }
        return out;
    };
    q.rule = CodeRule::Stored;
    q.bitWidth = static_cast<int>(dtypeBits(tensor.dtype));
    q.isSigned = isSigned(tensor.dtype);
    q.narrow = false;
    q.scale = interpret::simplified(values(affine.scales), false);
    q.zeroPoint = interpret::simplified(values(affine.zeroPoints), true);
    for (const char *field : {"scale", "zero_point", "bit_width", "signed", "narrow"})
        q.origin[field] = {Origin::Read, fmt::format("the {} tensor's own parameters", dtypeName(tensor.dtype))};
}

std::shared_ptr<const TensorInfo> withoutExtraAxis(const TensorInfo &tensor)
{
    auto out = std::make_shared<TensorInfo>(tensor);
    constexpr std::ptrdiff_t kExtra = 2;
    if (tensor.shape.size() != 4 || tensor.shape[kExtra] != 1)
        return out;
    out->shape.erase(out->shape.begin() + kExtra);
    if (!out->strides.empty())
        out->strides.erase(out->strides.begin() + kExtra);
    return out;
}

} // namespace quantscope::script
