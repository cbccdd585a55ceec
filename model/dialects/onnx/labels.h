#pragma once

#include "graph/graph.h"
#include "quant/quantizer.h"

#include <string>

namespace quantscope::interpret {

/// "Quant node /conv1/weight_quant/export_handler/Quant, input 1"
std::string inputLabel(const Node &node, std::size_t input);
std::string nodeLabel(const Node &node);
/// With its domain, where it has one: "VitisDequantizeLinear (com.vai.quantize) node conv1_dq".
std::string operatorLabel(const Node &node);
/// "round", "floor", as formulas call it.
std::string roundWord(Rounding rounding);
/// How codes follow from numbers, between those limits: "code = clamp(round(x / 0.5) + 3, 0, 15)"; empty for codes that
/// no rule makes.
std::string codeLine(const Quantizer &quantizer, const CodeRange &limits);
/// How codes and values follow from each other, with the slot's numbers.
std::string formulaOf(const Quantizer &quantizer);

} // namespace quantscope::interpret
