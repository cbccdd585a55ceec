#include "dialects/brevitas/resolver.h"

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
        if (shape[i] != 1) {
            if (out.axis)
                throw SlotFailure{"scale-count",
                    fmt::format("stored values of the shape {} differ along more than one axis", shapeText(shape))};
            out.axis = static_cast<int>(i);
        }
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
        quantizer.scale = Granular{{}, {}, {scaleFromConstant(spec, bits)}}; // its origin is the spec's
        slot.formula = scaleFormula(spec, bits, spec.constant.value_or(1.0f), quantizer.scale->values[0]);
        return;
    }
    // Sharers of one object keep equal keys; the owner's are as good when the sharer has none.
    const auto find = [&](std::string_view field, Shape *shape = nullptr) {
        auto values = stored(job, field, shape);
        return values || !job.owner ? values : stored(m_jobs[*job.owner], field, shape);
    };
    Shape shape;
    const auto running = find("scaling_impl.runtime_stats.running_stats", &shape);
    const auto value = running ? running : find("scaling_impl.value", &shape);
    if (!value || value->empty())
        return uncalibratedScale(job, quantizer, bits);
    if (job.owner)
        compareWithOwner(job, running ? "scaling_impl.runtime_stats.running_stats" : "scaling_impl.value");
    const auto factor = find("scaling_impl.stats_scaling_impl.affine_rescaling.affine_weight");
    auto offset = find("scaling_impl.stats_scaling_impl.affine_rescaling.affine_bias");
    if (!offset)
        offset = find("scaling_impl.stats_scaling_impl.affine_rescaling.affine_bias.value");
    requireAffineKeys(*job.spec, factor || offset);
    const std::size_t count = value->size();
    std::vector<float> scales(count);
    spec.source = running ? ScaleSource::RuntimeStats : ScaleSource::Stored;
    for (std::size_t i = 0; i < count; ++i)
        scales[i] = running ? scaleFromStatistic((*value)[i], spec, bits,
                        {storedAt(factor, i, count, 1.0f), storedAt(offset, i, count, 0.0f), factor || offset})
                            : scaleFromStored((*value)[i], spec, bits);
    slot.formula = scaleFormula(spec, bits, value->front(), scales.front());
    quantizer.scale = granular(shape, std::move(scales));
    quantizer.origin["scale"] = {Origin::Read,
        running ? "scaling_impl.runtime_stats.running_stats"
                : fmt::format("scaling_impl.value = {}{}", shortest(value->front()),
                    spec.restriction == Restriction::Float ? "" : ", log2 of the threshold")};
}

/// Brevitas then uses threshold 1.0 (0.6.0: 2^round(1) for power-of-two scales).
void Resolver::uncalibratedScale(Job &job, Quantizer &quantizer, int bits)
{
    const QuantizerSpec &spec = *job.spec;
    const float threshold = spec.version < 70 || spec.restriction == Restriction::Float ? 1.0f : 0.0f;
    quantizer.scale = Granular{{}, {}, {scaleFromStored(threshold, spec, bits)}};
    quantizer.origin["scale"] = {Origin::Assumed, "no threshold is stored (never calibrated): Brevitas uses 1.0"};
    slotOf(job).assumed = true;
    warn(job, "never-calibrated",
        "no threshold is stored, so it never saw a training batch; Brevitas would use 1.0"
            + absentLayer(layerOf(job).name));
}

/// One object has one value; a file whose copies differ was not written by that network.
void Resolver::compareWithOwner(const Job &job, std::string_view field)
{
    const auto own = stored(job, field), owners = stored(m_jobs[*job.owner], field);
    if (own && owners && *own != *owners)
        warn(job, "shared-values-differ",
            fmt::format("the value of {} that the file stores for it is not that of {}, whose quantizer it is said to "
                        "share; its own is used",
                field, job.settings.sharedWith));
}

/// For a layer that only the recipe has: a misspelt name adds one.
std::string Resolver::absentLayer(const std::string &name)
{
    if (m_states.contains(name))
        return {};
    std::vector<std::string> names;
    if (m_suggested++ < kMostSuggestions)
        for (const auto &[known, state] : m_states)
            names.push_back(known);
    return fmt::format("; \"{}\" is not in the file{}", name, didYouMean(name, names));
}

void Resolver::activationZeroPoint(Job &job, Quantizer &quantizer, int bits)
{
    Shape shape, bufferShape;
    std::string key = "zero_point_impl.value";
    const Job &holder = job.owner && !stored(job, key) ? m_jobs[*job.owner] : job;
    auto minimum = stored(holder, key, &shape);
    // 0.7.1 keeps a buffer while it collects and leaves the learned value at +0; once collected the value is what
    // counts, and its bug (the first batch is multiplied in) makes that -0.
    const auto buffer = stored(holder, "zero_point_impl.buffer", &bufferShape);
    const bool collecting = minimum && !minimum->empty() && minimum->front() == 0 && !std::signbit(minimum->front());
    if (buffer && (!minimum || collecting)) {
        minimum = buffer;
        shape = bufferShape;
        key = "zero_point_impl.buffer";
    }
    // Brevitas stores it with the scale that it collects beside it, and starts at 0.
    const bool collectedBeside = job.spec->source != ScaleSource::Constant && !job.spec->initialised;
    const bool untouched = !minimum && (!collectedBeside || quantizer.origin["scale"].origin == Origin::Assumed);
    if (untouched) {
        minimum = {0.0f};
        shape = {};
    }
    if (!minimum || minimum->empty())
        throw SlotFailure{"key-missing",
            fmt::format("{} keeps its zero point in the key zero_point_impl.value, which is not in the file",
                slotOf(job).preset)};
    const auto &scales = quantizer.scale->values;
    const std::size_t count = std::max(minimum->size(), scales.size());
    if (scales.size() != 1 && scales.size() != count)
        throw SlotFailure{
            "zero-point-count", fmt::format("{} zero points do not fit {} scales", minimum->size(), scales.size())};
    std::vector<float> zeros;
    for (std::size_t i = 0; i < count; ++i)
        zeros.push_back(zeroPointFromMinimum(
            storedAt(minimum, i, count, 0.0f), scales[scales.size() == 1 ? 0 : i], *job.spec, bits));
    quantizer.zeroPoint = granular(minimum->size() == count ? shape : quantizer.scale->shape, std::move(zeros));
    const bool doubtful = buffer.has_value();
    slotOf(job).assumed = slotOf(job).assumed || doubtful || untouched;
    quantizer.origin["zero_point"] = untouched
        ? Provenance{Origin::Assumed, "none is stored (never calibrated): Brevitas uses 0"}
        : doubtful
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
    if (input->assumed)
        markAssumed(job, quantizer, "scale", "that input");
    slot.quantizer = std::move(quantizer);
}

} // namespace quantscope
