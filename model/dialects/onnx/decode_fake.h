#pragma once

#include "dialects/onnx/fake_quantization.h"
#include "dialects/onnx/plan.h"

namespace quantscope::interpret {

/// Decodes one slot whose fake quantization is written as elementwise operators, with their arithmetic. What no rule of
/// ours computes with the same bits (a product with a reciprocal that is none, a clip to other limits than a width's)
/// is computed by the graph's own operators, and the slot then has codes without floats. Throws ParseError,
/// NotConstant.
class FakeDecoder {
public:
    FakeDecoder(Constants &constants, const FakeQuantization &found)
        : m_constants(constants)
        , m_found(found)
    {
    }

    void constant(SlotQuantizer &out);
    void activation(SlotQuantizer &out);

private:
    struct Limits {
        float low, high;
        bool exact = true; ///< the same for all channels
        bool known() const;
    };

    void parameters(Quantizer &q, const Shape *shape);
    void codeParameters(Quantizer &q, const Shape *shape);
    Granular operandOf(const FakeStep &step, const Shape *shape);
    Limits limits();
    void narrow(const FakeStep &step, Limits &limits);
    Limits observed(const Limits &limits);
    void requireFits(const Limits &limits);
    bool setLimits(Quantizer &q, const Limits &limits);
    /// The rule that does what the operators do, with its divisor and shift; nullopt when none does.
    std::optional<CodeRule> ruleOf(Quantizer &q, const Shape *shape);
    std::optional<CodeRule> reciprocalRule(Quantizer &q, Granular factor);
    bool isFloat32();
    ValueId codesValue() const;
    const Node &node(const FakeStep &step) const { return m_constants.graph().nodes[step.node]; }

    Constants &m_constants;
    const FakeQuantization &m_found;
};

} // namespace quantscope::interpret
