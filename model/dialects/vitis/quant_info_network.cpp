#include "dialects/vitis/quant_info_network.h"

#include "base/file_name.h"
#include "base/text.h"
#include "dialects/brevitas/list_state_dict.h"
#include "dialects/onnx/labels.h"
#include "dialects/vitis/fix_quantizer.h"
#include "dialects/vitis/quant_info_join.h"
#include "dialects/vitis/say_equalization.h"
#include "dialects/vitis/say_positions.h"
#include "tensor/memory_tensor.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <span>
#include <string_view>

#include <fmt/format.h>

namespace quantscope {

namespace {

using vitis::JoinedEntry;
using vitis::QuantInfoJoin;

constexpr const char *kWayOn = "open the *_int.xmodel or *_int.onnx of quantize_result, which has them";

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
        vitis::sayEqualization(m_network, m_info, m_join);
        if (!m_info.fastFinetuned)
            vitis::sayOtherPositions(m_network, m_info, m_join);
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

    /// Whether the largest float is the scale times the largest code of that many bits, of every scale.
    static bool isLargestCode(const QuantInfoNumbers &numbers, double code)
    {
        constexpr double kRounded = 1e-5; // scale and float were rounded to float32 each
        for (std::size_t i = 0; i < numbers.scales.size(); ++i)
            if (std::fabs(numbers.largest[i] - numbers.scales[i] * code) > kRounded * numbers.largest[i])
                return false;
        return true;
    }

    /// Symmetric quantizers have scale = largest float / largest code, which tells the sign.
    static std::optional<bool> signOf(const QuantInfoNumbers &numbers)
    {
        const bool isSymmetric = !numbers.scales.empty() && numbers.largest.size() == numbers.scales.size()
            && std::ranges::all_of(numbers.zeroPoints, [](double zero) { return zero == 0; })
            && std::ranges::all_of(numbers.scales, [](double scale) { return scale > 0; });
        if (!isSymmetric)
            return std::nullopt;
        const double half = std::ldexp(1.0, static_cast<int>(*numbers.bits) - 1);
        return isLargestCode(numbers, half - 1)    ? std::optional(true)
            : isLargestCode(numbers, 2 * half - 1) ? std::optional(false)
                                                   : std::nullopt;
    }

    /// [bits, scale, zero point, largest float]: torch's fake quantization, whose rounding is not written down.
    Quantizer ofOtherTarget(const JoinedEntry &joined, SlotQuantizer &slot)
    {
        const QuantInfoNumbers &numbers = *joined.numbers;
        Quantizer q = vitis::quantizerOf({0, *numbers.bits, true, Rounding::Round});
        q.isSigned = signOf(numbers);
        q.narrow.reset();
        q.opaque = !q.isSigned;
        q.rule = CodeRule::ReciprocalRoundAdd;
        q.scale = granular(numbers.scales, slot);
        q.zeroPoint = granular(numbers.zeroPoints, slot);
        q.origin["bit_width"] = read(joined, "bits");
        if (q.scale)
            q.origin["scale"] = read(joined, "scale");
        if (q.zeroPoint)
            q.origin["zero_point"] = read(joined, "zero point");
        sayOtherTarget(joined, slot, q);
        return q;
    }

    void sayOtherTarget(const JoinedEntry &joined, SlotQuantizer &slot, Quantizer &q)
    {
        const auto say = [&](const char *rule, const char *what) {
            report(rule, Severity::Warning, {joined.slot.layer, joined.slot.slot},
                fmt::format("{}: '{}' of {} is quantized for another target than the DPU (scale and zero point): {}",
                    nameOf(joined.slot), printable(joined.entry->name), m_file, what));
        };
        if (q.opaque)
            return say("not-decoded-yet", "how its codes are rounded and limited is not known");
        q.narrow = false;
        q.origin["signed"] = read(joined, "the largest float is the scale times the largest code");
        q.origin["narrow"] = {Origin::Assumed, "no code reaches the limit, if the scale is of this tensor's own range"};
        q.origin["rounding"] = {Origin::Assumed, "half to even, unless the quantizer's configuration says otherwise"};
        slot.assumed = true;
        say("rounding-mode",
            "the file does not say how values between two codes are rounded; half to even is assumed, which other "
            "values do not feel");
    }

    static std::optional<Granular> granular(const std::vector<double> &values, const SlotQuantizer &slot)
    {
        if (values.empty())
            return std::nullopt;
        Granular out;
        for (const double value : values) {
            if (std::fabs(value) > static_cast<double>(std::numeric_limits<float>::max()))
                throw ParseError(fmt::format("its number {} is none of float32", value));
            out.values.push_back(static_cast<float>(value));
        }
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
        const auto bias = joined.correction == nullptr ? std::nullopt : readBias(*slot.tensor);
        if (!bias) {
            slot.quantizer->opaque = true;
            return report("bias-not-corrected", Severity::Error, {joined.slot.layer, joined.slot.slot},
                fmt::format("{}: {} says bias_corrected, and {}: the codes are not known", nameOf(joined.slot), m_file,
                    m_join.correctionsProblem.empty() ? "the bias cannot be read" : m_join.correctionsProblem));
        }
        std::vector<float> corrected = *bias;
        for (std::size_t i = 0; i < corrected.size(); ++i)
            corrected[i] -= joined.correction->values[i];
        if (const auto own = m_network.file->find(slot.tensorName))
            slot.sources.push_back(*own);
        slot.computed
            = fmt::format("{} - {} of {}", slot.tensorName, printable(joined.correction->node), m_info.correctionsFile);
        slot.tensor = floatTensor(slot.tensorName, slot.shape, corrected);
    }

    static std::optional<std::vector<float>> readBias(const TensorInfo &tensor)
    {
        if (!tensor.readable() || !isFloating(tensor.dtype))
            return std::nullopt;
        try {
            return readFloats(tensor);
        } catch (const ParseError &) {
            return std::nullopt;
        }
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

    /// Of entries of one name the last one counts.
    std::vector<std::string> namesTwice() const
    {
        std::vector<std::string> twice;
        for (const auto *section : {&m_info.parameters, &m_info.outputs, &m_info.inputs}) {
            std::map<std::string_view, int> times;
            for (const QuantInfoEntry &entry : *section)
                if (++times[entry.name] == 2)
                    twice.push_back(entry.name);
        }
        return twice;
    }

    void sayNames()
    {
        if (!m_join.withoutParameter.empty())
            report("entry-without-parameter", Severity::Warning, {},
                fmt::format("{} entries of {} name no parameter of this file: {}", m_join.withoutParameter.size(),
                    m_file, vitis::firstNames(m_join.withoutParameter)));
        if (!m_join.twice.empty())
            report("entry-twice", Severity::Warning, {},
                fmt::format("{} entries of {} speak of what another one has told and are not used: {}",
                    m_join.twice.size(), m_file, vitis::firstNames(m_join.twice)));
        if (const std::vector<std::string> twice = namesTwice(); !twice.empty())
            report("entry-twice", Severity::Warning, {},
                fmt::format("{} has {} more than once: the last one counts, as Python reads it, and what the earlier "
                            "ones say is not used",
                    m_file, vitis::firstNames(twice)));
        if (!m_join.withoutEntry.empty())
            report("parameter-without-entry", Severity::Warning, {},
                fmt::format("{} parameters have no entry in {}: {}", m_join.withoutEntry.size(), m_file,
                    vitis::firstNames(m_join.withoutEntry)));
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
