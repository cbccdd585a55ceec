#pragma once

#include "dialects/vitis/quant_info_join.h"

namespace quantscope {

/// Rule of the warning that convolutions may have been equalized: their codes do not fit until something confirms them.
inline constexpr const char *kEqualizationNotKnown = "equalization-not-known";
/// Rule of the error that a parameter was equalized, as the positions of quant_info.json show.
inline constexpr const char *kEqualized = "equalized";

namespace vitis {

/// Of convolutions one behind the other: vai_q_pytorch moves factors between them, and does not write them down. What
/// its positions prove is contradicted, with the factors of its rule; what they leave open is assumed; what equalizing
/// does not change is left as it is.
void sayEqualization(Network &network, const QuantInfo &info, const QuantInfoJoin &join);

} // namespace vitis

} // namespace quantscope
