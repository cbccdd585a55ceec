#include "dialects/onnx/decode.h"

#include "base/text.h"
#include "dialects/onnx/binarization.h"
#include "dialects/onnx/decode_annotated.h"
#include "dialects/onnx/decode_dynamic.h"
#include "dialects/onnx/decode_fake.h"
#include "dialects/onnx/decode_finn.h"
#include "dialects/onnx/decode_nbits.h"
#include "dialects/onnx/decode_qdq.h"
#include "dialects/onnx/decode_qonnx.h"
#include "dialects/onnx/decode_qoperator.h"
#include "dialects/onnx/decode_slot.h"
#include "dialects/onnx/decode_vitis.h"
#include "dialects/onnx/fake_quantization.h"
#include "dialects/onnx/labels.h"
#include "dialects/onnx/unknown_operand.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope::interpret {

/// The packed bytes themselves where no codes can be seen in them.
std::shared_ptr<const TensorInfo> Decoder::blocks(const PlannedSlot &slot)
{
    try {
        if (auto codes = blockedCodes(m_constants, m_constants.graph().nodes.at(slot.node)))
            return codes;
    } catch (const ParseError &) { // said when they are decoded
    }
    return m_constants.view(slot.value);
}

SlotQuantizer Decoder::list(const PlannedSlot &slot)
{
    SlotQuantizer out;
    out.slot = slot.slot;
    out.channelAxis = slot.channelAxis;
    out.channelsLast = slot.channelsLast;
    out.chain = slot.chain;
    if (!slot.constant)
        return out;
    auto view = slot.form == Form::Dequantize ? m_constants.codesView(slot.value)
        : slot.form == Form::Blocks           ? blocks(slot)
                                              : m_constants.view(stored(slot));
    if (view == nullptr && slot.form == Form::Dequantize) {
        const CodePath path = codePathOf(m_constants.graph(), m_constants.graph().nodes.at(slot.node));
        if (path.quantize != nullptr)
            view = m_constants.view(path.quantize->input(0));
    }
    const bool computed = slot.form == Form::Quant || slot.form == Form::FloatQuant || slot.form == Form::Codes
        || slot.form == Form::Blocks;
    if (view == nullptr && computed)
        view = m_constants.view(m_constants.paths().tensorBehind(slot.value));
    if (view == nullptr)
        return out;
    takeTensor(out, view);
    return out;
}

/// What is quantized, as far as types and edges tell.
ValueId Decoder::stored(const PlannedSlot &slot)
{
    if (slot.form != Form::Fake && slot.form != Form::Sign && slot.form != Form::Unknown)
        return slot.value;
    const ConstantPaths &paths = m_constants.paths();
    const ValueId tensor
        = paths.isStored(slot.value) ? paths.tensorBehind(slot.value) : paths.mixedAbove(slot.value).tensor;
    ValueId input = tensor;
    if (slot.form == Form::Fake)
        if (const auto found = fakeQuantizationOf(m_constants, slot.value))
            input = found->input;
    if (slot.form == Form::Sign)
        if (const auto found = binarizationOf(m_constants, slot.value))
            input = found->input;
    return m_constants.view(input) != nullptr ? input : tensor;
}

void Decoder::fillFake(const PlannedSlot &slot, SlotQuantizer &out)
{
    const auto found = fakeQuantizationOf(m_constants, slot.value);
    if (!found)
        return;
    if (!slot.constant)
        return FakeDecoder(m_constants, *found).activation(out);
    const std::optional<std::size_t> rounding = found->rounding;
    try {
        FakeDecoder(m_constants, *found).constant(out);
    } catch (const ParseError &error) {
        const auto &nodes = m_constants.graph().nodes;
        throw NotConstant(fmt::format("{} stands between the stored weight and its layer, and {}",
            operatorLabel(nodes[rounding ? found->steps[*rounding].node : found->last().node]), error.what()));
    }
}

