#pragma once

#include "dialects/onnx/plan.h"

#include <string>

namespace quantscope::interpret {

/// Turns what a graph writes about one slot into a SlotQuantizer.
class Decoder {
public:
    Decoder(Constants &constants, std::vector<Diagnostic> &diagnostics)
        : m_constants(constants)
        , m_diagnostics(diagnostics)
    {
    }

    /// Slot, tensor and shape; no element is read.
    SlotQuantizer list(const PlannedSlot &slot);
    /// With its quantizer. What is wrong becomes a diagnostic, and the quantizer stays unknown.
    SlotQuantizer decode(const PlannedSlot &slot, const Layer &layer);

private:
    /// Of a QuantizeLinear or DequantizeLinear node.
    struct Parameters {
        Granular scale, zeroPoint;
        std::optional<int> blockSize;
    };
    /// From a DequantizeLinear's x up to its tensor.
    struct CodePath {
        const Node *quantize = nullptr; ///< the codes are computed from floats
        const Node *clip = nullptr;
        bool plain = true; ///< nothing on the way but Identity, fitting Casts, reshaping, and at most one Clip
        ValueId base = kNoValue;
    };

    void fill(const PlannedSlot &slot, SlotQuantizer &out);
    void quant(const Node &node, SlotQuantizer &out);
    void bipolar(const Node &node, SlotQuantizer &out);
    void trunc(const Node &node, SlotQuantizer &out);
    void scalars(const PlannedSlot &slot, const Node &node, SlotQuantizer &out);
    void dequantize(const Node &node, SlotQuantizer &out);
    void quantizeConstant(const Node &quantize, const Node &node, const CodePath &path, SlotQuantizer &out);
    void quantizeActivation(const Node &node, SlotQuantizer &out);

    Parameters parameters(const Node &node, DType codes, const Shape *shape);
    CodePath codePath(const Node &dequantize);
    DType quantizedType(const Node &quantize);
    /// Bits, sign and narrow range of codes in a container, from a Clip where there is one. False when no such range is
    /// exactly the Clip's.
    bool setRange(Quantizer &q, DType container, const Node *clip, Slot slot);
    std::pair<std::int64_t, std::int64_t> clipBounds(const Node &clip, DType container);

    Granular broadcastParameter(const Node &node, std::size_t input, const SlotQuantizer &slot);
    int bitWidth(const Node &node, std::size_t input);
    void checkScale(const Layer &layer, const SlotQuantizer &slot);
    void report(const char *rule, Severity severity, Subject subject, std::string text);

    Constants &m_constants;
    std::vector<Diagnostic> &m_diagnostics;
    const Layer *m_layer = nullptr; ///< whose slot is being decoded
};

/// "Quant node /conv1/weight_quant/export_handler/Quant, input 1"
std::string inputLabel(const Node &node, std::size_t input);
std::string nodeLabel(const Node &node);
/// How codes and values follow from each other, with the slot's numbers.
std::string formulaOf(const Quantizer &quantizer);
/// [] for one value, and also when all are zero (zero points).
Granular simplified(Granular granular, bool zeroIsOne);

} // namespace quantscope::interpret
