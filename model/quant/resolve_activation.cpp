#include "quant/resolver.h"

#include "base/text.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// A stored threshold of a per-channel activation has the shape that broadcasts, such as [1,C,1,1].
Granular granular(const Shape &shape, std::vector<float> values)
{
    if (values.size() == 1)
        return {{}, {}, std::move(values)};
    Granular out{shape, {}, std::move(values)};
    for (std::size_t i = 0; i < shape.size(); ++i)
        if (shape[i] > 1)
            out.axis = static_cast<int>(i);
    return out;
}

} // namespace

void Resolver::resolveActivation(Job &job)
{
    SlotQuantizer &slot = slotOf(job);
    Provenance bitsOrigin = job.spec->origin["bit_width"];
    const int bits = bitsOf(job, bitsOrigin);
    Quantizer quantizer = startQuantizer(job, bits);
    quantizer.origin["bit_width"] = bitsOrigin;
    activationScale(job, quantizer, bits);
    if (job.spec->zeroPoint != ZeroPointSource::None)
        activationZeroPoint(job, quantizer, bits);
    slot.quantizer = std::move(quantizer);
}

void Resolver::activationScale(Job &job, Quantizer &quantizer, int bits)
{
    QuantizerSpec &spec = *job.spec;
    SlotQuantizer &slot = slotOf(job);
    if (spec.source == ScaleSource::Constant) {
        quantizer.scale = Granular{{}, {}, {scaleFromConstant(spec, bits)}};
        quantizer.origin["scale"] = {job.settings.overrides.empty() ? Origin::Preset : Origin::Recipe,
            fmt::format("constant threshold {}", shortest(spec.constant.value_or(1.0f)))};
        slot.formula = scaleFormula(spec, bits, spec.constant.value_or(1.0f), quantizer.scale->values[0]);
        return;
    }
    Shape shape;
    // Sharers of one object keep equal keys; the owner's are as good when the sharer has none.
    const auto find = [&](std::string_view field) {
        auto values = stored(job, field, &shape);
        return values || !job.owner ? values : stored(m_jobs[*job.owner], field, &shape);
    };
    const auto running = find("scaling_impl.runtime_stats.running_stats");
    const auto value = running ? running : find("scaling_impl.value");
    if (!value || value->empty()) {
        // Brevitas then uses threshold 1.0 (0.6.0: 2^round(1) for power-of-two scales).
        const float scale
            = scaleFromStored(spec.version < 70 || spec.restriction == Restriction::Float ? 1.0f : 0.0f, spec, bits);
        quantizer.scale = Granular{{}, {}, {scale}};
        quantizer.origin["scale"] = {Origin::Assumed, "no threshold is stored (never calibrated): Brevitas uses 1.0"};
        slot.assumed = true;
        m_network.diagnostics.push_back({"never-calibrated", Severity::Warning, layerOf(job).name,
            fmt::format("{} {}: no threshold is stored, so it never saw a training batch; Brevitas would use 1.0",
                layerOf(job).name, slot.slot)});
        return;
    }
    const auto factor = find("scaling_impl.stats_scaling_impl.affine_rescaling.affine_weight");
    auto offset = find("scaling_impl.stats_scaling_impl.affine_rescaling.affine_bias");
    if (!offset)
        offset = find("scaling_impl.stats_scaling_impl.affine_rescaling.affine_bias.value");
    const std::size_t count = value->size();
    std::vector<float> scales(count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto at = [&](const std::optional<std::vector<float>> &list, float otherwise) {
            return list && !list->empty() ? (*list)[std::min(i, list->size() - 1)] : otherwise;
        };
        spec.source = running ? ScaleSource::RuntimeStats : ScaleSource::Stored;
        scales[i] = running
            ? scaleFromStatistic((*value)[i], spec, bits, {at(factor, 1.0f), at(offset, 0.0f), factor || offset})
            : scaleFromStored((*value)[i], spec, bits);
    }
    slot.formula = scaleFormula(spec, bits, value->front(), scales.front());
    if (running)
        (void)find(
            "scaling_impl.runtime_stats.running_stats"); // restore the threshold's shape after the factors were read
    quantizer.scale
        = granular(shape.size() > 0 && elementCount(shape) == count ? shape : Shape{static_cast<std::int64_t>(count)},
            std::move(scales));
    quantizer.origin["scale"] = {Origin::Read,
        running ? "scaling_impl.runtime_stats.running_stats"
                : fmt::format("scaling_impl.value = {}{}", shortest(value->front()),
                    spec.restriction == Restriction::Float ? "" : ", log2 of the threshold")};
}

void Resolver::activationZeroPoint(Job &job, Quantizer &quantizer, int bits)
{
    Shape shape;
    std::string key = "zero_point_impl.value";
    auto minimum = stored(job, key, &shape);
    // 0.7.1 keeps a buffer while it collects and leaves the learned value at +0; once collected the value is what
    // counts, and its bug (the first batch is multiplied in) makes that -0.
    const auto buffer = stored(job, "zero_point_impl.buffer", &shape);
    const bool collecting = minimum && !minimum->empty() && minimum->front() == 0 && !std::signbit(minimum->front());
    if (buffer && (!minimum || collecting)) {
        minimum = buffer;
        key = "zero_point_impl.buffer";
    }
    if (!minimum || minimum->empty())
        throw SlotFailure{"key-missing",
            fmt::format("{} keeps its zero point in the key zero_point_impl.value, which is not in the file",
                slotOf(job).preset)};
    const auto &scales = quantizer.scale->values;
    std::vector<float> zeros;
    for (std::size_t i = 0; i < std::max(minimum->size(), scales.size()); ++i)
        zeros.push_back(zeroPointFromMinimum(
            (*minimum)[std::min(i, minimum->size() - 1)], scales[std::min(i, scales.size() - 1)], *job.spec, bits));
    quantizer.zeroPoint = granular(shape, std::move(zeros));
    const bool doubtful = buffer.has_value();
    slotOf(job).assumed = slotOf(job).assumed || doubtful;
    quantizer.origin["zero_point"] = doubtful
        ? Provenance{Origin::Assumed, key + ": 0.7 collects zero points wrongly"}
        : Provenance{Origin::Read, fmt::format("{} = {}: round(|value| / scale)", key, shortest(minimum->front()))};
}

/// Truncation keeps its input's scale; nothing is stored.
void Resolver::resolveTruncation(Job &job)
{
    SlotQuantizer &slot = slotOf(job);
    Quantizer quantizer = startQuantizer(job, job.spec->bits);
    slot.quantizer = quantizer;
    const auto input = inputOf(job, true);
    if (!input)
        throw SlotFailure{"input-unknown", "its scale is its input's: give input = \"LAYER\" in the recipe"};
    quantizer.scale = Granular{{}, {}, {input->scale}};
    quantizer.isSigned = input->isSigned;
    quantizer.origin["scale"] = {Origin::Computed, fmt::format("the scale of its input ({})", input->from)};
    slot.quantizer = std::move(quantizer);
}

} // namespace quantscope