void Decoder::fillSign(const PlannedSlot &slot, SlotQuantizer &out)
{
    const auto found = binarizationOf(m_constants, slot.value);
    if (!found)
        return;
    try {
        decodeBinarization(m_constants, *found, out);
    } catch (const ParseError &error) {
        throw NotConstant(fmt::format("{} makes signs of the stored weight, and {}",
            operatorLabel(m_constants.graph().nodes[found->nodes.front()]), error.what()));
    }
}

void Decoder::fill(const PlannedSlot &slot, const Layer &layer, SlotQuantizer &out)
{
    const Node &node = m_constants.graph().nodes.at(slot.node);
    const bool decodesTensor = slot.form == Form::Dequantize || slot.form == Form::Fake || slot.form == Form::Sign
        || slot.form == Form::Unknown || slot.form == Form::Codes || slot.form == Form::Blocks;
    if (slot.constant && !decodesTensor)
        takeTensor(out, m_constants.tensor(slot.value));
    FinnDecoder finn(m_constants, layer, m_diagnostics);
    switch (slot.form) {
    case Form::Plain:
    case Form::Foreign: return;
    case Form::Unknown: m_diagnostics.push_back(unknownOperand(m_constants, slot, layer)); return;
    case Form::FixNeuron: return decodeFixNeuron(m_constants, node, out);
    case Form::FloatQuant: return decodeFloatQuant(m_constants, node, out);
    case Form::Finn: return slot.constant ? finn.constant(slot, out) : finn.activation(slot, out);
    case Form::Thresholds: return finn.thresholds(slot, out);
    case Form::Fake: return fillFake(slot, out);
    case Form::Sign: return fillSign(slot, out);
    case Form::Quant: return decodeQuant(m_constants, node, out);
    case Form::Bipolar: return decodeBipolar(m_constants, node, out);
    case Form::Trunc: return decodeTrunc(m_constants, node, out);
    case Form::Scalars: return decodeScalars(m_constants, node, slot.firstInput, out);
    case Form::Dequantize: return QdqDecoder(m_constants, layer, m_diagnostics).constant(node, out);
    case Form::Picked: return QdqDecoder(m_constants, layer, m_diagnostics).picked(node, out);
    case Form::Quantize:
        return slot.constant ? QdqDecoder(m_constants, layer, m_diagnostics).codesOfConstant(node, out)
                             : QdqDecoder(m_constants, layer, m_diagnostics).activation(node, out);
    case Form::Codes: return QOperatorDecoder(m_constants, layer, m_diagnostics).operand(slot, out);
    case Form::Blocks: return decodeBlocks(m_constants, node, layer, m_diagnostics, out);
    case Form::Dynamic: return decodeDynamic(m_constants, slot, layer, m_diagnostics, out);
    case Form::Annotated: return decodeAnnotated(m_constants, slot.value, out);
    }
}

SlotQuantizer Decoder::decode(const PlannedSlot &slot, const Layer &layer)
{
    SlotQuantizer out = list(slot);
    const auto forget = [&] {
        if (const SlotQuantizer stored = list(slot); stored.tensor != nullptr)
            takeTensor(out, stored.tensor);
    };
    if (!fillSlot(
            out, layer, m_diagnostics, [&] { fill(slot, layer, out); }, forget))
        return out;
    out.assumed = std::any_of(out.quantizer->origin.begin(), out.quantizer->origin.end(),
        [](const auto &entry) { return entry.second.origin == Origin::Assumed; });
    if (out.quantizer->isComplete()) {
        const std::string ownCodes = std::move(out.formula);
        out.formula = formulaOf(*out.quantizer);
        if (!ownCodes.empty())
            out.formula = out.formula.substr(0, out.formula.find('\n')) + "\n" + ownCodes;
        if (!slot.note.empty())
            out.formula += "\n" + slot.note;
    }
    return out;
}

} // namespace quantscope::interpret
