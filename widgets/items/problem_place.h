#pragma once

#include "checks/finding.h"
#include "network/network.h"

#include <QString>

#include <cstdint>
#include <string>

namespace quantscope {

/// The page that a problem leads to.
enum class ProblemPage : std::uint8_t {
    Shown, ///< whichever is shown
    Overview,
    Distribution,
    Channels,
    Recipe,
};

/// Where what a finding speaks of is to be seen.
struct ProblemPlace {
    std::string layer; ///< empty where it is about none
    QString slot; ///< empty: whichever is shown
    QString query; ///< finds the elements that it is about (analysis/find_query.h), on the page of values
    ProblemPage page = ProblemPage::Shown;
    bool deadChannels = false; ///< of the channels those without a code but zero
    bool operator==(const ProblemPlace &) const = default;
};

/// Of a finding about an operator the nearest layer above it. `editable`: what a quantizer is, is the recipe's to say.
ProblemPlace placeOf(const Network &network, const Finding &finding, bool editable);

} // namespace quantscope
