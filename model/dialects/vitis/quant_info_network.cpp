#include "dialects/vitis/quant_info_network.h"

#include "base/file_name.h"
#include "base/text.h"
#include "dialects/brevitas/list_state_dict.h"
#include "dialects/onnx/labels.h"
#include "dialects/vitis/fix_quantizer.h"
#include "dialects/vitis/quant_info_join.h"
#include "tensor/memory_tensor.h"

#include <algorithm>
#include <cmath>
#include <span>

#include <fmt/format.h>

namespace quantscope {

namespace {

using vitis::JoinedEntry;
using vitis::QuantInfoJoin;

constexpr const char *kWayOn = "open the *_int.xmodel or *_int.onnx of quantize_result, which has them";

/// "a, b, c and 4 more".
std::string firstNames(const std::vector<std::string> &names)
{
    constexpr std::size_t kNamed = 8;
    std::vector<std::string> first;
    for (std::size_t i = 0; i < std::min(names.size(), kNamed); ++i)
        first.push_back(printable(names[i]));
    const std::string rest = names.size() > kNamed ? fmt::format(" and {} more", names.size() - kNamed) : "";
    return fmt::format("{}{}", fmt::join(first, ", "), rest);
}

/// Fills one network with the quantizers of one quant_info.json. One use: run().
class QuantInfoDecoder {
public:
    QuantInfoDecoder(Network &network, const Progress &progress)
        : m_network(network)
        , m_info(*network.file->quantInfo)
        , m_file(fileName(network.file->quantInfo->path))
        , m_join(vitis::joinQuantInfo(network, m_info))
        , m_progress(progress)
    {
    }

    void run()
    {
        for (std::size_t i = 0; i < m_join.slots.size(); ++i) {
            m_progress.step(i, m_join.slots.size());
            fill(m_join.slots[i]);
        }
        sayMerged();
        sayNames();
        sayEqualization();
        if (m_info.fastFinetuned)
            report("fast-finetuned", Severity::Warning, {},
                fmt::format(
                    "{} says fast_finetuned: the codes are those of the finetuned weights (param.pth), which are "
                    "this file's only where it holds them",
                    m_file));
    }

private:
    SlotQuantizer &slotOf(const JoinedEntry &joined)
    {
        return *m_network.layers[position(joined.slot.layer)].slot(joined.slot.slot);
    }

    void report(const char *rule, Severity severity, Subject subject, std::string text)
    {
        m_network.diagnostics.push_back({rule, severity, std::move(subject), std::move(text)});
    }

    std::string nameOf(const SlotId &slot) const
    {
        return fmt::format("{} {}", m_network.layer(slot.layer).name, slot.slot);
    }

    void fill(const JoinedEntry &joined)
    {
        SlotQuantizer &slot = slotOf(joined);
        const bool isParameter = joined.slot.slot == Slot::Weight || joined.slot.slot == Slot::Bias;
        const QuantInfoNumbers *numbers = joined.numbers;
        if (numbers == nullptr || !numbers->bits)
            return report("quantizer-not-known", Severity::Warning, {joined.slot.layer, joined.slot.slot},
                fmt::format(
                    "{}: {} gives '{}' no bit width", nameOf(joined.slot), m_file, printable(joined.entry->name)));
        try {
            slot.quantizer = numbers->ofDpu ? ofDpu(joined, isParameter) : ofOtherTarget(joined, slot);
        } catch (const ParseError &error) {
            return report("quantizer-not-known", Severity::Error, {joined.slot.layer, joined.slot.slot},
                fmt::format(
                    "{}: '{}' of {}: {}", nameOf(joined.slot), printable(joined.entry->name), m_file, error.what()));
        }
        if (joined.slot.slot == Slot::Bias && m_info.biasCorrected)
            correctBias(joined, slot);
        slot.formula = interpret::formulaOf(*slot.quantizer);
        if (!slot.computed.empty() && !slot.formula.empty())
            slot.formula += fmt::format("\nx = {}", slot.computed);
    }

