#pragma once

#include "base/error.h"
#include "dialects/brevitas/spec.h"
#include "quant/quantizer.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

/// Quantizers that are no presets of Brevitas: `ap_fixed<W,I>`, `ap_ufixed<W,I>`, `torch_per_tensor_affine`,
/// `torch_per_channel_affine`, `binary`, `ternary`. A recipe's `preset` takes these names too.
bool isLabQuantizer(std::string_view name);
std::vector<std::string> labQuantizerNames();

/// The keywords that change something under a lab name.
std::vector<std::string> labKeywords(std::string_view name);
/// Why a keyword says nothing under a preset or lab name, as a sentence; empty when it may say something.
std::string keywordWithoutEffect(const std::string &name, const std::string &keyword);
/// "ap_fixed<6,0>" with other bits but the same integer bits; nullopt for names without a width of their own.
std::optional<std::string> labNameAtWidth(std::string_view name, std::string_view bits);

/// The quantizer of a float tensor under a lab name. Throws ParseError when the tensor cannot be read,
/// std::invalid_argument with a sentence when the name's or a keyword's numbers cannot be. Definitions:
/// - ap_fixed<W,I>: scale 2^-(W-I), full range, half to even, saturating; W from 1 to 32.
/// - torch_*: PyTorch's min-max observer and quantize: mn = min(0, min w), mx = max(0, max w), s = max((mx - mn) / (2^b
/// - 1), 2^-23),
///   zp = clamp(qmin - rint(mn / s)), code = clamp(rint(w * (1 / s)) + zp), all float32, signed.
/// - binary: scale mean |w|, code w >= 0 ? 1 : -1. ternary: t = 0.7 mean |w|, code sign(w) (|w| > t), scale the mean of
/// those |w|.
Quantizer labQuantizer(const std::string &name, const SlotSettings &settings, const SlotQuantizer &slot);

} // namespace quantscope
