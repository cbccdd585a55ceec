#pragma once

#include "dialects/onnx/decode_slot.h"
#include "dialects/onnx/plan.h"
#include "dialects/onnx/qoperators.h"

namespace quantscope::interpret {

/// Decodes operands of operators that take codes, scales and zero points as inputs. A scale or zero point that does
/// not fold stays unknown with a diagnostic, while the codes are shown. Throws ParseError, NotConstant.
class QOperatorDecoder : SlotDecoder {
public:
    using SlotDecoder::SlotDecoder;

    /// A weight, a bias, or what flows in or out, of the operator at slot.node.
    void operand(const PlannedSlot &slot, SlotQuantizer &out);

private:
    struct Codes {
        std::shared_ptr<const TensorInfo> tensor;
        DType container = DType::Unknown;
    };
    Codes codesAt(ValueId value);
    void weight(const PlannedSlot &slot, const QOperator &op, SlotQuantizer &out);
    void bias(const PlannedSlot &slot, const QOperator &op, SlotQuantizer &out);
    void activation(const PlannedSlot &slot, const QOperator &op, SlotQuantizer &out);
    void setZeroPoint(Quantizer &q, const PlannedSlot &slot, const CodePositions &positions, DType container,
        const SlotQuantizer &out);
    void setScale(Quantizer &q, const PlannedSlot &slot, const QOperator &op, const CodePositions &positions,
        const SlotQuantizer &out);
    void setScaleBehind(Quantizer &q, const PlannedSlot &slot, const CodePositions &input, const SlotQuantizer &out);
    Granular biasScale(const Node &node, const QOperator &op, const TensorInfo &bias);
    Granular granularAt(ValueId value, const std::string &label, const SlotQuantizer &out, bool anyPlace);
    DType containerOf(const Node &node, const QOperator &op, const CodePositions &positions);
    std::string othersText(const Node &node, const QOperator &op, const CodePositions &shown);

    const Graph &m_graph = m_constants.graph();
};

} // namespace quantscope::interpret