    Provenance read(const JoinedEntry &joined, const std::string &what) const
    {
        return {Origin::Read, fmt::format("{}, {}, {}", m_file, printable(joined.entry->name), what)};
    }

    Quantizer ofDpu(const JoinedEntry &joined, bool isParameter)
    {
        const QuantInfoNumbers &numbers = *joined.numbers;
        Quantizer q = vitis::quantizerOf({numbers.fixPosition.value_or(0), *numbers.bits, true,
            isParameter ? Rounding::StdRound : Rounding::DpuRound});
        q.origin["bit_width"] = read(joined, "bits");
        if (numbers.fixPosition) {
            q.origin["scale"] = read(joined, fmt::format("position {}", *numbers.fixPosition));
        } else {
            q.scale.reset();
            report("never-calibrated", Severity::Warning, {joined.slot.layer, joined.slot.slot},
                fmt::format("{}: {} has no position for '{}', so its scale is not known", nameOf(joined.slot), m_file,
                    printable(joined.entry->name)));
        }
        q.origin["rounding"] = {Origin::Computed,
            isParameter ? "vai_q_pytorch rounds parameters with std::round, half away from zero"
                        : "vai_q_pytorch rounds what flows half up"};
        for (const char *field : {"signed", "narrow", "zero_point"})
            q.origin[field] = {Origin::Computed,
                "fix positions of vai_q_pytorch are of signed codes in the whole range, without zero point"};
        return q;
    }

    /// [bits, scale, zero point, largest float]: how a number becomes a code there is another library's affair.
    Quantizer ofOtherTarget(const JoinedEntry &joined, const SlotQuantizer &slot)
    {
        const QuantInfoNumbers &numbers = *joined.numbers;
        Quantizer q = vitis::quantizerOf({0, *numbers.bits, true, Rounding::Round});
        q.isSigned.reset();
        q.narrow.reset();
        q.opaque = true;
        q.scale = granular(numbers.scales, slot);
        q.zeroPoint = granular(numbers.zeroPoints, slot);
        q.origin["bit_width"] = read(joined, "bits");
        if (q.scale)
            q.origin["scale"] = read(joined, "scale");
        if (q.zeroPoint)
            q.origin["zero_point"] = read(joined, "zero point");
        report("not-decoded-yet", Severity::Warning, {joined.slot.layer, joined.slot.slot},
            fmt::format("{}: '{}' of {} is quantized for another target than the DPU (scale and zero point): how its "
                        "codes are rounded is not known",
                nameOf(joined.slot), printable(joined.entry->name), m_file));
        return q;
    }

    static std::optional<Granular> granular(const std::vector<double> &values, const SlotQuantizer &slot)
    {
        if (values.empty())
            return std::nullopt;
        Granular out;
        for (const double value : values)
            out.values.push_back(static_cast<float>(value));
        if (values.size() == 1)
            return out;
        const auto axis = static_cast<std::size_t>(std::max(slot.channelAxis, 0));
        if (!slot.tensor || axis >= slot.shape.size() || slot.shape[axis] != static_cast<std::int64_t>(values.size()))
            throw ParseError(fmt::format("has {} scales, which are not one a channel", values.size()));
        out.axis = static_cast<int>(axis);
        out.shape.assign(slot.shape.size(), 1);
        out.shape[axis] = slot.shape[axis];
        return out;
    }

    void correctBias(const JoinedEntry &joined, SlotQuantizer &slot)
    {
        if (!slot.tensor)
            return;
        if (joined.correction == nullptr || !slot.tensor->readable() || !isFloating(slot.tensor->dtype)) {
            slot.quantizer->opaque = true;
            return report("bias-not-corrected", Severity::Error, {joined.slot.layer, joined.slot.slot},
                fmt::format("{}: {} says bias_corrected, and {}: the codes are not known", nameOf(joined.slot), m_file,
                    m_join.correctionsProblem.empty() ? "the bias cannot be read" : m_join.correctionsProblem));
        }
        std::vector<float> bias = readFloats(*slot.tensor);
        const std::vector<float> &correction = joined.correction->values;
        for (std::size_t i = 0; i < bias.size(); ++i)
            bias[i] -= correction[i];
        if (const auto own = m_network.file->find(slot.tensorName))
            slot.sources.push_back(*own);
        slot.computed
            = fmt::format("{} - {} of {}", slot.tensorName, printable(joined.correction->node), m_info.correctionsFile);
        slot.tensor = floatTensor(slot.tensorName, slot.shape, bias);
    }

