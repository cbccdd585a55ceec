#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace quantscope::test {

/// A quantizer of what `inspect --json` prints; null where there is none.
inline nlohmann::json slotOf(
    const nlohmann::json &document, const std::string &layer, const std::string &slot = "weight")
{
    for (const nlohmann::json &known : document["layers"])
        if (known["name"] == layer)
            for (const nlohmann::json &quantizer : known["quantizers"])
                if (quantizer["slot"] == slot)
                    return quantizer;
    return nullptr;
}

} // namespace quantscope::test
