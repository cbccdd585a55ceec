#pragma once

#include "dialects/onnx/decode_slot.h"

#include <utility>

namespace quantscope::interpret {

/// From a DequantizeLinear's x up to its tensor.
struct CodePath {
    const Node *quantize = nullptr; ///< the codes are computed from floats
    const Node *clip = nullptr;
    std::vector<const Node *> casts; ///< from the DequantizeLinear on
    bool plain = true; ///< nothing on the way but Identity, Casts, reshaping, and at most one Clip
    ValueId base = kNoValue;
};
CodePath codePathOf(const Graph &graph, const Node &dequantize);

/// Decodes one slot that QuantizeLinear, Clip and DequantizeLinear write. Throws ParseError, NotConstant.
class QdqDecoder : SlotDecoder {
public:
    using SlotDecoder::SlotDecoder;

    void constant(const Node &dequantize, SlotQuantizer &out);
    /// Of codes, already in `out`, of which a Gather picks some before they are dequantized: the scale is not known
    /// where it is not one number.
    void picked(const Node &dequantize, SlotQuantizer &out);
    /// Of a constant that nothing dequantizes.
    void codesOfConstant(const Node &quantize, SlotQuantizer &out);
    void activation(const Node &quantize, SlotQuantizer &out);

private:
    /// Of a QuantizeLinear or DequantizeLinear node.
    struct Parameters {
        Granular scale, zeroPoint;
        std::optional<int> blockSize;
    };

    /// What reads a quantized activation: null where it is not there.
    struct Followers {
        const Node *clip = nullptr, *dequantize = nullptr;
        DType type = DType::Unknown; ///< of the codes as they are dequantized
    };

    /// Codes of `type`; a Cast that does not hold them all ends the way.
    Followers followersOf(const Node &quantize, DType type) const;
    void quantizedConstant(const Node &quantize, const Node &dequantize, const CodePath &path, SlotQuantizer &out);
    Parameters parameters(const Node &node, DType codes, const Shape *shape);
    void setParameters(Quantizer &q, const Node &dequantize, const Parameters &parameters);
    /// Of codes that are made with another scale than the one that turns them back, which is shown.
    void setDivisor(Quantizer &q, const Node &quantize, const Granular &divide, const Node &dequantize, Slot slot);
    DType quantizedType(const Node &quantize);
    void checkZeroPoint(const Node &node, DType codes, const std::vector<float> &values);
    bool roundsAsCodesDo(const Node &quantize);
    /// The type of `codes` as the path's DequantizeLinear reads them; Unknown where a Cast does not hold them all.
    DType typeBehind(const CodePath &path, DType codes) const;
    /// Where the scale stands, and what the network's values lose that those of code times scale keep.
    Provenance scaleOrigin(const Node &dequantize);
    /// Bits, sign and narrow range of codes in a container, from the operator's own bits or a Clip where there is one.
    /// False when no such range is exactly the Clip's.
    bool setRange(Quantizer &q, DType container, const Node &node, const Node *clip, Slot slot);
    std::pair<std::int64_t, std::int64_t> clipBounds(const Node &clip, DType container);
};

} // namespace quantscope::interpret