    /// The weights that were rounded are those of the convolution with its batch norm; how it was merged, to the last
    /// bit, is not known.
    void sayMerged()
    {
        for (const LayerId id : m_join.merged) {
            Layer &layer = m_network.layers[position(id)];
            for (const Slot slot : {Slot::Weight, Slot::Bias})
                if (SlotQuantizer *merged = layer.slot(slot); merged != nullptr && merged->quantizer)
                    merged->quantizer->opaque = true;
            report("batch-norm-merged", Severity::Error, {id, Slot::Weight},
                fmt::format(
                    "{}: vai_q_pytorch merged {} into it before rounding, so that its codes do not follow from this "
                    "checkpoint: {}",
                    layer.name, layer.batchNorm.empty() ? "a batch norm" : layer.batchNorm, kWayOn));
        }
    }

    void sayNames()
    {
        if (!m_join.withoutParameter.empty())
            report("entry-without-parameter", Severity::Warning, {},
                fmt::format("{} entries of {} name no parameter of this file: {}", m_join.withoutParameter.size(),
                    m_file, firstNames(m_join.withoutParameter)));
        if (!m_join.withoutEntry.empty())
            report("parameter-without-entry", Severity::Warning, {},
                fmt::format("{} parameters have no entry in {}: {}", m_join.withoutEntry.size(), m_file,
                    firstNames(m_join.withoutEntry)));
    }

    static void takeAssumed(SlotQuantizer &slot)
    {
        slot.assumed = true;
        slot.quantizer->origin["codes"] = {Origin::Assumed, "the quantizer did not equalize it before rounding"};
    }

    /// Of convolutions one behind the other: vai_q_pytorch moves factors between them, and does not write them down.
    void sayEqualization()
    {
        std::vector<std::string> names;
        std::vector<SlotQuantizer *> open;
        for (Layer &layer : m_network.layers) {
            const SlotQuantizer *weight = layer.slot(Slot::Weight);
            if (weight == nullptr || !weight->tensor || weight->shape.size() < 3 || !weight->quantizer
                || weight->quantizer->opaque)
                continue;
            names.push_back(layer.name);
            for (const Slot slot : {Slot::Weight, Slot::Bias})
                if (SlotQuantizer *found = layer.slot(slot); found != nullptr && found->quantizer)
                    open.push_back(found);
        }
        if (names.size() < 2)
            return;
        for (SlotQuantizer *slot : open)
            takeAssumed(*slot);
        report(kEqualizationNotKnown, Severity::Warning, {},
            fmt::format(
                "{} does not say whether the quantizer equalized convolutions that follow each other before it "
                "rounded: if it did, the codes of {} are others; the *_int.xmodel or *_int.onnx beside it tells",
                m_file, firstNames(names)));
    }

    Network &m_network;
    const QuantInfo &m_info;
    std::string m_file;
    QuantInfoJoin m_join;
    const Progress &m_progress;
};

/// The state_dict's layers, without what a Brevitas preset would be assumed for.
Network listedCheckpoint(std::shared_ptr<const ModelFile> file, const Recipe &recipe)
{
    if (!file->tensors.empty())
        return listStateDict(std::move(file), recipe);
    Network network;
    network.file = std::move(file);
    return network;
}

} // namespace

Network listQuantInfo(std::shared_ptr<const ModelFile> file, const Recipe &recipe)
{
    Network network = listedCheckpoint(std::move(file), recipe);
    network.dialect = Dialect::VitisQuantInfo;
    vitis::joinQuantInfo(network, *network.file->quantInfo);
    return network;
}

void recoverQuantInfo(Network &network, const Progress &progress) { QuantInfoDecoder(network, progress).run(); }

} // namespace quantscope
