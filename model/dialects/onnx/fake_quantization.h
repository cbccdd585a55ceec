#pragma once

#include "dialects/onnx/walk.h"

#include <optional>
#include <string>
#include <vector>

namespace quantscope::interpret {

/// One elementwise operator of fake quantization, in the direction of the data.
struct FakeStep {
    enum class Kind {
        Divide, ///< by a constant
        Multiply,
        Add,
        Subtract, ///< a constant from the data
        Clip,
        Round, ///< half to even
        Floor,
        Ceil,
        Truncate, ///< a cast to an integer type
        Keep, ///< Identity, a cast of what stays the same number
        Through, ///< x + (y - x) for y, as a straight-through estimator is traced
    };
    Kind kind = Kind::Keep;
    NodeId node = 0;
    ValueId operand = kNoValue; ///< of Divide, Multiply, Add, Subtract
    ValueId low = kNoValue, high = kNoValue; ///< of Clip, where they are values
    std::optional<float> lowNumber, highNumber; ///< of Clip, where they are attributes
    ValueId compared = kNoValue; ///< of a Clip that is a comparison and a choice: what is compared with

    static bool isScaling(Kind kind) { return kind == Kind::Divide || kind == Kind::Multiply; }
};

/// Fake quantization that is written as elementwise operators, as exporters leave it that know no quantizer:
/// x / d + a -> round -> + b -> clip -> - c -> * s, most of which may be missing. Where the file holds the integers,
/// nothing rounds.
struct FakeQuantization {
    std::vector<FakeStep> steps;
    std::optional<std::size_t> rounding; ///< position of the step that rounds
    std::optional<std::size_t> codes; ///< position of the step behind which integers stand, with their zero point
    ValueId input = kNoValue; ///< x, or the integers

    const FakeStep &last() const { return steps.back(); }
    bool hasClip() const;
};

/// The fake quantization whose last operator makes that value; from types and edges alone.
std::optional<FakeQuantization> fakeQuantizationOf(const Constants &constants, ValueId value);

/// "nodes Div_3, Round_4, Clip_5, Mul_6"; a node without a name by its operator and what it makes.
std::string nodesText(const Graph &graph, const std::vector<NodeId> &nodes);
std::vector<NodeId> nodesOf(const FakeQuantization &found);

} // namespace quantscope::interpret
