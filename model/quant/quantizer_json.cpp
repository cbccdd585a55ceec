#include "quant/quantizer_json.h"

#include "base/text.h"
#include "quant/fixed_point.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace quantscope {

namespace {

using Json = nlohmann::ordered_json;

/// The fractional bits, or `subtractFrom` less them.
Json bitsJson(const Quantizer &quantizer, std::optional<int> subtractFrom)
{
    if (!quantizer.scale)
        return nullptr;
    const FracBits bits = fractionalBits(*quantizer.scale);
    const auto convert = [&](int f) { return subtractFrom ? *subtractFrom - f : f; };
    if (const int *one = std::get_if<int>(&bits))
        return convert(*one);
    if (const auto *list = std::get_if<std::vector<int>>(&bits)) {
        Json out = Json::array();
        for (const int f : *list)
            out.push_back(convert(f));
        return out;
    }
    return nullptr;
}

} // namespace

Json granularJson(const Granular &granular, bool withAxis)
{
    const bool allZero
        = !withAxis && std::all_of(granular.values.begin(), granular.values.end(), [](float v) { return v == 0; });
    Json out;
    out["shape"] = granular.perTensor() || allZero ? Json::array() : Json(granular.shape);
    if (withAxis)
        out["axis"] = !granular.perTensor() && granular.axis ? Json(*granular.axis) : Json(nullptr);
    out["values"] = Json::array();
    if (allZero && !granular.values.empty())
        out["values"].push_back(hexFloat(0));
    else
        for (const float value : granular.values)
            out["values"].push_back(hexFloat(static_cast<double>(value)));
    return out;
}

Json fracBitsJson(const Quantizer &quantizer) { return bitsJson(quantizer, std::nullopt); }

Json intBitsJson(const Quantizer &quantizer)
{
    return quantizer.bitWidth ? bitsJson(quantizer, quantizer.bitWidth) : Json(nullptr);
}

} // namespace quantscope
